/**
 * What people add to the objects of a bridge: labels and annotations of all of them (`spec.metadata`), and patches of some (`spec.overrides`).
 *
 * Whatever they write, an object keeps its name, its owner and the labels that it is found by: those are put over it last. Which other fields
 * a patch may have is a list (api/schema/overridable.ts), checked with the document.
 */
import { isReserved } from '../../api/checks/objects.ts';
import type { Override } from '../../api/schema/objects.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { Pipeline } from './pipeline.ts';
import { strategicMerge } from './strategic-merge.ts';

type Texts = Readonly<Record<string, string>>;

export interface Inherited {
  readonly labels: Texts;
  readonly annotations: Texts;
}

/** Of everything that is made for a bridge; ours always win. */
export function inherited({ document, settings }: Pick<Pipeline, 'document' | 'settings'>): Inherited {
  const { metadata: all } = settings.defaults;
  const { metadata: own } = document.spec;
  return {
    labels: { ...all?.labels, ...own?.labels },
    annotations: { ...all?.annotations, ...own?.annotations },
  };
}

export function customized(
  pipeline: Pick<Pipeline, 'document' | 'settings'>,
  objects: readonly KubeObject[],
): KubeObject[] {
  const { overrides } = pipeline.document.spec;
  const all = inherited(pipeline);
  return objects.map(object =>
    overrides.filter(each => concerns(each, object)).reduce(patched, withInherited(all, object)),
  );
}

const concerns = ({ kind, component }: Override, object: KubeObject): boolean =>
  kind === object.kind &&
  (component === undefined || component === object.metadata.labels?.['app.kubernetes.io/component']);

/** The object with what it inherits. */
export function withInherited({ labels, annotations }: Inherited, object: KubeObject): KubeObject {
  const { metadata } = object;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...present('labels', { ...labels, ...metadata.labels }),
      ...present('annotations', { ...annotations, ...metadata.annotations }),
    },
  };
}

function patched(object: KubeObject, { patch }: Override): KubeObject {
  const { metadata, ...fields } = strategicMerge({ ...object } as Readonly<Record<string, unknown>>, patch, {
    ports: 'port',
  }) as unknown as KubeObject;
  const own = object.metadata;
  return {
    ...fields,
    metadata: {
      ...own,
      ...present('labels', { ...metadata.labels, ...reserved(own.labels) }),
      ...present('annotations', { ...metadata.annotations, ...reserved(own.annotations) }),
    },
  };
}

const reserved = (texts: Texts = {}): Texts =>
  Object.fromEntries(Object.entries(texts).filter(([key]) => isReserved(key)));

const present = (name: string, texts: Texts): object => (Object.keys(texts).length > 0 ? { [name]: texts } : {});
