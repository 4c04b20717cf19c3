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
import { MkbError } from '../../api/errors.ts';
import { kindOf, kinds, optionalKinds } from '../kinds.ts';
import { lastGoodSpec } from '../resources/bridge-document.ts';
import { desiredObjects } from '../resources/desired-objects.ts';
import { annotations } from '../resources/labels.ts';
import { bridgeName } from '../resources/names.ts';
import type { Observed } from '../resources/pipeline.ts';
import type { ReconcileResult } from '../runtime/controller.ts';
import { type KubeObject, keyOf, keyParts } from '../runtime/object.ts';
import { applyAll, type Deed, prune } from './apply-all.ts';
import { pausedAnswer } from './conditions.ts';
import type { Context } from './context.ts';
import { type CheckedResource, checkResource } from './document.ts';
import { emqxSessionsOf } from './emqx-sessions.ts';
import { endpointsOf } from './endpoints.ts';
import { deedEvents } from './events.ts';
import { failureFrom } from './failure.ts';
import { finalize } from './finalize.ts';
import type { Findings } from './findings.ts';
import { withIdentity } from './identity.ts';
import { observe, ownObjects, podsOf } from './observe.ts';
import { reported, statusOf, withConditions } from './report.ts';
import { drainedOrdinal, drainsOf, podOfSession } from './sessions.ts';
import { fillReplicas, setFinalizer } from './upkeep.ts';
import { workloadsOf } from './workloads.ts';
import { tellStatus } from './write-status.ts';

/**
 * @param key of the bridge, `namespace/name`
 * @throws what keeps it from being right; the status says it already
 */
export async function reconcile(
  context: Context,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult | undefined> {
  const found = context.cluster.bridges.get(keyParts(key));
  if (found === undefined) return undefined;
  const resource = await withIdentity(context, found, signal);
  const checked = checkResource(resource, context.settings.replicas);
  const document = checked.document ?? lastGood(context, resource);
  if (resource.metadata.deletionTimestamp) return finalize(context, resource, document, signal);
  const again = { requeueAfterMs: context.resyncMs * (0.9 + 0.2 * context.random()) };
  if (resource.metadata.annotations?.[annotations.paused] === 'true') {
    const paused = withConditions(resource, [pausedAnswer(annotations.paused)], context.now());
    await tellStatus(context, resource, paused, signal);
    return again;
  }
  const visit: Visit = { context, resource, checked, document, missing: [], unserved: [], deeds: [], signal };
  const failure = document && (await failureOf(makeRight(visit, document), signal));
  tellDeeds(visit);
  const newest = visit.resource;
  await tellStatus(context, newest, reported(newest, findingsOf(visit, failure), context.now()), signal);
  if (failure) throw failure;
  return again;
}

interface Visit {
  readonly context: Context;
  resource: KubeObject;
  readonly checked: CheckedResource;
  /** The newest document if it is valid, else the last good one. */
  readonly document: MqttKafkaBridge | undefined;
  missing: readonly string[];
  unserved: readonly string[];
  /** Undefined until it has been looked up. */
  observed?: Observed;
  readonly deeds: Deed[];
  readonly signal: AbortSignal;
}

/** What the bridge runs from, when the newest document is not valid. */
function lastGood({ cluster, settings }: Context, resource: KubeObject): MqttKafkaBridge | undefined {
  const { namespace, name } = resource.metadata;
  const configMap = cluster.of(kinds.configMap).get({ namespace: namespace!, name: bridgeName(name) });
  const spec = configMap && lastGoodSpec(configMap);
  return spec === undefined ? undefined : checkResource({ ...resource, spec }, settings.replicas).document;
}

/** What work failed with; undefined when it did not. */
async function failureOf(work: Promise<void>, signal: AbortSignal): Promise<MkbError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    // What we knew was old by a moment, which is over when it is retried: nothing to tell people of.
    if (MkbError.is(error, 'kube-conflict') || MkbError.is(error, 'kube-cache-behind')) throw error;
    return failureFrom(error);
  }
}

/**
 * What was looked at, with the version that our own writes to it made, which the status names. Its generation stays: a newer document may be in
 * what they answered.
 */
