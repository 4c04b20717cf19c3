/**
 * Makes all objects of a bridge be as they are wanted, and takes away those that are not wanted any more.
 *
 * What Pods read is there before the Pods. One object that cannot be applied (a wrong podTemplate of Grafana, say) keeps no other from being
 * applied, but for Pods that would read it.
 */
import { MkbError } from '../../api/errors.ts';
import { kindOf, kinds } from '../kinds.ts';
import { type Cluster, keptOf } from '../observed/cluster.ts';
import { operatorName } from '../observed/observed-objects.ts';
import { isOurs } from '../observed/ownership.ts';
import { type Applied, appliedHash, applyObject } from '../runtime/apply.ts';
import { canonical, hashOf } from '../runtime/canonical.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import { type KubeObject, keyText } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';
import { topicToApply } from './kafka-topic.ts';
import { changesVolumes, growVolumes, mustGrow } from './volumes.ts';
import { componentOf, isMonitoring } from './workloads.ts';

/**
 * `restored`: somebody else had deleted it, and it was made again. `replaced`: it is taken away without what it has made, to be made again with
 * a field that cannot change. `removed`: it is not wanted any more.
 */
export type Outcome = Applied['outcome'] | 'restored' | 'replaced' | 'removed';

/** What was done to one object. */
export interface Deed {
  readonly outcome: Outcome;
  readonly kind: ResourceKind;
  /** As it was, and as it is. */
  readonly before: KubeObject | undefined;
  readonly object: KubeObject;
  readonly corrected: Applied['corrected'];
  readonly taken: Applied['taken'];
}

/** What Pods read, or run as. */
const readByPods: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'ServiceAccount']);

/** An object that could not be applied, and why. */
export interface Failure {
  readonly object: KubeObject;
  readonly error: unknown;
}

/** Applies every object. `deeds` gets what was done, also when an error is thrown. @throws the first error */
export async function applyAll(
  cluster: Cluster,
  objects: readonly KubeObject[],
  deeds: Deed[],
  signal: AbortSignal,
): Promise<void> {
  const [failure] = await applyEach(cluster, objects, deeds, signal);
  if (failure) throw failure.error;
}

/** The same without throwing. @returns what could not be applied */
export async function applyEach(
  cluster: Cluster,
  objects: readonly KubeObject[],
  deeds: Deed[],
  signal: AbortSignal,
): Promise<Failure[]> {
  const failures: Failure[] = [];
  const first = objects.filter(({ kind }) => readByPods.has(kind));
  const rest = objects.filter(({ kind }) => !readByPods.has(kind));
  for (const group of [first, rest]) {
    const able = group.filter(object => !failures.some(failure => partOf(failure.object) === partOf(object)));
    const ended = await Promise.allSettled(able.map(object => applyOne(cluster, object, signal)));
    for (const [index, each] of ended.entries()) {
      if (each.status === 'fulfilled') deeds.push(each.value);
      else failures.push({ object: able[index]!, error: each.reason });
    }
  }
  return failures;
}

/** What stands or falls together: each part of the monitoring by itself, and all the rest. */
const partOf = (object: KubeObject): string => (isMonitoring(object) ? `monitoring ${componentOf(object)}` : 'bridge');

async function applyOne(cluster: Cluster, object: KubeObject, signal: AbortSignal): Promise<Deed> {
  const kind = kindOf(object);
  if (kind === undefined) throw new TypeError(`The operator does not know ${object.apiVersion} ${object.kind}.`);
  const observed = await cluster.observed(kind, object.metadata, { signal });
  // Asked first: the watch may report what is made now before the answer is here.
  const wasMade = cluster.wasMade(object);
  const restored = ({ outcome }: Applied) =>
    outcome === 'created' && wasMade ? ({ outcome: 'restored' } as const) : {};
  const made = observed ? undefined : await makeUnseen(cluster, kind, object, signal);
  if (made) return kept(cluster, { ...made, ...restored(made), kind, before: undefined });
  const before = observed ?? (await readUnseen(cluster, kind, object, signal));
  if (before && isTopic(object)) return applyTopic(cluster, kind, object, before, signal);
  if (before && !isOurs(before, object)) return leaveAlone(kind, object, before);
  // Its end is awaited; then the watch reports it, and it is made again.
  if (before?.metadata.deletionTimestamp) return { ...untouched(kind, before), outcome: 'unchanged' };
  if (kind === kinds.job && before) return leaveJob(cluster, object, before, signal);
  if (before && (mustBeReplaced(object, before) || changesVolumes(object, before) || mustGrow(object, before))) {
    return replace(cluster, kind, object, before, signal);
  }
  const applied = await applyObject(cluster.client, kind, object, { ...optionsOf(kind, signal), observed: before });
  return kept(cluster, { ...applied, ...restored(applied), kind, before });
}

async function applyTopic(
  cluster: Cluster,
  kind: ResourceKind,
  object: KubeObject,
  before: KubeObject,
  signal: AbortSignal,
): Promise<Deed> {
  const topic = topicToApply(object, before);
  if (topic === undefined) return leaveAlone(kind, object, before);
  const applied = await applyObject(cluster.client, kind, topic, { ...optionsOf(kind, signal), observed: before });
  return { ...applied, kind, before };
}

const isTopic = ({ kind }: KubeObject): boolean => kind === 'KafkaTopic';

