/**
 * One look at one bridge: what is wanted, what is there, and what is to be done so that they are the same.
 *
 * It is level-based. Nothing is concluded from what has just happened or from what was done before: everything that matters is in the
 * cluster and is read again each time. So it may be called at any time and as often as one likes, an operator that is started in the midst of
 * it goes on, and whatever corrects the cause of a failure heals it.
 *
 * A document that is not valid changes nothing: the last good one, which the ConfigMap of the bridge holds, is looked after as before. The
 * status is written in every case, also when we fail, for it is what people see.
 */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { MkbError } from '../../api/errors.ts';
import { kindOf, kinds, monitoringKinds, routeKinds } from '../kinds.ts';
import type { ObservedPod } from '../observed/observed-objects.ts';
import { runningHash } from '../resources/bridge-document.ts';
import { inherited } from '../resources/customized.ts';
import { desiredObjects } from '../resources/desired-objects.ts';
import { kafkaUser } from '../resources/kafka.ts';
import { annotations } from '../resources/labels.ts';
import type { Observed } from '../resources/pipeline.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { removeFinalizer } from '../runtime/finalizer.ts';
import { type KubeObject, keyOf, keyParts } from '../runtime/object.ts';
import { applyAll, applyEach, type Outcome, prune } from './apply-all.ts';
import { bufferClaims } from './buffer-claims.ts';
import { failureAnswers, pausedAnswers } from './conditions.ts';
import type { Context } from './context.ts';
import { hasRolledOut, isDrain, isNeededByDrain, isOver, mayBeApplied } from './drain-order.ts';
import { drainTrouble } from './drain-trouble.ts';
import { emqxSessionsOf } from './emqx-sessions.ts';
import { endpointsOf } from './endpoints.ts';
import { deedEvents } from './events.ts';
import { failed, failureFrom, failureOf, isMomentary } from './failure.ts';
import { finalize } from './finalize.ts';
import type { Findings } from './findings.ts';
import { identified } from './identity.ts';
import { missingOf, missingText } from './inputs.ts';
import { mayMakeUser } from './kafka-cluster.ts';
import { dropKits, kitOf, retryDrains } from './kit-of-visit.ts';
import { leftFound } from './left-sessions.ts';
import { leavesSessions, mark, saidReplicas, sessionsFinalizer } from './marks.ts';
import { observe, ownObjects, podsOf } from './observe.ts';
import { findRefusals } from './refusals.ts';
import { isTaking } from './replica-documents.ts';
import { askReplicas, lookAtReplicas, rolledNow } from './replicas-of-visit.ts';
import { reported, statusOf, waitsBehind, withConditions } from './report.ts';
import { routesFound } from './routes.ts';
import { runningDocument } from './running-document.ts';
import { keepSessions, kitDocument, withKit } from './session-kits.ts';
import { drainsOf } from './sessions.ts';
import { newest, type Visit } from './visit.ts';
import { isMonitoring, type Surroundings, workloadsOf } from './workloads.ts';
import { tellStatus } from './write-status.ts';

/** How soon what no watch reports is looked at again after it was changed here, milliseconds. */
const soonMs = 500;

/**
 * @param key of the bridge, `namespace/name`
 * @throws what keeps it from being right; the status says it already
 */
export async function reconcile(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const resource = await context.cluster.bridge(keyParts(key), { signal });
  if (resource === undefined || resource.metadata.deletionTimestamp) context.rechecks.over(key);
  if (resource === undefined) {
    context.verdicts.forget(key);
    return undefined;
  }
  let looked: Looked;
  try {
    looked = await look(context, resource, signal);
  } catch (error) {
    await tellFailure(context, resource, failureOf(error, signal), signal);
    throw error;
  }
  if (looked.failure) throw looked.failure;
  return looked.again;
}

interface Looked {
  /** What keeps the bridge from being right; the status says so. */
  readonly failure?: MkbError | undefined;
  readonly again?: ReconcileResult | undefined;
}

