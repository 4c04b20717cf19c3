/**
 * When drains may run. A session is used by one at a time: its Pod, or the drain that empties it. And what an older document left is drained
 * last, when the bridge is subscribed as the newest one says.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import { bridgeName } from '../resources/names.ts';
import type { LeftSessions } from '../resources/pipeline.ts';
import { appliedHash } from '../runtime/apply.ts';
import { canonical, hashOf } from '../runtime/canonical.ts';
import type { KubeObject } from '../runtime/object.ts';
import { ownObjects, podsOf } from './observe.ts';
import { haveStarted, lookAtReplicas } from './replicas-of-visit.ts';
import { statusOf } from './report.ts';
import { drainedOrdinal, podOfSession } from './sessions.ts';
import type { Visit } from './visit.ts';
import { componentOf, isComplete, workloadsOf } from './workloads.ts';

/** Pods that cannot start are not made, and a session is not drained while a Pod uses it, nor used while it is drained. */
export function mayBeApplied(visit: Visit, object: KubeObject, wanted: readonly KubeObject[]): boolean {
  const { context, resource, missing } = visit;
  if (missing.some(({ workload }) => workload === object)) return false;
  const { name, namespace } = resource.metadata;
  if (object.kind === 'StatefulSet' && object.metadata.name === bridgeName(name)) return !isBeingDrained(visit, wanted);
  const ordinal = drainedOrdinal(name, object);
  if (ordinal !== undefined)
    return !context.cluster.pods.get({ namespace: namespace!, name: podOfSession(name, ordinal) });
  return !isDrain(object) || isThere(visit, object) || runsNewest(visit, wanted);
}

export const isDrain = ({ kind, metadata }: KubeObject): boolean =>
  (kind === 'Job' || kind === 'ServiceAccount') && metadata.labels?.['app.kubernetes.io/component'] === 'drain';

const isThere = ({ context, resource }: Visit, { kind, metadata }: KubeObject): boolean =>
  ownObjects(context.cluster, resource).some(each => each.kind === kind && each.metadata.name === metadata.name);

/** Whether a Pod of a drain is still there whose session the bridge is about to use. */
function isBeingDrained({ context, resource }: Visit, wanted: readonly KubeObject[]): boolean {
  const names = new Set(wanted.filter(({ kind }) => kind === 'Job').map(({ metadata }) => metadata.name));
  const jobs = ownObjects(context.cluster, resource).filter(
    ({ kind, metadata }) => kind === 'Job' && names.has(metadata.name),
  );
  const uids = new Set(jobs.map(({ metadata }) => metadata.uid));
  return podsOf(context.cluster, resource).some(
    pod => componentOf(pod) === 'drain' && !pod.metadata.ownerReferences?.some(({ uid }) => uids.has(uid)),
  );
}

/** Only numbers are looked at here, not why. */
const nothingElse = { refusals: new Map(), now: new Date(0) };

/** What an older document left is drained when all replicas are subscribed as the newest one says: then nothing is without a subscriber. */
function runsNewest(visit: Visit, wanted: readonly KubeObject[]): boolean {
  const { context, resource } = visit;
  const { cluster } = context;
  const { namespace, name } = resource.metadata;
  const key = { namespace: namespace!, name: bridgeName(name) };
  const statefulSet = wanted.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === key.name)!;
  const there = cluster.of(kinds.statefulSet).get(key);
  if (there?.metadata.annotations?.[appliedHash] !== hashOf(canonical(statefulSet))) return false;
  const pods = podsOf(cluster, resource).filter(pod => componentOf(pod) === 'bridge');
  const replicas = visit.wanted === undefined ? undefined : lookAtReplicas(visit, visit.wanted);
  const [bridge] = workloadsOf([there], { pods, ...nothingElse, replicas });
  return bridge !== undefined && bridge.wanted > 0 && isComplete(bridge) && pods.length === bridge.wanted;
}

/** While the sessions of a broker of the bridge's own wait to be drained, it stays although the document has no broker. */
export const isNeededByDrain = (object: KubeObject, left: readonly LeftSessions[]): boolean =>
  componentOf(object) === 'broker' && left.some(({ note }) => note.identity?.managed !== undefined);

/**
 * A replica that comes back must not find its session being drained. A drain that has succeeded stays until the status that was read says
 * so: without either of them its session would have to be drained again.
 */
export function isOver(
  resource: KubeObject,
  { spec }: MqttKafkaBridge,
  object: KubeObject,
  wanted: readonly KubeObject[],
): boolean {
  const ordinal = drainedOrdinal(resource.metadata.name, object);
  if (ordinal !== undefined) return ordinal < spec.bridge.replicas || ordinal >= (statusOf(resource).sessions ?? 0);
  return (
    isDrain(object) && !wanted.some(each => each.kind === object.kind && each.metadata.name === object.metadata.name)
  );
}

/** Whether every replica that has a session has started with what was applied last. */
export function hasRolledOut(visit: Visit, sessions: number): boolean {
  const { context, resource } = visit;
  const { cluster } = context;
  const pods = podsOf(cluster, resource);
  const workloads = workloadsOf(ownObjects(cluster, resource), { pods, ...nothingElse });
  const bridge = workloads.find(({ component }) => component === 'bridge');
  const own = pods.filter(pod => componentOf(pod) === 'bridge');
  return (
    bridge !== undefined &&
    isComplete(bridge) &&
    bridge.wanted === sessions &&
    own.length === sessions &&
    haveStarted(visit, own)
  );
}
