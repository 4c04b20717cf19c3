/** Draining all sessions of a bridge that is deleted: what can be done now, and how far it has come. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { MkbError } from '../../api/errors.ts';
import { kinds } from '../kinds.ts';
import { emptyStatefulSet } from '../resources/bridge.ts';
import { runningDocument } from '../resources/bridge-document.ts';
import { customized } from '../resources/customized.ts';
import { desiredObjects } from '../resources/desired-objects.ts';
import { secretKeysOf } from '../resources/document-secrets.ts';
import { drainAccount, lastDrains, leftDrains } from '../resources/drain.ts';
import { kitNote, mostReplicas } from '../resources/kit-note.ts';
import { bridgeName } from '../resources/names.ts';
import { nothingObserved, type Pipeline } from '../resources/pipeline.ts';
import { sessionIdentity } from '../resources/session-identity.ts';
import { kitOwner } from '../resources/session-kit.ts';
import type { KubeObject } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';
import { applyAll } from './apply-all.ts';
import { bufferClaims } from './buffer-claims.ts';
import type { Context } from './context.ts';
import { observe, ownObjects, podsOf, sessionsNow } from './observe.ts';
import { statusOf } from './report.ts';
import { kitsOf, type SessionKits, updateKit } from './session-kits.ts';
import { type Drain, drainOf, isReplica, whyOf } from './sessions.ts';

/** How it ended, or how far it is. */
export type Ending =
  | { readonly drained: true; readonly sessions: number; readonly kit?: KubeObject }
  | { readonly drained: false; readonly why: string }
  /** @property under what is done now, as a sentence */
  | { readonly drained: undefined; readonly under: string };

/** @throws what the client throws, and what a lookup does when there is no kit yet */
export async function lastDrain(
  context: Context,
  resource: KubeObject,
  document: MqttKafkaBridge,
  signal: AbortSignal,
): Promise<Ending> {
  const { cluster, settings, newPassword } = context;
  const { namespace, name } = resource.metadata;
  // Counted while the StatefulSet is there, and remembered in the status.
  const remembered = statusOf(resource).sessions ?? 1;
  const sessions = Math.min(Math.max(sessionsNow(cluster, resource, document), remembered), mostReplicas);
  const { kit, left } = await kitsNow(context, resource, document, signal);
  if (kit === undefined) return { drained: true, sessions: 0 };
  const key = { namespace: namespace!, name: bridgeName(name) };
  const statefulSet = ownObjects(cluster, resource).find(
    each => each.kind === 'StatefulSet' && each.metadata.name === key.name,
  );
  if (statefulSet && !statefulSet.metadata.deletionTimestamp)
    await cluster.client.delete(kinds.statefulSet, key, { signal });
  const using = podsOf(cluster, resource).filter(({ metadata }) => isReplica(name, metadata.name));
  const note = kitNote(kit)!;
  const buffered = { left: [...left, { kit: kit.metadata.name, note }], drained: true };
  const claims = await bufferClaims(cluster.client, document, buffered, signal);
  const pipeline = { document, settings, newPassword, observed: { ...nothingObserved, claims } };
  if (!statefulSet && using.some(pod => controllerOf(pod) === undefined))
    await applyAll(cluster, [controlledByKit(emptyStatefulSet(pipeline), kit)], [], signal);
  if (statefulSet || using.length > 0) {
    return { drained: undefined, under: `Waiting for Pods to end: ${using.map(pod => pod.metadata.name).join(', ')}.` };
  }
  const count = note.identity?.share === undefined ? 1 : sessions;
  const drainsBy = (made: Pipeline) =>
    customized(made, [...lastDrains(made, note, count), ...left.flatMap(each => leftDrains(made, each))]).map(job =>
      ownedByKit(job, kit),
    );
  const jobs = drainsBy(pipeline);
  // Of an object that is not the bridge's own the watch keeps no status.
  const there = await Promise.all(jobs.map(job => cluster.observed(kinds.job, job.metadata, { signal })));
  const missing = jobs.filter((_, index) => there[index] === undefined);
  if (missing.length > 0) {
    // What is seen of it may be older than its end, and a Job made then would drain the session of a new bridge of the same name.
    if (await isGone(context, resource, signal)) return { drained: undefined, under: 'It is gone already.' };
    const make = (objects: readonly KubeObject[]) => applyAll(cluster, objects, [], signal);
    await make([ownedByKit(drainAccount(pipeline), kit)]);
    const plain = () => drainsBy({ ...pipeline, document: withoutTemplate(document) });
    await makeDrains(missing, plain, make);
    return { drained: undefined, under: `${jobs.length} sessions are being drained.` };
  }
  const ending = endOf(there.map(job => drainOf(job!, podsOf(cluster, resource))));
  return ending.drained ? { ...ending, kit } : ending;
}

/** By what is true now. Who watches bridges may list them, and has perhaps no right to get. */
async function isGone({ cluster }: Context, { metadata }: KubeObject, signal: AbortSignal): Promise<boolean> {
  const { namespace, name, uid } = metadata;
  const selection = { namespace: namespace!, fieldSelector: `metadata.name=${name}`, signal };
  const { items } = await cluster.client.list(kinds.bridge, selection);
  return items[0]?.metadata.uid !== uid;
}

/** The newest podTemplate may be one that the API server has never taken, which says so with 500: it would keep sessions from being drained. */
async function makeDrains(
  drains: readonly KubeObject[],
  plain: () => readonly KubeObject[],
  make: (objects: readonly KubeObject[]) => Promise<void>,
): Promise<void> {
  try {
    await make(drains);
  } catch (error) {
    if (!MkbError.is(error, 'kube-invalid') && !MkbError.is(error, 'kube-failed')) throw error;
    const names = new Set(drains.map(({ metadata }) => metadata.name));
    await make(plain().filter(({ metadata }) => names.has(metadata.name)));
  }
}

const withoutTemplate = ({ spec, ...rest }: MqttKafkaBridge): MqttKafkaBridge => {
  const { podTemplate: _, ...bridge } = spec.bridge;
  return { ...rest, spec: { ...spec, bridge } };
};

/** Who owns it besides goes, or is on its way out. */
const ownedByKit = (object: KubeObject, kit: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, ownerReferences: [kitOwner(kit)] },
});

/** One that nobody controls would look as if the bridge were deleted with --cascade=orphan. */
const controlledByKit = (object: KubeObject, kit: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, ownerReferences: [{ ...kitOwner(kit), controller: true }] },
});

/** Those that there are. An operator that knew no kits has left none: then it is made of what is still there. */
async function kitsNow(
  { cluster, settings, newPassword }: Context,
  resource: KubeObject,
  document: MqttKafkaBridge,
  signal: AbortSignal,
): Promise<SessionKits> {
  const known = kitsOf(cluster, resource);
  const identity = sessionIdentity(document);
  if (known.kit || identity === undefined) return known;
  const { observed } = await observe(cluster, resource, document, signal);
  const pipeline = { document, settings, observed, newPassword };
  const running = runningDocument(pipeline);
  const made = desiredObjects(pipeline).filter(({ kind }) => kind === 'Secret');
  const content = { running, document, identity, oldFilters: [], secrets: secretKeysOf(running), inputs: undefined };
  return { kit: await updateKit({ cluster, resource, signal }, undefined, content, made), left: [] };
}

function endOf(drains: readonly Drain[]): Ending {
  const running = drains.filter(({ state }) => state === 'running');
  const failed = drains.filter(({ state }) => state === 'failed');
  const said = whyOf([...running, ...failed]);
  if (running.length > 0) {
    return {
      drained: undefined,
      under: `${running.length} of ${drains.length} sessions are being drained. ${said}`.trim(),
    };
  }
  if (failed.length === 0) return { drained: true, sessions: drains.length };
  const which = failed.map(({ job }) => job).join(', ');
  return { drained: false, why: `the drains ${which} failed. ${said}`.trim().replace(/\.$/, '') };
}