async function look(context: Context, stored: KubeObject, signal: AbortSignal): Promise<Looked> {
  const resource = identified(context, stored);
  const deleted = resource.metadata.deletionTimestamp !== undefined;
  const again = { requeueAfterMs: context.resyncMs * (0.9 + 0.2 * context.random()) };
  if (!deleted && resource.metadata.annotations?.[annotations.paused] === 'true') {
    const paused = withConditions(resource, pausedAnswers(annotations.paused, waitsBehind(resource)), context.now());
    await tellStatus(context, resource, paused, signal);
    return { again };
  }
  const running = await runningDocument(context, resource, signal);
  // A check is under way: the key comes again with its verdict.
  if (running === undefined) return {};
  const { checked, document } = running;
  if (deleted) {
    const last = document ?? (await kitDocument({ cluster: context.cluster, resource, signal }));
    return { again: await finalize(context, resource, last, signal) };
  }
  const visit: Visit = { context, stored, resource, checked, document, missing: [], unserved: [], deeds: [], signal };
  const failure = document ? await failed(makeRight(visit, document), signal) : undefined;
  tellDeeds(visit);
  const now = visit.resource;
  const { objects, pods } = foundAfter(visit);
  const refusals = await findRefusals(context.cluster.client, objects, pods, {
    ...{ now: context.now(), againMs: context.rechecks.againMs, signal },
  });
  const replicas = visit.wanted === undefined ? undefined : lookAtReplicas(visit, visit.wanted);
  const found = { objects, pods, refusals: refusals.found, now: context.now(), replicas };
  const findings = findingsOf(visit, failure, found);
  await tellStatus(context, now, reported(now, findings, context.now()), signal);
  const kept = failure ?? findings.monitoring.failure;
  if (visit.soon) return { failure: kept, again: { requeueAfterMs: soonMs } };
  if (refusals.waiting || findings.workloads.some(({ starting }) => starting))
    return { failure: kept, again: { requeueAfterMs: context.rechecks.lacks(keyOf(now)) } };
  context.rechecks.over(keyOf(now));
  if (replicas?.some(isTaking)) return { failure: kept, again: { requeueAfterMs: pendingAgainMs } };
  const unwatched =
    findings.unserved.length > 0 || findings.routes.some(({ young }) => young) || isUnwatched(context, document);
  return { failure: kept, again: unwatched ? { requeueAfterMs: unwatchedAgainMs } : again };
}

/** How soon Pods are looked at again that are to take a document: they may have to be asked again, or rolled. Milliseconds. */
const pendingAgainMs = 5000;

/** How soon what no watch reports is looked at again, milliseconds. */
const unwatchedAgainMs = 10_000;

/** Whether a bridge connects by something whose changes are not reported: a Kafka resource where the operator does not watch. */
function isUnwatched({ cluster }: Context, document: MqttKafkaBridge | null): boolean {
  const { clusterRef } = document?.spec.kafka ?? {};
  return clusterRef !== undefined && !cluster.watchesKafka(clusterRef.namespace ?? document!.metadata.namespace!);
}

/**
 * What was looked at, with the version that our own writes to it made, which the status names. Its generation stays: a newer document may be in
 * what they answered.
 */
