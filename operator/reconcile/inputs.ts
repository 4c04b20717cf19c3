/** What the Secrets and ConfigMaps that Pods read hold, as hashes; and which of them are missing. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import { type Reference, referencesOf } from '../observed/references.ts';
import { podUses } from '../resources/pod-references.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import type { KubeObject } from '../runtime/object.ts';

export interface Inputs {
  /** See `Observed.inputs`. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What some Pod cannot start without. */
  readonly missing: readonly Missing[];
}

/** A Secret or ConfigMap that is not there, or has not this key. */
export interface Missing {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly key?: string;
}

/** `Secret mqtt`, or `key "password" of Secret mqtt`. */
export const missingText = ({ kind, name, key }: Missing): string =>
  key === undefined ? `${kind} ${name}` : `key "${key}" of ${kind} ${name}`;

/** Those of `missing` that the Pods of this workload cannot start without. */
export function missingOf(workload: KubeObject, missing: readonly Missing[]): Missing[] {
  const { template } = (workload.spec ?? {}) as { template?: { spec?: unknown } };
  if (missing.length === 0 || template === undefined) return [];
  const uses = podUses(template.spec).filter(({ required }) => required);
  return missing.filter(({ kind, name, key }) =>
    uses.some(use => use.kind === kind && use.name === name && (key === undefined || use.key === key)),
  );
}

/** Looks an object up. */
export type LookUp = (
  kind: ResourceKind,
  key: { readonly namespace: string; readonly name: string },
) => Promise<KubeObject | undefined>;

const kindsByName = { Secret: kinds.secret, ConfigMap: kinds.configMap };

/** @throws what `lookUp` throws */
export async function readInputs(document: MqttKafkaBridge, lookUp: LookUp): Promise<Inputs> {
  const namespace = document.metadata.namespace!;
  const hashes: Record<string, string> = {};
  const missing: Missing[] = [];
  for (const reference of referencesOf(document)) {
    const { kind, name, required } = reference;
    const object = await lookUp(kindsByName[kind], { namespace, name });
    if (object === undefined) {
      if (required) missing.push({ kind, name });
      continue;
    }
    const { data = {}, binaryData = {} } = object as { data?: object; binaryData?: object };
    const all: Readonly<Record<string, unknown>> = { ...data, ...binaryData };
    for (const key of missingKeys(reference, all)) missing.push({ kind, name, key });
    hashes[`${kind}/${name}`] = hashOf(used(reference, all));
  }
  return { hashes, missing };
}

const missingKeys = ({ needed }: Reference, data: Readonly<Record<string, unknown>>): string[] =>
  needed.filter(key => !Object.hasOwn(data, key));

/** Another key that nobody reads may come and go. */
const used = ({ keys }: Reference, data: Readonly<Record<string, unknown>>): unknown =>
  keys === undefined ? data : Object.fromEntries(keys.map(key => [key, data[key]]));
