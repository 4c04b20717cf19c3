/**
 * Why Pods are not made, and why those that were made do not begin: a quota, Pod Security, an admission webhook, a volume that cannot be mounted.
 * Kubernetes says it in events alone, so they are asked for, when something is missing and has been for some seconds.
 *
 * The controllers of Kubernetes retry what was refused after pauses that grow to 16 minutes. Whoever has raised the quota would wait that long;
 * so the workload is touched now and then, upon which its controller retries at once.
 */
import { MkbError } from '../../api/errors.ts';
import { kindOf, kinds } from '../kinds.ts';
import type { ObservedPod } from '../observed/observed-objects.ts';
import type { PodTrouble } from '../observed/pod-trouble.ts';
import { annotationPath } from '../resources/labels.ts';
import type { ApiClient } from '../runtime/client.ts';
import type { KubeObject } from '../runtime/object.ts';
import { ageMs } from './workloads.ts';

/** After this it is asked why, milliseconds. */
const patienceMs = 2000;
/** A volume may take its time. */
const beginningMs = 15_000;
/** By so much less than the time between two looks a workload is touched, milliseconds. */
const earlyMs = 1000;

/** When a workload was last touched. */
const retriedAt = 'mqttkafka.dev/retried-at';

export interface Refusals {
  /** By the uid of the workload or Pod. */
  readonly found: ReadonlyMap<string, PodTrouble>;
  /** Whether anything is missing, so that it is worth looking again soon. */
  readonly waiting: boolean;
}

/** @param objects what belongs to the bridge, with those that were just applied */
export async function findRefusals(
  client: Pick<ApiClient, 'list' | 'patch'>,
  objects: readonly KubeObject[],
  pods: readonly ObservedPod[],
  { now, againMs, signal }: { readonly now: Date; readonly againMs: number; readonly signal: AbortSignal },
): Promise<Refusals> {
  const short = objects.filter(object => lacksPods(object) && !object.metadata.deletionTimestamp);
  const beginning = pods.filter(pod => pod.beginning && !pod.trouble && !pod.metadata.deletionTimestamp);
  const found = new Map<string, PodTrouble>();
  const asked: KubeObject[] = [
    ...short.filter(each => ageMs(each, now) >= patienceMs),
    ...beginning.filter(each => ageMs(each, now) >= beginningMs),
  ];
  try {
    for (const object of asked) {
      const why = await warningOf(client, object, signal);
      if (why) found.set(object.metadata.uid!, why);
    }
    for (const object of short)
      if (found.has(object.metadata.uid!)) await touch(client, object, { now, againMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    // What is known without events is reported all the same.
    if (!MkbError.is(error)) throw error;
  }
  return { found, waiting: short.length + beginning.length > 0 };
}

interface Counted {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly replicas?: number;
    readonly active?: number;
    readonly succeeded?: number;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

function lacksPods(object: KubeObject): boolean {
  const { spec = {}, status = {} } = object as Counted & KubeObject;
  if (object.kind === kinds.job.kind) {
    const ended = status.conditions?.some(each => ['Complete', 'Failed'].includes(each.type) && each.status === 'True');
    return !ended && (status.active ?? 0) === 0 && (status.succeeded ?? 0) === 0;
  }
  const scales = object.kind === kinds.statefulSet.kind || object.kind === kinds.deployment.kind;
  return scales && (status.replicas ?? 0) < (spec.replicas ?? 1);
}

interface EventObject {
  readonly reason?: string;
  readonly note?: string;
  readonly eventTime?: string | null;
  readonly deprecatedLastTimestamp?: string | null;
  readonly series?: { readonly lastObservedTime?: string };
  readonly metadata: { readonly creationTimestamp?: string };
}

/** Anyone who may make events may make any number of them, with a quarter of a megabyte of annotations each. */
const events = { limit: 500, maxBytes: 2 * 2 ** 20 };

/** The newest warning there is about an object; of a Deployment, which has its Pods made by another, what its status says. */
async function warningOf(
  client: Pick<ApiClient, 'list'>,
  { kind, metadata, status }: KubeObject,
  signal: AbortSignal,
): Promise<PodTrouble | undefined> {
  if (kind === kinds.deployment.kind) {
    const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; status: string; message?: string }[] };
    const failure = conditions.find(each => each.type === 'ReplicaFailure' && each.status === 'True');
    return failure && { reason: 'FailedCreate', message: failure.message ?? '' };
  }
  const fieldSelector = `regarding.uid=${metadata.uid},type=Warning`;
  const { items } = await client.list(kinds.event, {
    namespace: metadata.namespace!,
    fieldSelector,
    ...events,
    signal,
  });
  const newest = (items as unknown as EventObject[]).sort((a, b) => timeOf(b) - timeOf(a))[0];
  return newest?.reason ? { reason: newest.reason, message: newest.note ?? '' } : undefined;
}

const timeOf = ({ series, eventTime, deprecatedLastTimestamp, metadata }: EventObject): number =>
  Date.parse(
    series?.lastObservedTime ?? deprecatedLastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '1970-01-01',
  );

async function touch(
  client: Pick<ApiClient, 'patch'>,
  object: KubeObject,
  { now, againMs, signal }: { readonly now: Date; readonly againMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const last = Date.parse(object.metadata.annotations?.[retriedAt] ?? '1970-01-01');
  if (now.getTime() - last < againMs - earlyMs || object.metadata.annotations === undefined) return;
  const path = annotationPath(retriedAt);
  await client.patch(kindOf(object)!, object.metadata, [{ op: 'add', path, value: now.toISOString() }], { signal });
}
