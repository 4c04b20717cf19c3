/**
 * How many MQTT sessions the broker may keep for a bridge. Each replica has one, which outlives its Pod: messages wait in it for the replica
 * to come back. When a replica is scaled away nobody comes for them, so a Job drains its session: it connects as that replica, delivers what
 * waits, and ends the session. Until then the number stays in the status of the bridge, since nothing else remembers it.
 *
 * Scaling to zero is a pause: the sessions wait for the bridge to be started again.
 */
import type { ObservedPod } from '../observed/observed-objects.ts';
import { mostReplicas } from '../resources/kit-note.ts';
import { bridgeName } from '../resources/names.ts';
import type { KubeObject } from '../runtime/object.ts';

export interface Drain {
  /** Which replica's session it is. */
  readonly ordinal: number;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** The name of the Job. */
  readonly job: string;
  /** What its last Pod said of the reason why it ended without having drained it, or what the Job says; empty for nothing. */
  readonly said: string;
}

export interface SessionCount {
  /** As the status of the bridge has it. */
  readonly remembered: number;
  /** Replicas that the document asks for. */
  readonly wanted: number;
  /** Replicas that there are or may be: those of the StatefulSet as it is. */
  readonly running: number;
  /** Whether the replicas have sessions of their own at a broker (`mqtt.share`). */
  readonly shared: boolean;
  readonly drains: readonly Drain[];
}

/**
 * The highest number of replicas that ran and whose sessions are not drained; at least one. Anyone who may scale a StatefulSet may scale it to two
 * thousand million: no more are counted than a document may have, or a Job for each would be the end of the operator.
 */
export function countSessions({ shared, drains, ...counts }: SessionCount): number {
  const [remembered, wanted, running] = [counts.remembered, counts.wanted, counts.running].map(count =>
    Math.min(count, mostReplicas),
  ) as [number, number, number];
  const least = Math.max(wanted, 1);
  if (!shared) return least;
  let sessions = Math.max(remembered, running, least);
  if (wanted === 0) return sessions;
  const drained = new Set(drains.filter(({ state }) => state === 'succeeded').map(({ ordinal }) => ordinal));
  while (sessions > Math.max(least, running) && drained.has(sessions - 1)) sessions--;
  return sessions;
}

interface JobStatus {
  readonly status?: {
    readonly succeeded?: number;
    readonly conditions?: readonly JobCondition[];
  };
}

interface JobCondition {
  readonly type: string;
  readonly status: string;
  readonly message?: string;
}

/** Which session an object drains; undefined for anything but a drain of this bridge. */
export function drainedOrdinal(name: string, { kind, metadata }: KubeObject): number | undefined {
  const [, ordinal] = /-drain-([0-9]+)$/.exec(metadata.name) ?? [];
  return kind === 'Job' && ordinal !== undefined && metadata.name === `${name}-drain-${ordinal}`
    ? Number(ordinal)
    : undefined;
}

/** The drains among the objects of a bridge. */
export const drainsOf = (name: string, objects: readonly KubeObject[], pods: readonly ObservedPod[] = []): Drain[] =>
  objects.flatMap(object => {
    const ordinal = drainedOrdinal(name, object);
    return ordinal === undefined || object.metadata.deletionTimestamp ? [] : [drainOf(object, pods)];
  });

/** @param pods of the bridge, those of drains among them */
export function drainOf(job: KubeObject, pods: readonly ObservedPod[]): Drain {
  const { name, uid } = job.metadata;
  const own = pods.filter(({ metadata }) => metadata.ownerReferences?.some(owner => owner.uid === uid));
  const ended = own.flatMap(({ trouble }) => trouble?.message ?? []);
  const state = stateOf(job);
  const failure = state === 'failed' ? conditionOf(job, 'Failed')?.message : undefined;
  return {
    ordinal: Number(/\d+$/.exec(name)?.[0] ?? 0),
    state,
    job: name,
    said: [failure, ended.at(-1)].filter(each => each !== undefined).join('; '),
  };
}

/** What drains have said, each thing once. */
export const whyOf = (drains: readonly Drain[]): string =>
  [...new Set(drains.map(({ said }) => said).filter(said => said !== ''))].join(' ');

function stateOf(job: KubeObject): Drain['state'] {
  const { status } = job as JobStatus;
  if ((status?.succeeded ?? 0) > 0 || conditionOf(job, 'Complete')) return 'succeeded';
  return conditionOf(job, 'Failed') ? 'failed' : 'running';
}

const conditionOf = (job: KubeObject, type: string): JobCondition | undefined =>
  (job as JobStatus).status?.conditions?.find(each => each.type === type && each.status === 'True');

/** The name of the Pod whose session it is. While that is there, it uses its session itself. */
export const podOfSession = (name: string, ordinal: number): string => `${bridgeName(name)}-${ordinal}`;

/** Whether a Pod has the name of a replica: labels alone may be on anybody's. */
export const isReplica = (name: string, pod: string): boolean =>
  pod.startsWith(`${bridgeName(name)}-`) && /^\d+$/.test(pod.slice(bridgeName(name).length + 1));
