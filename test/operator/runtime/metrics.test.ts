import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { clientMetrics, controllerMetrics, leaderMetrics, queueMetrics } from '../../../operator/runtime/metrics.ts';
import { WorkQueue } from '../../../operator/runtime/work-queue.ts';
import { Machine, World } from '../support/world.ts';

const never = new AbortController().signal;

function queueOn(registry: Registry, name: string) {
  const world = new World();
  const queue: WorkQueue = new WorkQueue({
    clock: new Machine(world),
    metrics: queueMetrics(registry, name, () => queue),
  });
  return { world, queue };
}

/** The lines of a scrape that begin with `start`, without it. */
async function lines(registry: Registry, start: string): Promise<string[]> {
  const text = await registry.metrics();
  return text.split('\n').flatMap(line => (line.startsWith(start) ? [line.slice(start.length)] : []));
}

describe('the metrics of a queue', () => {
  it('tell what waits by its priority, in the numbers of controller-runtime', async () => {
    const registry = new Registry();
    const { queue } = queueOn(registry, 'cars');
    queue.add('a');
    queue.add('b', 'resync');
    queue.add('c', 'resync');
    expect(await lines(registry, 'workqueue_depth')).toEqual([
      '{name="cars",controller="cars",priority="0"} 1',
      '{name="cars",controller="cars",priority="-100"} 2',
    ]);
  });

  it('tell how long keys wait, from when they came first, and how long they are worked on', async () => {
    const registry = new Registry();
    const { world, queue } = queueOn(registry, 'cars');
    queue.add('a', 'resync');
    await world.pass(2000);
    queue.add('a', 'live');
    await world.pass(1000);
    await queue.get(never);
    await world.pass(500);
    expect(await lines(registry, 'workqueue_unfinished_work_seconds')).toEqual(['{name="cars",controller="cars"} 0.5']);
    queue.done('a');
    expect(await lines(registry, 'workqueue_queue_duration_seconds_sum')).toEqual([
      '{name="cars",controller="cars"} 3',
    ]);
    expect(await lines(registry, 'workqueue_work_duration_seconds_sum')).toEqual([
      '{name="cars",controller="cars"} 0.5',
    ]);
    expect(await lines(registry, 'workqueue_adds_total')).toEqual(['{name="cars",controller="cars"} 1']);
    expect(await lines(registry, 'workqueue_longest_running_processor_seconds')).toEqual([
      '{name="cars",controller="cars"} 0',
    ]);
  });

  it('tell of several queues side by side', async () => {
    const registry = new Registry();
    const cars = queueOn(registry, 'cars');
    queueOn(registry, 'ships').queue.addRateLimited('a');
    cars.queue.add('a');
    const sums = await lines(registry, 'workqueue_depth');
    expect(sums).toContain('{name="cars",controller="cars",priority="0"} 1');
    expect(sums).toContain('{name="ships",controller="ships",priority="0"} 0');
    expect(await lines(registry, 'workqueue_retries_total')).toEqual([
      '{name="cars",controller="cars"} 0',
      '{name="ships",controller="ships"} 1',
    ]);
  });
});

describe('the metrics of a controller', () => {
  it('are all there, with 0, before anything has happened', async () => {
    const registry = new Registry();
    controllerMetrics(registry, 'cars', 4);
    const text = await registry.metrics();
    for (const name of [
      'reconcile_total{controller="cars",result="success"} 0',
      'reconcile_total{controller="cars",result="error"} 0',
      'reconcile_total{controller="cars",result="requeue"} 0',
      'reconcile_total{controller="cars",result="requeue_after"} 0',
      'reconcile_errors_total{controller="cars"} 0',
      'terminal_reconcile_errors_total{controller="cars"} 0',
      'reconcile_panics_total{controller="cars"} 0',
      'reconcile_timeouts_total{controller="cars"} 0',
      'reconcile_time_seconds_count{controller="cars"} 0',
      'max_concurrent_reconciles{controller="cars"} 4',
      'active_workers{controller="cars"} 0',
    ]) {
      expect(text).toContain(`\ncontroller_runtime_${name}\n`);
    }
  });

  it('count an error as a reconcile and as an error, and in the buckets of controller-runtime', async () => {
    const registry = new Registry();
    const metrics = controllerMetrics(registry, 'cars', 4);
    metrics.reconciled('error', 0.12);
    metrics.terminal();
    metrics.active(2);
    const text = await registry.metrics();
    expect(text).toContain('controller_runtime_reconcile_total{controller="cars",result="error"} 1');
    expect(text).toContain('controller_runtime_reconcile_errors_total{controller="cars"} 1');
    expect(text).toContain('controller_runtime_terminal_reconcile_errors_total{controller="cars"} 1');
    expect(text).toContain('controller_runtime_active_workers{controller="cars"} 2');
    expect(text).toContain('controller_runtime_reconcile_time_seconds_bucket{le="0.1",controller="cars"} 0');
    expect(text).toContain('controller_runtime_reconcile_time_seconds_bucket{le="0.15",controller="cars"} 1');
    expect(await lines(registry, 'controller_runtime_reconcile_time_seconds_bucket')).toHaveLength(41);
  });
});

it('requests are counted by their method and status', async () => {
  const registry = new Registry();
  const count = clientMetrics(registry);
  count({ method: 'GET', code: '200', seconds: 0.01 });
  count({ method: 'PATCH', code: '<error>', seconds: 5 });
  expect(await lines(registry, 'rest_client_requests_total')).toEqual([
    '{code="200",method="GET"} 1',
    '{code="<error>",method="PATCH"} 1',
  ]);
  expect(await lines(registry, 'rest_client_request_duration_seconds_sum')).toEqual([
    '{verb="GET"} 0.01',
    '{verb="PATCH"} 5',
  ]);
});

it('who leads is asked at each scrape', async () => {
  const registry = new Registry();
  let leads = false;
  leaderMetrics(registry, 'operator', () => leads);
  expect(await lines(registry, 'leader_election_master_status')).toEqual(['{name="operator"} 0']);
  leads = true;
  expect(await lines(registry, 'leader_election_master_status')).toEqual(['{name="operator"} 1']);
});
