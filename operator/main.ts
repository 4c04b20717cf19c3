/**
 * The operator: the only place that knows all of its parts.
 *
 * Watches run in every replica, so that one that takes over knows everything at once; work is done only by the one that holds the Lease.
 * Before each write it looks at the clock whether it still does: a process that was frozen may wake when another leads already.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Registry } from 'prom-client';
import { durationMs } from '../api/units.ts';
import type { Refusal } from '../network/http-server.ts';
import { leaseName } from './access.ts';
import type { OperatorConfiguration } from './configuration.ts';
import { registerOperatorMetrics } from './metrics.ts';
import { MetricsAccess, reviewTimeoutMs } from './metrics-access.ts';
import { bridgePods } from './observed/bridge-pods.ts';
import { Cluster } from './observed/cluster.ts';
import { readPage } from './observed/metrics-page.ts';
import { operatorName } from './observed/observed-objects.ts';
import { PodFigures } from './observed/pod-figures.ts';
import type { Context } from './reconcile/context.ts';
import { completeResource, type DocumentProblem } from './reconcile/document.ts';
import { identified } from './reconcile/identity.ts';
import { Rechecks } from './reconcile/rechecks.ts';
import { reconcile } from './reconcile/reconcile.ts';
import { refusedAtApply } from './reconcile/refused-changes.ts';
import { runningDocument } from './reconcile/running-document.ts';
import { Waiting } from './reconcile/waiting.ts';
import { ApiClient } from './runtime/client.ts';
import type { ApiAccess } from './runtime/connection.ts';
import { runController } from './runtime/controller.ts';
import { EventRecorder } from './runtime/events.ts';
import { LeaderElection } from './runtime/leader-election.ts';
import { runLifecycle } from './runtime/lifecycle.ts';
import type { Log } from './runtime/log.ts';
import { clientMetrics, controllerMetrics, leaderMetrics, queueMetrics } from './runtime/metrics.ts';
import type { KubeObject, ObjectKey } from './runtime/object.ts';
import { WorkQueue } from './runtime/work-queue.ts';
import { BrokerUsers } from './users/broker-users.ts';
import { type Login, type LoginAnswer, logIn } from './users/login.ts';
import { registerUserMetrics } from './users/user-metrics.ts';
import { UserProofs } from './users/user-proofs.ts';
import { CheckThread } from './verdicts/check-thread.ts';
import { Verdicts } from './verdicts/verdicts.ts';

export interface OperatorOptions {
  readonly config: ApiAccess;
  readonly configuration: OperatorConfiguration;
  /** Where the Lease is; undefined to work without one. */
  readonly leaseNamespace: string | undefined;
  /** Who we are among several operators. */
  readonly identity: string;
  readonly log: Log;
  readonly registry: Registry;
  /** Gets a page of a Pod; what it gives is trusted to be short. */
  readonly fetchText?: (url: string, signal: AbortSignal) => Promise<string>;
  /** Logs in to a managed broker; never rejects. */
  readonly logIn?: (login: Login) => Promise<LoginAnswer>;
  /** After how long a node has surely read a changed Secret, milliseconds. */
  readonly distributeMs?: number;
}

export interface Operator {
  /** Why it is not ready, for /readyz; empty if it is. */
  missing(): readonly string[];
  /** The answer to a request for /metrics in place of the page, if there is one; left out where anybody may read it. Never rejects. */
  readonly refusal?: (request: IncomingMessage) => Promise<Refusal | undefined>;
  /** What of a document that is right its bridge cannot become without a loss, for the webhook; empty while not everything is known. Throws nothing. */
  refused(resource: KubeObject): readonly DocumentProblem[];
  /**
   * Works until the signal is aborted (`stopped`), or until another may lead (`lost`): then the process must end.
   * Never rejects for what a cluster does.
   */
  run(signal: AbortSignal): Promise<'stopped' | 'lost'>;
}