const withVersion = (resource: KubeObject, { resourceVersion }: KubeObject['metadata']): KubeObject => ({
  ...resource,
  metadata: { ...resource.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
});

/** A failure outside of the work itself, such as a fault of ours: nobody must have to read our log to learn of it. */
async function tellFailure(
  context: Context,
  resource: KubeObject,
  failure: MkbError,
  signal: AbortSignal,
): Promise<void> {
  const status = withConditions(resource, failureAnswers(failure), context.now());
  await tellStatus(context, resource, status, signal).catch(error => {
    context.log.warn({ key: keyOf(resource), err: error }, 'a failure could not be written into the status');
  });
}

async function makeRight(visit: Visit, document: MqttKafkaBridge): Promise<void> {
  const { context, stored, resource, checked, deeds, signal } = visit;
  const { cluster, settings, newPassword } = context;
  const keeps = leavesSessions(document);
  const identity = resource.metadata.annotations![annotations.identity]!;
  const replicas = checked.document && saidReplicas(document);
  const marked = await mark(cluster.client, stored, { identity, replicas, finalizer: keeps }, signal);
  visit.resource = withVersion(resource, marked.metadata);
  const { strimzi } = await cluster.apis();
  // Looking the cluster up waits for the Secret that Strimzi makes of it.
  if (strimzi !== undefined && (await mayMakeUser(cluster.client, document, strimzi, { signal })))
    await applyAll(cluster, kafkaUser({ document, settings }, strimzi), deeds, signal);
  const { observed: looked, missing } = await observe(cluster, resource, document, signal);
  const work = { cluster, resource, signal, inherited: inherited({ document, settings }) };
  const kept = await keepSessions(work, document, looked.sessions, hasRolledOut(visit, looked.sessions));
  const { oldFilters, left, sessions } = kept;
  const drained = sessions > document.spec.bridge.replicas;
  const claims = await bufferClaims(cluster.client, document, { left, drained }, signal);
  const found = { ...looked, oldFilters, left, sessions, claims };
  const hash = runningHash({ document, settings, observed: found, newPassword });
  visit.wanted = hash;
  const rolled = rolledNow(visit, lookAtReplicas(visit, hash));
  const observed = { ...found, ...(rolled && { rolled }) };
  visit.observed = observed;
  await remember(visit, sessions);
  const pipeline = { document, settings, observed, newPassword };
  const made = desiredObjects(pipeline);
  const kit = await kitOf(visit, pipeline, made, missing, kept);
  const wanted = kit ? withKit(made, kit) : made;
  const served = wanted.filter(object => isServed(object, observed));
  visit.unserved = [...new Set(wanted.filter(object => !served.includes(object)).map(({ kind }) => kind))];
  visit.missing = served.flatMap(workload =>
    missingOf(workload, missing).map(each => ({ workload, text: missingText(each) })),
  );
  const own = ownObjects(cluster, resource);
  const over = own.filter(object => isOver(resource, document, object, wanted));
  await prune(cluster, over, wanted, deeds, signal);
  const now = served.filter(object => mayBeApplied(visit, object, wanted));
  const failures = await applyEach(cluster, now, deeds, signal);
  const aside = failures.find(({ object }) => isMonitoring(object));
  if (aside) visit.monitoringFailure = failureFrom(aside.error);
  const failed = failures.find(({ object, error }) => !isMonitoring(object) || isMomentary(error));
  if (failed) throw failed.error;
  if (visit.missing.length === 0) await askReplicas(visit, hash);
  if (checked.document && visit.missing.length === 0) {
    const others = own.filter(object => !isDrain(object) && !isNeededByDrain(object, left));
    await prune(cluster, others, wanted, deeds, signal);
  }
  await dropKits(visit, kept, own);
  await retryDrains(visit, own);
  if (!keeps && kept.left.length === 0) {
    if (kept.kit) await cluster.client.delete(kinds.secret, kept.kit.metadata, { uid: kept.kit.metadata.uid!, signal });
    const { metadata } = await removeFinalizer(cluster.client, kinds.bridge, marked, sessionsFinalizer, { signal });
    visit.resource = withVersion(resource, metadata);
  }
}

/**
 * The number of sessions goes up before the first of the new Pods is made: nothing else would remember a session of a replica that is
 * scaled away while no operator runs.
 */
async function remember({ context, resource, signal }: Visit, sessions: number): Promise<void> {
  const status = statusOf(resource);
  if (sessions > (status.sessions ?? 1)) await tellStatus(context, resource, { ...status, sessions }, signal);
}

/** Monitoring that nobody can be asked for, and a route that nobody carries, must keep nothing from being run. */
function isServed(object: KubeObject, { apis }: Observed): boolean {
  const kind = kindOf(object)!;
  if (routeKinds.includes(kind)) return apis.routes.includes(kind.kind);
  return apis.prometheusOperator || !monitoringKinds.includes(kind);
}

/** The objects and Pods of the bridge after what was done. */
function foundAfter({ context: { cluster }, resource, deeds }: Visit): { objects: KubeObject[]; pods: ObservedPod[] } {
  const applied = deeds.filter(({ outcome }) => !gone.has(outcome)).map(({ object }) => object);
  return { objects: newest(ownObjects(cluster, resource), applied), pods: podsOf(cluster, resource) };
}

const gone: ReadonlySet<Outcome> = new Set(['removed', 'replaced']);

function findingsOf(
  visit: Visit,
  failure: MkbError | undefined,
  { objects, ...surroundings }: Surroundings & { readonly objects: readonly KubeObject[] },
): Findings {
  const { context, resource, checked, document, missing, unserved, observed } = visit;
  const { figures } = context;
  const { connections, flow } = figures(keyOf(resource));
  const [ofMonitoring, ofBridge] = [true, false].map(aside => [
    ...new Set(missing.filter(({ workload }) => isMonitoring(workload) === aside).map(({ text }) => text)),
  ]) as [string[], string[]];
  return {
    problems: checked.problems,
    document: document ?? undefined,
    missing: ofBridge,
    unserved,
    failure,
    monitoring: { missing: ofMonitoring, failure: visit.monitoringFailure },
    workloads: workloadsOf(objects, surroundings),
    configHash: visit.wanted,
    replicas: surroundings.replicas,
    drains: drainsOf(resource.metadata.name, objects, surroundings.pods),
    drainTrouble: drainTrouble(objects, surroundings),
    left: leftFound(observed?.left ?? [], objects, surroundings.pods),
    sessions: observed?.sessions ?? statusOf(resource).sessions ?? 1,
    connections,
    flow,
    emqxSessions: emqxSessionsOf(document ?? undefined, objects),
    routes: routesFound(objects, surroundings.now),
    endpoints: document ? endpointsOf(document, observed?.brokerUrl, objects) : {},
  };
}

function tellDeeds({ context, resource, deeds }: Visit): void {
  for (const { outcome, kind } of deeds) {
    if (outcome === 'corrected') context.onCorrected(kind.kind);
    if (outcome === 'restored') context.onRestored(kind.kind);
  }
  for (const event of deedEvents(deeds)) context.events.record(resource, event);
}
