import { stringify } from 'yaml';
import type { MqttKafkaBridge } from '../../../../api/bridge.ts';
import { defaultConfiguration } from '../../../../operator/configuration.ts';
import { nothingObserved, type Observed, type Pipeline } from '../../../../operator/resources/pipeline.ts';
import type { KubeObject } from '../../../../operator/runtime/object.ts';
import { documentIn } from '../../support/resources.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any kind
export type AnyObject = KubeObject & { readonly [field: string]: any };

/** A bridge `cars` in `shop` with a managed broker; passwords are made up in order, and images are the same in every version. */
export function pipelineWith(
  broker: Readonly<Record<string, unknown>>,
  { mqtt = {}, observed = {} }: { mqtt?: object; observed?: Partial<Observed> } = {},
): Pipeline {
  let made = 0;
  const settings = defaultConfiguration();
  return {
    document: documentIn({ mqtt: { broker, ...mqtt } }) as MqttKafkaBridge,
    settings: { ...settings, images: { ...settings.images, mosquitto: 'mosquitto:test', emqx: 'emqx:test' } },
    observed: { ...nothingObserved, ...observed },
    newPassword: () => `made-up-${++made}`,
  };
}

/** The one object of a kind, and of a name if there are several. */
export function find(objects: readonly KubeObject[], kind: string, name?: string): AnyObject {
  const found = objects.filter(
    ({ kind: is, metadata }) => is === kind && (name === undefined || metadata.name === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects are a ${kind} ${name ?? ''}`);
  return found[0] as AnyObject;
}

/** The texts of a Secret. */
export const textsOf = ({ data }: AnyObject): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );

/** For snapshots: as people would write it. */
export const yamlOf = (objects: readonly KubeObject[]): string =>
  objects.map(object => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n');
