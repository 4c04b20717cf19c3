/**
 * Makes all objects of a bridge be as they are wanted, and takes away those that are not wanted any more.
 *
 * What Pods read is there before the Pods. One object that cannot be applied (a wrong podTemplate of Grafana, say) keeps no other from being
 * applied: the first error is thrown when all have been tried.
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
import { growVolumes, mustGrow } from './volumes.ts';

/** What was done to one object. */
export interface Deed {
  readonly outcome: Applied['outcome'] | 'removed';
  readonly kind: ResourceKind;
  /** As it was, and as it is. */
  readonly before: KubeObject | undefined;
  readonly object: KubeObject;
  readonly corrected: Applied['corrected'];
  readonly taken: Applied['taken'];
}

/** What Pods read, or run as. */
const readByPods: ReadonlySet<string> = new Set(['ConfigMap', 'Secret', 'ServiceAccount']);

/** Applies every object. `deeds` gets what was done, also when an error is thrown. */
export async function applyAll(
  cluster: Cluster,
  objects: readonly KubeObject[],
  deeds: Deed[],
  signal: AbortSignal,
): Promise<void> {
  const first = objects.filter(({ kind }) => readByPods.has(kind));
  const rest = objects.filter(({ kind }) => !readByPods.has(kind));
  for (const group of [first, rest]) {
    const ended = await Promise.allSettled(group.map(object => applyOne(cluster, object, signal)));
    for (const each of ended) if (each.status === 'fulfilled') deeds.push(each.value);
    const failed = ended.find(each => each.status === 'rejected');
    if (failed) throw failed.reason;
  }
}

async function applyOne(cluster: Cluster, object: KubeObject, signal: AbortSignal): Promise<Deed> {
  const kind = kindOf(object);
  if (kind === undefined) throw new TypeError(`The operator does not know ${object.apiVersion} ${object.kind}.`);
  const observed = cluster.observed(kind, object);
  const made = observed ? undefined : await makeUnseen(cluster, kind, object, signal);
  if (made) return { ...made, kind, before: undefined };
  const before = observed ?? (await readUnseen(cluster, kind, object, signal));
  if (before && !isOurs(before, object)) return leaveAlone(kind, object, before);
  if (kind === kinds.job && before) return leaveJob(cluster, object, before, signal);
  if (before && mustGrow(object, before)) return replace(cluster, kind, object, before, signal);
  const applied = await applyObject(cluster.client, kind, object, { ...optionsOf(kind, signal), observed: before });
  return { ...applied, kind, before };
}

/** Whoever takes its place takes its Pods and volumes over, by their labels and names: it is made again when the watch reports its end. */
async function replace(
  cluster: Cluster,
  kind: ResourceKind,
  object: KubeObject,
  before: KubeObject,
  signal: AbortSignal,
): Promise<Deed> {
  await growVolumes(cluster.client, object, signal);
  const { uid } = before.metadata;
  await cluster.client.delete(kind, before.metadata, { uid: uid!, propagationPolicy: 'Orphan', signal });
  return { ...untouched(kind, before), outcome: 'removed' };
}

function optionsOf(kind: ResourceKind, signal: AbortSignal) {
  const transform = keptOf(kind);
  return { fieldManager: operatorName, signal, ...(transform && { transform }) };
}

/**
 * Makes an object that the watch has not told of, which nearly always means that there is none: no question before it.
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
    if (MkbError.is(error, 'kube-conflict')) return undefined;
    throw error;
  }
}

/** An object that the watch has not told of: it is new, or has no label of ours, or its kind is not watched. */
async function readUnseen(
  cluster: Cluster,
  kind: ResourceKind,
  object: KubeObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const found = await cluster.client.get(kind, object.metadata, { signal });
  // A password that was made up is kept by reading it back from its Secret. While the watch has not told of the Secret, another one would be
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

/** The template of a Job cannot change: one that runs goes on, one that failed with another template is made again. */
async function leaveJob(cluster: Cluster, object: KubeObject, before: KubeObject, signal: AbortSignal): Promise<Deed> {
  const stays = untouched(kinds.job, before);
  const { conditions = [] } = (before.status ?? {}) as { conditions?: { type: string; status: string }[] };
  const failed = conditions.some(({ type, status }) => type === 'Failed' && status === 'True');
  if (!failed || before.metadata.annotations?.[appliedHash] === hashOf(canonical(object))) {
    return { ...stays, outcome: 'unchanged' };
  }
  await cluster.client.delete(kinds.job, before.metadata, { uid: before.metadata.uid!, signal });
  return { ...stays, outcome: 'removed' };
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
    await cluster.client.delete(kind, object.metadata, { uid: object.metadata.uid!, signal });
    deeds.push({ outcome: 'removed', kind, before: object, object, corrected: [], taken: [] });
  }
}
