import { defaultConfiguration } from '../../../../operator/configuration.ts';
import type { Observed, Pipeline } from '../../../../operator/resources/pipeline.ts';
import type { KubeObject } from '../../../../operator/runtime/object.ts';
import { pipelineOf } from '../../support/pipelines.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any kind
export type AnyObject = KubeObject & { readonly [field: string]: any };

/** A bridge `cars` in `shop` with a managed broker, of an image that is the same in every version. */
export function pipelineWith(
  broker: Readonly<Record<string, unknown>>,
  { mqtt = {}, observed = {} }: { mqtt?: object; observed?: Partial<Observed> } = {},
): Pipeline {
  const images = { ...defaultConfiguration().images, mosquitto: 'mosquitto:test', emqx: 'emqx:test' };
  return pipelineOf({ mqtt: { broker, ...mqtt } }, { observed, settings: { images } });
}

/** The texts of a Secret. */
export const textsOf = ({ data }: AnyObject): Record<string, string> =>
  Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );
