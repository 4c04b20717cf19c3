/**
 * The end of a bridge. What is in the cluster goes by itself: it belongs to the bridge. What is left is a session for each replica at its broker,
 * with messages in it that nobody would ever come for. So the Pods are stopped, and each session is drained by a Job.
 *
 * However the bridge is deleted, a drain has what it needs: the session kit is nobody's, and owns the Jobs (resources/session-kit.ts). Nothing of
 * the bridge's own need be there any more. `--cascade=orphan` asks for the opposite: everything stays as it is, sessions included.
 *
 * Deleting must end, whatever state the broker and Kafka are in. The time of a Job is counted by the controller of Jobs, and the rest by how long
 * this process has been waiting. The clocks of two machines are never compared: the API server's may be hours away from ours.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { durationMs } from '../../api/units.ts';
import { kinds } from '../kinds.ts';
import { isLabelled } from '../observed/ownership.ts';
import { bufferVolume } from '../resources/buffer-volume.ts';
import { bridgeName } from '../resources/names.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { removeFinalizer } from '../runtime/finalizer.ts';
import { type KubeObject, keyOf } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';
import type { Context } from './context.ts';
import { failureFrom } from './failure.ts';
import { type Ending, lastDrain } from './last-drain.ts';
import { sessionsFinalizer } from './marks.ts';
import { withConditions } from './report.ts';
import { handOver, kitsOf } from './session-kits.ts';
import { tellStatus } from './write-status.ts';

/** How long Pods may take to go and Jobs to be made, beyond the time that a drain has. */
const marginMs = 60_000;
/** How often it is looked at meanwhile, although nothing seems to have changed. */
const againMs = 2000;

/** @param document what runs; undefined when none ever did */
export async function finalize(
  context: Context,
  resource: KubeObject,
  document: MqttKafkaBridge | undefined,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  if (!resource.metadata.finalizers?.includes(sessionsFinalizer)) return undefined;
  if (isOrphaning(context, resource)) {
    await leave(context, resource, signal);
    const message = 'Deleted with --cascade=orphan: what was made for it stays, and so do its sessions.';
    context.events.record(resource, { type: 'Normal', reason: 'Orphaned', action: 'Delete', message });
    return undefined;
  }
  const ending = await endingOf(context, resource, document, signal);
  if (ending.drained === undefined) {
    await tellDraining(context, resource, ending.under, signal);
    return { requeueAfterMs: againMs };
  }
  // The watch may not have reported yet of one that was just made.
  const kit = (ending.drained ? ending.kit : undefined) ?? kitsOf(context.cluster, resource).kit;
  if (kit) await handOver({ cluster: context.cluster, resource, signal }, kit);
  await leave(context, resource, signal);
  if (ending.drained) {
    const message = `${ending.sessions} sessions at the MQTT broker were drained and ended.`;
    context.events.record(resource, { type: 'Normal', reason: 'Drained', action: 'Drain', message });
  } else {
    const volumes = document && bufferVolume(document) ? ` ${volumesStay(resource.metadata.name)}` : '';
    const message = `Sessions at the MQTT broker are left behind until they expire: ${ending.why}.${volumes}`;
    context.log.warn({ key: keyOf(resource), why: ending.why }, 'sessions are left behind');
    context.events.record(resource, { type: 'Warning', reason: 'NotDrained', action: 'Drain', message });
  }
  return undefined;
}

/** Nothing on them is lost, and nobody comes for it by itself. */
const volumesStay = (name: string): string =>
  `What waits in its buffer stays on the volumes data-${bridgeName(name)}-N: a bridge of the same name delivers it.`;

async function leave(context: Context, resource: KubeObject, signal: AbortSignal): Promise<void> {
  await removeFinalizer(context.cluster.client, kinds.bridge, resource, sessionsFinalizer, { signal });
  context.waiting.over(resource.metadata.uid!);
}

/**
 * The garbage collector takes its own finalizer away when it has cut the bridge loose from what was made for it; by that, too, it can be known.
 */
function isOrphaning({ cluster }: Context, { metadata }: KubeObject): boolean {
  if (metadata.finalizers?.includes('orphan')) return true;
  const statefulSet = cluster
    .of(kinds.statefulSet)
    .get({ namespace: metadata.namespace!, name: bridgeName(metadata.name) });
  const isLoose = statefulSet && isLabelled(statefulSet) && controllerOf(statefulSet) === undefined;
  return isLoose === true && !statefulSet.metadata.deletionTimestamp;
}

async function endingOf(
  context: Context,
  resource: KubeObject,
  document: MqttKafkaBridge | undefined,
  signal: AbortSignal,
): Promise<Ending> {
  if (!document) {
    const { kit } = kitsOf(context.cluster, resource);
    if (kit) return { drained: false, why: `the document in Secret ${kit.metadata.name} cannot be read` };
    return { drained: true, sessions: 0 };
  }
  const timeoutMs = durationMs(document.spec.bridge.drainTimeout);
  if (timeoutMs === 0) return { drained: false, why: 'spec.bridge.drainTimeout is 0s' };
  const late = context.waiting.since(resource.metadata.uid!) > timeoutMs + marginMs;
  try {
    const ending = await lastDrain(context, resource, document, signal);
    if (ending.drained !== undefined || !late) return ending;
    return {
      drained: false,
      why: `they could not be drained within ${document.spec.bridge.drainTimeout}. ${ending.under}`,
    };
  } catch (error) {
    signal.throwIfAborted();
    const failure = failureFrom(error);
    const why = failure.message.replace(/\.$/, '');
    // Nothing can be made there any more. Whatever else refuses a Job may take it later: a quota, an admission policy, a document.
    if (failure.code === 'kube-namespace-ending' || late) return { drained: false, why };
    context.log.warn({ key: keyOf(resource), err: error }, 'sessions cannot be drained yet; it is retried');
    return { drained: undefined, under: `${failure.message} It is retried.` };
  }
}

async function tellDraining(context: Context, resource: KubeObject, under: string, signal: AbortSignal): Promise<void> {
  const why = {
    reason: 'Deleting',
    message: `The bridge is deleted. Its sessions at the MQTT broker are drained first, unless spec.bridge.drainTimeout is set to 0s. ${under}`,
  };
  const answers = [
    { type: 'Ready', status: 'False', ...why },
    { type: 'Progressing', status: 'True', ...why },
  ] as const;
  await tellStatus(context, resource, withConditions(resource, answers, context.now()), signal);
}
