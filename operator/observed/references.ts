/**
 * Which Secrets and ConfigMaps the Pods of a bridge read that the operator did not make: those that the document's secrets name, the
 * broker's certificate, and those of `podTemplate`s, which may name them in any way that a Pod can.
 *
 * When one of them changes the Pods are rolled, since they read them at start. When one is missing, or a key of it, Pods could not start:
 * workloads are then left as they are, so that what runs goes on.
 */
import type { BridgeSpec } from '../../api/bridge.ts';
import { documentField, type MqttKafkaBridge } from '../../api/bridge.ts';
import { secretPaths } from '../../api/secret-paths.ts';
import { valueAt } from '../../api/values.ts';
import { documentSecretName } from '../resources/names.ts';
import { podUses, type Use } from '../resources/pod-references.ts';

/** What is read of one Secret or ConfigMap. */
export interface Reference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  /** The keys that are read; undefined for all of them. */
  readonly keys: readonly string[] | undefined;
  /** Keys without which no Pod can start; empty for what may be missing. */
  readonly needed: readonly string[];
  /** Whether no Pod can start without the object itself. */
  readonly required: boolean;
}

/** One reference for each object, in the order of kind and name. */
export function referencesOf(document: MqttKafkaBridge): Reference[] {
  const own = new Set([documentSecretName(document.metadata.name)]);
  const uses = [...documentUses(document), ...podTemplates(document.spec).flatMap(podUses)];
  const byObject = Map.groupBy(
    uses.filter(({ kind, name }) => !(kind === 'Secret' && own.has(name))),
    ({ kind, name }) => `${kind}/${name}`,
  );
  return [...byObject.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, same]) => joined(same));
}

function joined(uses: readonly Use[]): Reference {
  const { kind, name } = uses[0]!;
  const keyed = uses.filter(({ key }) => key !== undefined);
  return {
    kind,
    name,
    keys: keyed.length === uses.length ? distinct(keyed) : undefined,
    needed: distinct(keyed.filter(({ required }) => required)),
    required: uses.some(({ required }) => required),
  };
}

const distinct = (uses: readonly Use[]): string[] => [...new Set(uses.map(({ key }) => key!))].sort();

function documentUses(document: MqttKafkaBridge): Use[] {
  const uses = secretPaths(documentField, document).flatMap(path => secretUse(valueAt(document, path)));
  const certificate = document.spec.mqtt.broker?.tls?.secretName;
  if (certificate === undefined) return uses;
  return [
    ...uses,
    ...['tls.crt', 'tls.key'].map(key => ({ kind: 'Secret', name: certificate, key, required: true }) as const),
  ];
}

function secretUse(value: unknown): Use[] {
  const { secretKeyRef } = (value as { valueFrom?: { secretKeyRef?: { name: string; key: string } } })?.valueFrom ?? {};
  return secretKeyRef ? [{ kind: 'Secret', ...secretKeyRef, required: true }] : [];
}

const podTemplates = ({ bridge, mqtt, monitoring }: BridgeSpec): unknown[] =>
  [bridge, mqtt.broker, monitoring?.exporter, monitoring?.prometheus, monitoring?.grafana].map(
    part => part?.podTemplate,
  );
