import { stringify } from 'yaml';
import { defaultConfiguration } from '../../../operator/configuration.ts';
import { checkResource } from '../../../operator/reconcile/document.ts';
import { nothingObserved, type Observed, type Pipeline } from '../../../operator/resources/pipeline.ts';
import type { KubeObject } from '../../../operator/runtime/object.ts';
import type { OperatorSettings } from '../../../operator/settings.ts';
import type { documentOf } from '../../api/support/documents.ts';
import { resourceOf, settingsOf } from './resources.ts';

export interface PipelineParts {
  readonly observed?: Partial<Observed>;
  readonly settings?: Partial<OperatorSettings>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The pipeline of the bridge `cars` in the namespace `shop`, with these sections in its document. */
export function pipelineOf(spec: Parameters<typeof documentOf>[0] = {}, parts: PipelineParts = {}): Pipeline {
  const resource = resourceOf(spec);
  const { annotations = {} } = parts;
  const checked = checkResource({ ...resource, metadata: { ...resource.metadata, annotations } }, settingsOf(1));
  if (!checked.document) throw new Error(checked.problems.map(({ message }) => message).join('\n'));
  let passwords = 0;
  return {
    document: checked.document,
    settings: { ...defaultConfiguration(), ...parts.settings },
    observed: { ...nothingObserved, ...parts.observed },
    newPassword: () => `made-up-${++passwords}`,
  };
}

/** The one object of a kind; with this name if one is given. */
// biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any kind
export function objectOf(objects: readonly KubeObject[], kind: string, name?: string): any {
  const found = objects.filter(object => object.kind === kind && (name === undefined || object.metadata.name === name));
  if (found.length === 1) return found[0];
  const there = objects.map(object => `${object.kind} ${object.metadata.name}`).join(', ');
  throw new Error(`${found.length} objects of ${kind} ${name ?? ''} among: ${there}`);
}

/** Objects as a file of YAML documents, to be kept and read. */
export const manifestsOf = (objects: readonly KubeObject[]): string =>
  objects.map(object => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
