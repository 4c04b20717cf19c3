/**
 * The end of a bridge. Whatever is in the cluster goes by itself: it belongs to the bridge. What is left is at a broker that we do not run: a
 * session for each replica, with messages in it that nobody would ever come for. So the Pods are stopped, and each session is drained by a
 * Job, which is the last thing that belongs to the bridge.
 *
 * Deleting must end, whatever state the broker and Kafka are in. After a minute the bridge goes, and an event says what is left behind.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import { customized } from '../resources/customized.ts';
import { drainJob } from '../resources/drain.ts';
import { bridgeName } from '../resources/names.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { removeFinalizer } from '../runtime/finalizer.ts';
import { type KubeObject, keyOf } from '../runtime/object.ts';
import { applyAll } from './apply-all.ts';
import type { Context } from './context.ts';
import { failureFrom } from './failure.ts';
import { observe, ownObjects, podsOf, sessionsNow } from './observe.ts';
import { withConditions } from './report.ts';
import { type Drain, drainsOf } from './sessions.ts';
import { leavesSessions, sessionsFinalizer } from './upkeep.ts';
import { componentOf } from './workloads.ts';
import { tellStatus } from './write-status.ts';

/** How long a deleted bridge stays for its sessions to be drained. */
const deadlineMs = 60_000;
/** How often it is looked at meanwhile, although nothing seems to have changed. */
const againMs = 2000;

/** How it ended; undefined while it is under way. */
type Ending = { readonly drained: true; readonly sessions: number } | { readonly drained: false; readonly why: string };

/** @param document what runs; undefined when none ever did */
export async function finalize(
  context: Context,
  resource: KubeObject,
  document: MqttKafkaBridge | undefined,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  if (!resource.metadata.finalizers?.includes(sessionsFinalizer)) return undefined;
  const ending = await endingOf(context, resource, document, signal);
  if (ending === undefined) {
    await tellDraining(context, resource, signal);
    return { requeueAfterMs: againMs };
  }
  await removeFinalizer(context.cluster.client, kinds.bridge, resource, sessionsFinalizer, { signal });
  if (ending.drained) {
    const message = `${ending.sessions} sessions at the MQTT broker were drained and ended.`;
    context.events.record(resource, { type: 'Normal', reason: 'Drained', action: 'Drain', message });
  } else {
    const message = `Sessions at the MQTT broker are left behind until they expire: ${ending.why}.`;
    context.events.record(resource, { type: 'Warning', reason: 'NotDrained', action: 'Drain', message });
  }
  return undefined;
}

async function endingOf(
  context: Context,
  resource: KubeObject,
  document: MqttKafkaBridge | undefined,
  signal: AbortSignal,
): Promise<Ending | undefined> {
  if (!document || !leavesSessions(document)) return { drained: true, sessions: 0 };
  const late = context.now().getTime() - Date.parse(resource.metadata.deletionTimestamp!) > deadlineMs;
  try {
    const ending = await drain(context, resource, document, signal);
    if (ending || !late) return ending;
    return { drained: false, why: `they could not be drained within ${deadlineMs / 1000} s` };
  } catch (error) {
    signal.throwIfAborted();
    const failure = failureFrom(error);
    if (failure.kind === 'permanent' || late) return { drained: false, why: failure.message.replace(/\.$/, '') };
    context.log.warn({ key: keyOf(resource), err: error }, 'sessions cannot be drained yet; it is retried');
    return undefined;
  }
}

/** Does what can be done now. */
async function drain(
  context: Context,
  resource: KubeObject,
  document: MqttKafkaBridge,
  signal: AbortSignal,
): Promise<Ending | undefined> {
  const { cluster, settings, newPassword } = context;
  const { namespace, name } = resource.metadata;
  const key = { namespace: namespace!, name: bridgeName(name) };
  const own = ownObjects(cluster, resource);
  const drains = drainsOf(name, own);
  if (!cluster.of(kinds.configMap).get(key)) return { drained: false, why: 'the configuration of the bridge is gone' };
  // Its number is counted while the StatefulSet is there, and remembered in the status.
  const sessions = sessionsNow(cluster, resource, document);
  const statefulSet = cluster.of(kinds.statefulSet).get(key);
  if (statefulSet && !statefulSet.metadata.deletionTimestamp)
    await cluster.client.delete(kinds.statefulSet, key, { signal });
  if (statefulSet || podsOf(cluster, resource).some(pod => componentOf(pod) === 'bridge')) return undefined;
  const missing = Array.from({ length: sessions }, (_, ordinal) => ordinal).filter(
    ordinal => !drains.some(each => each.ordinal === ordinal),
  );
  if (missing.length > 0) {
    const { observed } = await observe(cluster, resource, document, signal);
    const pipeline = { document, settings, observed, newPassword };
    await applyAll(
      cluster,
      customized(
        pipeline,
        missing.map(ordinal => drainJob(pipeline, ordinal)),
      ),
      [],
      signal,
    );
    return undefined;
  }
  return endOf(drains.filter(({ ordinal }) => ordinal < sessions));
}

function endOf(drains: readonly Drain[]): Ending | undefined {
  if (drains.some(({ state }) => state === 'running')) return undefined;
  const failed = drains.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return { drained: true, sessions: drains.length };
  return {
    drained: false,
    why: `the drains of the replicas ${failed.map(({ ordinal }) => ordinal).join(', ')} failed`,
  };
}

async function tellDraining(context: Context, resource: KubeObject, signal: AbortSignal): Promise<void> {
  const why = {
    reason: 'Deleting',
    message: 'The bridge is deleted. Its sessions at the MQTT broker are drained first.',
  };
  const answers = [
    { type: 'Ready', status: 'False', ...why },
    { type: 'Progressing', status: 'True', ...why },
  ] as const;
  await tellStatus(context, resource, withConditions(resource, answers, context.now()), signal);
}