/** @throws kube-config when the kubeconfig names no cluster */
export function prepareOperator(options: OperatorOptions): Operator {
  const { config, configuration, log, registry } = options;
  const election = electionOf(options);
  const leads = () => election?.leads() ?? true;
  const client = new ApiClient(config, {
    userAgent: operatorName,
    onRequest: clientMetrics(registry),
    beforeWrite: () => election?.assertLeader(),
  });
  // A client of its own: an operator that waits for the Lease is scraped as well.
  const reviews = new ApiClient(config, {
    userAgent: `${operatorName}/metrics`,
    timeoutMs: reviewTimeoutMs,
    onRequest: clientMetrics(registry),
  });
  const access = configuration.metrics.authentication ? new MetricsAccess({ client: reviews, log }) : undefined;
  leaderMetrics(registry, leaseName, leads);
  const queue: WorkQueue = new WorkQueue({
    maxDelayMs: retryMs,
    metrics: queueMetrics(registry, controllerName, () => queue),
  });
  const usersQueue: WorkQueue = new WorkQueue({
    maxDelayMs: retryMs,
    metrics: queueMetrics(registry, usersController, () => usersQueue),
  });
  let synced = false;
  const metrics = registerOperatorMetrics(registry, () => (synced && leads() ? cluster.bridges.list() : undefined));
  const cluster = new Cluster(client, {
    namespaces: configuration.namespaces,
    log,
    onChange: (key, priority) => queue.add(key, priority),
    onUsers: key => usersQueue.add(key),
    onMissed: metrics.missed,
    onListed: metrics.listed,
  });
  registerUserMetrics(registry, () => (synced && leads() ? cluster.users.list() : undefined));
  const figures = new PodFigures({
    pods: () => bridgePods(cluster),
    fetchText: options.fetchText ?? readPage,
    onChange: key => queue.add(key, 'resync'),
  });
  const { replicas, trustedOverrides } = configuration;
  const thread = new CheckThread();
  const verdicts = new Verdicts({
    thread,
    settings: { replicas, trustedOverrides },
    onVerdict: (key, ms) => {
      if (ms > 0) return queue.addAfter(key, ms, 'resync');
      queue.add(key);
      cluster.users.bridgeChanged(key);
    },
  });
  const events = new EventRecorder(client, { component: operatorName, instance: options.identity, log });
  const context: Context = {
    cluster,
    settings: configuration,
    verdicts,
    figures: key => figures.of(key),
    expect: (key, hash) => figures.expect(key, hash),
    events,
    log,
    onCorrected: metrics.corrected,
    onRestored: metrics.restored,
    newPassword: () => randomBytes(24).toString('base64url'),
    now: () => new Date(),
    waiting: new Waiting(),
    rechecks: new Rechecks(),
    resyncMs: durationMs(configuration.resync),
    random: Math.random,
  };
  const counted = controllerMetrics(registry, controllerName, configuration.concurrency);
  const { newPassword, now, resyncMs } = context;
  const proofs = new UserProofs({ logIn: options.logIn ?? logIn, onChange: key => usersQueue.add(key) });
  const brokerUsers = new BrokerUsers({
    cluster,
    documentOf: async (bridge, signal) =>
      (await runningDocument(context, identified(context, bridge), signal))?.document,
    proofs,
    events,
    newPassword,
    now,
    resyncMs,
    distributeMs: options.distributeMs ?? distributeMs,
  });
  const usersCounted = controllerMetrics(registry, usersController, usersConcurrency);

  const work = async (signal: AbortSignal): Promise<void> => {
    const controller = {
      name: controllerName,
      queue,
      log,
      metrics: counted,
      concurrency: configuration.concurrency,
      reconcile: (key: string, limit: AbortSignal) =>
        reconcile(context, key, limit).catch(error => {
          // What no retry fixes may be fixed by something that is not watched: a quota, a webhook.
          queue.addAfter(key, retryMs, 'resync');
          throw error;
        }),
    };
    const users = {
      name: usersController,
      queue: usersQueue,
      log,
      metrics: usersCounted,
      concurrency: usersConcurrency,
      reconcile: (key: string, limit: AbortSignal) => brokerUsers.reconcile(key, limit),
    };
    await Promise.all([
      runController(controller, signal),
      runController(users, signal),
      figures.run(signal),
      proofs.run(signal),
    ]);
  };

  return {
    missing: () => (synced ? [] : ['not everything has been read from the API server']),
    refused: resource => (synced ? refusedAtApply(cluster, resource, known => completeResource(known, replicas)) : []),
    ...(access && { refusal: (request: IncomingMessage) => access.refusal(request) }),
    run: async signal => {
      const lifecycle = {
        watch: (watching: AbortSignal) => cluster.run(watching),
        synced: async () => {
          await cluster.synced();
          synced = true;
        },
        work,
        election,
      };
      try {
        return await runLifecycle(lifecycle, signal);
      } finally {
        queue.shutDown();
        usersQueue.shutDown();
        thread.close();
        await events.idle();
        client.close();
        reviews.close();
      }
    },
  };
}

const controllerName = 'mqttkafkabridge';
const usersController = 'mqttuser';
const usersConcurrency = 2;

/** A kubelet looks at a Pod again after 60 to 90 s, and mounts what has changed. [Kubernetes: syncFrequency] */
const distributeMs = 120_000;

/** The longest pause after a failure, milliseconds: whoever has fixed its cause waits no longer. One look costs a few requests. */
const retryMs = 5000;

function electionOf({ config, leaseNamespace, identity, log }: OperatorOptions): LeaderElection | undefined {
  if (leaseNamespace === undefined) return undefined;
  const lease: ObjectKey = { namespace: leaseNamespace, name: leaseName };
  // A client of its own: renewing never waits behind other requests, and may write while nobody leads.
  const client = new ApiClient(config, { userAgent: `${operatorName}/lease`, timeoutMs: 5000 });
  return new LeaderElection({ client, lease, identity, log });
}
