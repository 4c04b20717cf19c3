import { describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { type ControllerMetrics, type ControllerOptions, runController } from '../../../operator/runtime/controller.ts';
import { WorkQueue } from '../../../operator/runtime/work-queue.ts';
import { quietLog } from '../support/quiet-log.ts';
import { Machine, World } from '../support/world.ts';

/** What was told, in order, but for how many workers work. */
function recorder(): ControllerMetrics & { readonly told: string[]; most: number } {
  const told: string[] = [];
  const metrics = {
    told,
    most: 0,
    active: (workers: number) => {
      metrics.most = Math.max(metrics.most, workers);
    },
    reconciled: (outcome: string, seconds: number) => void told.push(`${outcome} ${seconds}`),
    terminal: () => void told.push('terminal'),
    panicked: () => void told.push('panicked'),
    timedOut: () => void told.push('timedOut'),
    abandoned: () => void told.push('abandoned'),
  };
  return metrics;
}

function start(reconcile: ControllerOptions['reconcile'], options: Partial<ControllerOptions> = {}) {
  const world = new World();
  const clock = new Machine(world);
  const queue = new WorkQueue({ clock });
  const metrics = recorder();
  const log = quietLog();
  const stopping = new AbortController();
  const state = { ended: false };
  const ended = runController(
    { name: 'cars', queue, reconcile, log, metrics, clock, timeoutMs: 60_000, graceMs: 5000, ...options },
    stopping.signal,
  );
  void ended.then(() => {
    state.ended = true;
  });
  return { world, clock, queue, metrics, log, stop: () => stopping.abort(), state };
}

const overloaded = () =>
  new MkbError('kube-overloaded', { action: 'get a', reason: 'too many requests', retryAfterSeconds: 7 });
const invalid = () => new MkbError('kube-invalid', { action: 'apply a', reason: 'no' });
const unreachable = () => new MkbError('kube-unreachable', { server: 'x', reason: 'refused' });

/** Fails so many times, and notes when it was called. */
function failing(world: () => World, times: number, error: () => unknown) {
  const calls: number[] = [];
  const reconcile = async () => {
    calls.push(world().now);
    if (calls.length <= times) throw error();
    return undefined;
  };
  return { calls, reconcile };
}

describe('a reconcile', () => {
  it('that succeeds is counted, and not done again', async () => {
    const { world, queue, metrics } = start(async () => undefined);
    queue.add('a');
    await world.pass(1e7);
    expect(metrics.told).toEqual(['success 0']);
  });

  it('is done again after the time that it names', async () => {
    const calls: number[] = [];
    const { world, queue, metrics } = start(async () => {
      calls.push(world.now);
      return calls.length < 3 ? { requeueAfterMs: 10_000 } : undefined;
    });
    queue.add('a');
    await world.pass(1e7);
    expect(calls).toEqual([0, 10_000, 20_000]);
    expect(metrics.told).toEqual(['requeue_after 0', 'requeue_after 0', 'success 0']);
  });

  it('that fails is retried after a pause that grows, until it succeeds', async () => {
    const { calls, reconcile } = failing(() => world, 3, unreachable);
    const { world, queue, metrics } = start(reconcile);
    queue.add('a');
    await world.pass(1e7);
    expect(calls).toEqual([0, 5, 15, 35]);
    expect(metrics.told).toEqual(['error 0', 'error 0', 'error 0', 'success 0']);
    queue.add('a');
    await world.pass(0);
    expect(calls).toHaveLength(5);
  });

  it('that the server has no time for is retried when the server says', async () => {
    const { calls, reconcile } = failing(() => world, 1, overloaded);
    const { world, queue } = start(reconcile);
    queue.add('a');
    await world.pass(1e7);
    expect(calls).toEqual([0, 7000]);
  });

  it('that cannot succeed is not retried until something changes', async () => {
    const { calls, reconcile } = failing(() => world, 1, invalid);
    const { world, queue, metrics } = start(reconcile);
    queue.add('a');
    await world.pass(1e7);
    expect(metrics.told).toEqual(['error 0', 'terminal']);
    queue.add('a');
    await world.pass(0);
    expect(calls).toHaveLength(2);
  });

  it.each([
    ['throws what is no error of ours', () => new TypeError('x is not a function')],
    ['throws what is no error at all', () => 'a text'],
  ])('that %s is a fault in the program, and is retried', async (_, error) => {
    const { reconcile } = failing(() => world, 1, error);
    const { world, queue, metrics, log } = start(reconcile);
    queue.add('a');
    await world.pass(1e7);
    expect(metrics.told).toEqual(['error 0', 'panicked', 'success 0']);
    expect(log.messages[0]).toContain('a fault in the program');
  });

  it('that throws before it returns a promise does not end the controller', async () => {
    let calls = 0;
    const { world, queue, metrics } = start(() => {
      if (++calls === 1) throw new RangeError('at once');
      return Promise.resolve(undefined);
    });
    queue.add('a');
    await world.pass(1e7);
    expect(metrics.told).toEqual(['error 0', 'panicked', 'success 0']);
  });

  it('is told when its time is over, and is then tried again', async () => {
    let calls = 0;
    const { world, queue, metrics, log } = start(async (_, signal) => {
      if (++calls > 1) return undefined;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    queue.add('a');
    await world.pass(1e7);
    expect(metrics.told).toEqual(['timedOut', 'error 60', 'success 0']);
    expect(log.messages).toEqual(['reconciling failed; it is retried']);
  });
});

describe('a reconcile that does not heed its signal', () => {
  it('loses its worker, and its key is not given to another until it has ended', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const seen: string[] = [];
    const reconcile = (key: string) => {
      seen.push(key);
      return key === 'deaf' && seen.length === 1 ? promise : Promise.resolve(undefined);
    };
    const { world, queue, metrics } = start(reconcile, { concurrency: 1 });
    queue.add('deaf');
    queue.add('other');
    await world.pass(64_999);
    expect(seen).toEqual(['deaf']);
    await world.pass(1);
    expect(seen).toEqual(['deaf', 'other']);
    queue.add('deaf');
    await world.pass(3_600_000);
    expect(seen).toEqual(['deaf', 'other']);
    expect(metrics.told).toEqual(['timedOut', 'abandoned', 'success 0']);
    expect(queue.longestWorkSeconds).toBeGreaterThan(3600);
    resolve(undefined);
    await world.pass(1);
    expect(seen).toEqual(['deaf', 'other', 'deaf']);
  });

  it('does not keep the controller from stopping', async () => {
    const { world, queue, stop, state } = start(() => new Promise(() => undefined));
    queue.add('deaf');
    await world.pass(10);
    stop();
    await world.pass(4999);
    expect(state.ended).toBe(false);
    await world.pass(1);
    expect(state.ended).toBe(true);
  });
});

describe('a controller', () => {
  it('works on as many keys at once as it has workers', async () => {
    const { world, clock, queue, metrics } = start(
      () => new Promise(resolve => clock.after(1000, () => resolve(undefined))),
      { concurrency: 3 },
    );
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    await world.pass(1000);
    expect(metrics.told).toHaveLength(3);
    await world.pass(1000);
    expect(metrics.told).toHaveLength(5);
    expect(metrics.most).toBe(3);
  });

  it('that is stopped tells its reconciles, waits for them, and begins no other', async () => {
    const seen: string[] = [];
    const { world, clock, queue, metrics, stop, state } = start(
      (key, signal) => {
        seen.push(key);
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => clock.after(100, () => reject(signal.reason))),
        );
      },
      { concurrency: 1 },
    );
    queue.add('a');
    queue.add('b');
    await world.pass(10);
    stop();
    await world.pass(99);
    expect(state.ended).toBe(false);
    await world.pass(1);
    expect(state.ended).toBe(true);
    expect(seen).toEqual(['a']);
    expect(metrics.told).toEqual([]);
    await world.pass(1e7);
    expect(seen).toEqual(['a']);
  });
});
