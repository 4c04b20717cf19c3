/**
 * What the runtime exports to Prometheus: under the names, labels and buckets that controllers written in Go have, so that dashboards and alerts made
 * for those work. What a gauge shows is read off when Prometheus asks.
 *
 * Each function may be called several times with the same registry, for several queues and controllers.
 * https://github.com/kubernetes-sigs/controller-runtime, pkg/metrics and pkg/internal/controller/metrics
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { RequestFigures } from './client.ts';
import type { ControllerMetrics, ReconcileOutcome } from './controller.ts';
import type { QueueFigures, QueueMetrics } from './work-queue.ts';

const reconcileBuckets = [
  ...[0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  ...[1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60],
];
const queueBuckets = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Counts requests to the API server. Returns what to give `ApiClient` as `onRequest`. */
export function clientMetrics(registry: Registry): (figures: RequestFigures) => void {
  const requests = counter(registry, 'rest_client_requests_total', 'Requests to the API server that have ended.', [
    ...['code', 'method'],
  ]);
  const seconds = histogram(
    registry,
    'rest_client_request_duration_seconds',
    'How long the API server takes to answer; of a watch, until it begins.',
    ['verb'],
    requestBuckets,
  );
  return ({ method, code, seconds: took }) => {
    requests.inc({ code, method });
    seconds.observe({ verb: method }, took);
  };
}

/** The numbers that controller-runtime gives the priorities of its queue. */
const priorities = { live: '0', resync: '-100' } as const;

/**
 * @param name of the controller whose queue it is
 * @param queue asked at each scrape
 */
export function queueMetrics(registry: Registry, name: string, queue: () => QueueFigures): QueueMetrics {
  const labels = { name, controller: name };
  const labelNames = ['name', 'controller'];
  const adds = counter(registry, 'workqueue_adds_total', 'Keys added to the queue.', labelNames);
  const retries = counter(registry, 'workqueue_retries_total', 'Keys added again after a failure.', labelNames);
  const waited = histogram(
    registry,
    'workqueue_queue_duration_seconds',
    'How long a key waits in the queue before it is worked on.',
    labelNames,
    queueBuckets,
  );
  const worked = histogram(
    registry,
    'workqueue_work_duration_seconds',
    'How long a key is worked on.',
    labelNames,
    queueBuckets,
  );
  for (const metric of [adds, retries]) metric.inc(labels, 0);
  for (const metric of [waited, worked]) metric.zero(labels);
  sampleQueue(registry, labels, queue);
  return {
    added: () => adds.inc(labels),
    taken: seconds => waited.observe(labels, seconds),
    done: seconds => worked.observe(labels, seconds),
    retried: () => retries.inc(labels),
  };
}

function sampleQueue(registry: Registry, labels: Record<string, string>, queue: () => QueueFigures): void {
  const labelNames = ['name', 'controller'];
  sampled(registry, 'workqueue_depth', 'Keys that wait in the queue.', [...labelNames, 'priority'], depth => {
    for (const [priority, value] of Object.entries(priorities)) {
      depth.set({ ...labels, priority: value }, queue().waiting[priority as keyof typeof priorities]);
    }
  });
  sampled(
    registry,
    'workqueue_unfinished_work_seconds',
    'How long all keys that are worked on have been worked on together. It grows without end when work is stuck.',
    labelNames,
    metric => metric.set(labels, queue().unfinishedSeconds),
  );
  sampled(
    registry,
    'workqueue_longest_running_processor_seconds',
    'How long the key has been worked on that was begun first.',
    labelNames,
    metric => metric.set(labels, queue().longestWorkSeconds),
  );
}

/** @param concurrency how many workers the controller has */
export function controllerMetrics(registry: Registry, controller: string, concurrency: number): ControllerMetrics {
  const labels = { controller };
  const labelNames = ['controller'];
  const count = (name: string, help: string) => {
    const metric = counter(registry, name, help, labelNames);
    metric.inc(labels, 0);
    return () => metric.inc(labels);
  };
  const total = counter(registry, 'controller_runtime_reconcile_total', 'Reconciles that have ended.', [
    ...labelNames,
    'result',
  ]);
  for (const result of ['success', 'error', 'requeue', 'requeue_after']) total.inc({ controller, result }, 0);
  const seconds = histogram(
    registry,
    'controller_runtime_reconcile_time_seconds',
    'How long a reconcile takes.',
    labelNames,
    reconcileBuckets,
  );
  seconds.zero(labels);
  gauge(registry, 'controller_runtime_max_concurrent_reconciles', 'Workers.', labelNames).set(labels, concurrency);
  const active = gauge(registry, 'controller_runtime_active_workers', 'Workers that work.', labelNames);
  active.set(labels, 0);
  const failed = count('controller_runtime_reconcile_errors_total', 'Reconciles that have failed.');
  return {
    active: workers => active.set(labels, workers),
    reconciled: (outcome: ReconcileOutcome, took) => {
      total.inc({ controller, result: outcome });
      seconds.observe(labels, took);
      if (outcome === 'error') failed();
    },
    terminal: count(
      'controller_runtime_terminal_reconcile_errors_total',
      'Reconciles that have failed and are not retried until something changes.',
    ),
    panicked: count('controller_runtime_reconcile_panics_total', 'Reconciles that a fault in the program has ended.'),
    timedOut: count('controller_runtime_reconcile_timeouts_total', 'Reconciles whose time was over.'),
    abandoned: count(
      'mkb_operator_reconciles_abandoned_total',
      'Reconciles that went on although their time was over, and lost their worker.',
    ),
  };
}

/** @param leads whether this process holds the lease at the moment that it is asked */
export function leaderMetrics(registry: Registry, lease: string, leads: () => boolean): void {
  sampled(registry, 'leader_election_master_status', '1 while this process holds the lease.', ['name'], metric =>
    metric.set({ name: lease }, Number(leads())),
  );
}

type Labels = readonly string[];

/** The metric of this name, which an earlier call may have registered. */
function family<T>(registry: Registry, name: string, make: () => T): T {
  return (registry.getSingleMetric(name) as T | undefined) ?? make();
}

const counter = (registry: Registry, name: string, help: string, labelNames: Labels): Counter =>
  family(registry, name, () => new Counter({ name, help, labelNames, registers: [registry] }));

const gauge = (registry: Registry, name: string, help: string, labelNames: Labels): Gauge =>
  family(registry, name, () => new Gauge({ name, help, labelNames, registers: [registry] }));

const histogram = (registry: Registry, name: string, help: string, labelNames: Labels, buckets: number[]): Histogram =>
  family(registry, name, () => new Histogram({ name, help, labelNames, buckets, registers: [registry] }));

type Sample = (metric: Gauge) => void;

/** Registers a gauge that is read off at each scrape: by this function, and by those of earlier calls. */
function sampled(registry: Registry, name: string, help: string, labelNames: Labels, sample: Sample): void {
  const samples: Sample[] = [];
  const metric = family(registry, name, () => {
    const made: Gauge & { samples?: Sample[] } = new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        for (const each of samples) each(this);
      },
    });
    made.samples = samples;
    return made;
  });
  metric.samples?.push(sample);
}
