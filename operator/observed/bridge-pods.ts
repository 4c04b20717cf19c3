/**
 * The Pods of bridges that are asked for their metrics, and those of brokers that users are tried at. Labels say nothing of that: anyone may put them on a Pod. A Pod is asked when the StatefulSet that the
 * operator has made for the bridge is its controller and has a replica of its name.
 */
import { kinds } from '../kinds.ts';
import { bridgeName, brokerName } from '../resources/names.ts';
import { type KubeObject, keyOf } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';
import type { Cluster } from './cluster.ts';
import type { ObservedPod } from './observed-objects.ts';
import { madeFor } from './ownership.ts';

/** By the key of their bridge. */
export function bridgePods(cluster: Pick<Cluster, 'bridges' | 'pods' | 'of'>): Map<string, ObservedPod[]> {
  return new Map(cluster.bridges.list().map(bridge => [keyOf(bridge), ownPods(cluster, bridge)]));
}

/** Those of the bridge itself. */
export const ownPods = (cluster: Pick<Cluster, 'pods' | 'of'>, bridge: KubeObject): ObservedPod[] =>
  podsOf(cluster, bridge, bridgeName(bridge.metadata.name));

/** Those of the broker that the operator runs for it. */
export const brokerPods = (cluster: Pick<Cluster, 'pods' | 'of'>, bridge: KubeObject): ObservedPod[] =>
  podsOf(cluster, bridge, brokerName(bridge.metadata.name));

function podsOf(cluster: Pick<Cluster, 'pods' | 'of'>, bridge: KubeObject, setName: string): ObservedPod[] {
  const { namespace } = bridge.metadata;
  const set = cluster.of(kinds.statefulSet).get({ namespace: namespace!, name: setName });
  if (!set || !madeFor(set, bridge)) return [];
  const replicas = replicasOf(set as Scaled & KubeObject);
  const pods = cluster.pods.byIndex('instance', keyOf(bridge)) as ObservedPod[];
  return pods.filter(pod => controllerOf(pod)?.uid === set.metadata.uid && ordinalOf(pod, set) < replicas);
}

interface Scaled {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

const replicasOf = ({ spec, status }: Scaled): number => Math.max(spec?.replicas ?? 0, status?.replicas ?? 0);

/** Infinite for a name that no Pod of the StatefulSet can have. */
function ordinalOf({ metadata }: KubeObject, set: KubeObject): number {
  const [, base, ordinal] = /^(.*)-(0|[1-9]\d{0,3})$/.exec(metadata.name) ?? [];
  return base === set.metadata.name ? Number(ordinal) : Number.POSITIVE_INFINITY;
}
