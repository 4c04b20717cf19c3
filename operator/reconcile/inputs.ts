/** What the Secrets and ConfigMaps that Pods read hold, as hashes; and which of them are missing. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import { type Reference, referencesOf } from '../observed/references.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import type { KubeObject } from '../runtime/object.ts';

export interface Inputs {
  /** See `Observed.inputs`. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What no Pod can start without: `Secret mqtt`, or `key "password" of Secret mqtt`. */
  readonly missing: readonly string[];
}

/** Looks an object up among those that are watched. */
export type LookUp = (
  kind: ResourceKind,
  key: { readonly namespace: string; readonly name: string },
) => KubeObject | undefined;

const kindsByName = { Secret: kinds.secret, ConfigMap: kinds.configMap };

export function readInputs(document: MqttKafkaBridge, lookUp: LookUp): Inputs {
  const namespace = document.metadata.namespace!;
  const hashes: Record<string, string> = {};
  const missing: string[] = [];
  for (const reference of referencesOf(document)) {
    const { kind, name, required } = reference;
    const object = lookUp(kindsByName[kind], { namespace, name });
    if (object === undefined) {
      if (required) missing.push(`${kind} ${name}`);
      continue;
    }
    const { data = {}, binaryData = {} } = object as { data?: object; binaryData?: object };
    const all: Readonly<Record<string, unknown>> = { ...data, ...binaryData };
    for (const key of missingKeys(reference, all)) missing.push(key);
    hashes[`${kind}/${name}`] = hashOf(used(reference, all));
  }
  return { hashes, missing };
}

const missingKeys = ({ kind, name, needed }: Reference, data: Readonly<Record<string, unknown>>): string[] =>
  needed.filter(key => !Object.hasOwn(data, key)).map(key => `key "${key}" of ${kind} ${name}`);

/** Another key that nobody reads may come and go. */
const used = ({ keys }: Reference, data: Readonly<Record<string, unknown>>): unknown =>
  keys === undefined ? data : Object.fromEntries(keys.map(key => [key, data[key]]));