const withVersion = (resource: KubeObject, { resourceVersion }: KubeObject['metadata']): KubeObject => ({
  ...resource,
  metadata: { ...resource.metadata, ...(resourceVersion !== undefined && { resourceVersion }) },
});

async function makeRight(visit: Visit, document: MqttKafkaBridge): Promise<void> {
  const { context, resource, checked, deeds, signal } = visit;
  const { cluster, settings, newPassword } = context;
  if (checked.document) {
    const filled = await fillReplicas(cluster.client, resource, document, signal);
    const { metadata } = await setFinalizer(cluster.client, filled, document, signal);
    visit.resource = withVersion(resource, metadata);
  }
  const { observed, missing } = await observe(cluster, resource, document, signal);
  visit.missing = missing;
  visit.observed = observed;
  await remember(visit, observed.sessions);
  const wanted = desiredObjects({ document, settings, observed, newPassword });
  const served = wanted.filter(object => isServed(object, observed));
  visit.unserved = [...new Set(wanted.filter(object => !served.includes(object)).map(({ kind }) => kind))];
  const now = served.filter(object => mayBeApplied(visit, object));
  const own = ownObjects(cluster, resource);
  const over = own.filter(object => isOver(resource, document, object));
  await prune(cluster, over, wanted, deeds, signal);
  await applyAll(cluster, now, deeds, signal);
  if (checked.document && missing.length === 0) {
    const others = own.filter(object => drainedOrdinal(resource.metadata.name, object) === undefined);
    await prune(cluster, others, wanted, deeds, signal);
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

/** Monitoring that cannot be told to anybody must keep nothing from being run. */
const isServed = (object: KubeObject, { apis }: Observed): boolean =>
  apis.prometheusOperator || !optionalKinds.includes(kindOf(object)!);

const podKinds: ReadonlySet<string> = new Set(['StatefulSet', 'Deployment', 'Job']);

/** Pods that cannot start are not made, and a session is not drained while its Pod uses it. */
function mayBeApplied({ context, resource, missing }: Visit, object: KubeObject): boolean {
  if (missing.length > 0 && podKinds.has(object.kind)) return false;
  const { name, namespace } = resource.metadata;
  const ordinal = drainedOrdinal(name, object);
  return (
    ordinal === undefined || !context.cluster.pods.get({ namespace: namespace!, name: podOfSession(name, ordinal) })
  );
}

/**
 * A replica that comes back must not find its session being drained. A drain that has succeeded stays until the status that was read says
 * so: without either of them its session would have to be drained again.
 */
function isOver(resource: KubeObject, { spec }: MqttKafkaBridge, object: KubeObject): boolean {
  const ordinal = drainedOrdinal(resource.metadata.name, object);
  if (ordinal === undefined) return false;
  return ordinal < spec.bridge.replicas || ordinal >= (statusOf(resource).sessions ?? 0);
}

function findingsOf(visit: Visit, failure: MkbError | undefined): Findings {
  const { context, resource, checked, document, missing, unserved, deeds, observed } = visit;
  const { cluster, figures } = context;
  const applied = deeds.filter(({ outcome }) => outcome !== 'removed').map(({ object }) => object);
  const objects = newest(ownObjects(cluster, resource), applied);
  const { connections, flow } = figures(keyOf(resource));
  return {
    problems: checked.problems,
    document,
    missing,
    unserved,
    failure,
    workloads: workloadsOf(objects, podsOf(cluster, resource)),
    drains: drainsOf(resource.metadata.name, objects),
    sessions: observed?.sessions ?? statusOf(resource).sessions ?? 1,
    connections,
    flow,
    emqxSessions: emqxSessionsOf(document, objects),
    endpoints: document ? endpointsOf(document, observed?.brokerUrl, objects) : {},
  };
}

/** The watch may not have told yet of what we have just done. */
function newest(observed: readonly KubeObject[], applied: readonly KubeObject[]): KubeObject[] {
  const idOf = ({ kind, metadata }: KubeObject) => `${kind}/${metadata.name}`;
  return [...new Map([...observed, ...applied].map(object => [idOf(object), object])).values()];
}

function tellDeeds({ context, resource, deeds }: Visit): void {
  for (const { outcome, kind } of deeds) if (outcome === 'corrected') context.onCorrected(kind.kind);
  for (const event of deedEvents(deeds)) context.events.record(resource, event);
}