/** The fields of a StatefulSet that cannot change. [Kubernetes: ValidateStatefulSetUpdate] Of its volumes see volumes.ts. */
function mustBeReplaced(object: KubeObject, before: KubeObject): boolean {
  if (object.kind !== kinds.statefulSet.kind) return false;
  const fixed = ({ spec }: KubeObject) => {
    const { podManagementPolicy = 'OrderedReady', serviceName } = spec as Readonly<Record<string, unknown>>;
    return [podManagementPolicy, serviceName].join();
  };
  return fixed(object) !== fixed(before);
}

/** What the server has just answered need not be asked for. */
function kept(cluster: Cluster, deed: Deed): Deed {
  if (keptOf(deed.kind) && deed.object !== deed.before) cluster.values.put(deed.kind, deed.object);
  return deed;
}

/** Whoever takes its place takes its Pods and volumes over, by their labels and names: it is made again when the watch reports its end. */
async function replace(
  cluster: Cluster,
  kind: ResourceKind,
  object: KubeObject,
  before: KubeObject,
  signal: AbortSignal,
): Promise<Deed> {
  const propagationPolicy = changesVolumes(object, before) ? 'Foreground' : 'Orphan';
  if (mustGrow(object, before)) await growVolumes(cluster.client, object, signal);
  await cluster.remove(kind, before, { propagationPolicy, signal });
  return { ...untouched(kind, before), outcome: 'replaced' };
}

function optionsOf(kind: ResourceKind, signal: AbortSignal) {
  const transform = keptOf(kind);
  return { fieldManager: operatorName, signal, ...(transform && { transform }) };
}

/**
 * Makes an object that the watch has not reported, which nearly always means that there is none: no question before it.
 *
 * @returns undefined when there is one all the same
 */
async function makeUnseen(
  cluster: Cluster,
  kind: ResourceKind,
  object: KubeObject,
  signal: AbortSignal,
): Promise<Applied | undefined> {
  // Of a kind that is not watched there mostly is one.
  if (!cluster.watches(kind)) return undefined;
  try {
    return await applyObject(cluster.client, kind, object, {
      ...optionsOf(kind, signal),
      observed: undefined,
      onlyCreate: true,
    });
  } catch (error) {
    // Whatever else it may be that a server does not take, it says again when it is asked in the usual way.
    if (MkbError.is(error) && unmade.has(error.code)) return undefined;
    throw error;
  }
}

const unmade: ReadonlySet<string> = new Set(['kube-conflict', 'kube-invalid', 'kube-not-found']);

/** An object that the watch has not reported: it is new, or has no label of ours, or its kind is not watched. */
async function readUnseen(
  cluster: Cluster,
  kind: ResourceKind,
  object: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const found = await cluster.client.get(kind, object.metadata, { signal });
  // A password that was made up is kept by reading it back from its Secret. While the watch has not reported the Secret, another one would be
  // made up, and written over the one that is in use.
  if (found && kind === kinds.secret) throw new MkbError('kube-cache-behind', { object: titleOf(object) });
  return found && (keptOf(kind)?.(found) ?? found);
}

/**
 * What belongs to nobody of ours stays as it is. For a topic that is enough: it exists. Anything else we would need ourselves.
 *
 * @throws kube-object-taken
 */
function leaveAlone(kind: ResourceKind, object: KubeObject, before: KubeObject): Deed {
  if (controllerOf(object)) throw new MkbError('kube-object-taken', { object: titleOf(object) });
  return { ...untouched(kind, before), outcome: 'unchanged' };
}

const untouched = (kind: ResourceKind, before: KubeObject) => ({
  kind,
  before,
  object: before,
  corrected: [],
  taken: [],
});

const titleOf = ({ kind, metadata }: KubeObject): string => `${kind} ${keyText(metadata)}`;

/** The template of a Job cannot change: one that works goes on, and one that has failed, or cannot start, with another template is made again. */
async function leaveJob(cluster: Cluster, object: KubeObject, before: KubeObject, signal: AbortSignal): Promise<Deed> {
  const stays = untouched(kinds.job, before);
  const { conditions = [], ready = 0, succeeded = 0 } = (before.status ?? {}) as JobStatus;
  const failed = conditions.some(({ type, status }) => type === 'Failed' && status === 'True');
  const works = !failed && (ready > 0 || succeeded > 0);
  if (works || before.metadata.annotations?.[appliedHash] === hashOf(canonical(object))) {
    return { ...stays, outcome: 'unchanged' };
  }
  await cluster.remove(kinds.job, before, { signal });
  return { ...stays, outcome: 'removed' };
}

interface JobStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly ready?: number;
  readonly succeeded?: number;
}

/** Takes away those of `present` that are not among `wanted`. Volumes are never among them: data stays. */
export async function prune(
  cluster: Cluster,
  present: readonly KubeObject[],
  wanted: readonly KubeObject[],
  deeds: Deed[],
  signal: AbortSignal,
): Promise<void> {
  const stays = new Set(wanted.map(titleOf));
  for (const object of present) {
    if (stays.has(titleOf(object)) || object.metadata.deletionTimestamp) continue;
    const kind = kindOf(object)!;
    await cluster.remove(kind, object, { signal });
    deeds.push({ outcome: 'removed', kind, before: object, object, corrected: [], taken: [] });
  }
}
