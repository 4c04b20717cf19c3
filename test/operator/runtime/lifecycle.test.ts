import { describe, expect, it } from 'vitest';
import { type Lifecycle, runLifecycle } from '../../../operator/runtime/lifecycle.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

/** Parts that tell when they begin and end. */
function parts(more: Partial<Lifecycle> = {}): { told: string[]; lifecycle: Lifecycle } {
  const told: string[] = [];
  const telling = (name: string) => async (signal: AbortSignal) => {
    told.push(`${name} begins`);
    await untilAborted(signal);
    told.push(`${name} ends`);
  };
  const election: Lifecycle['election'] = {
    run: async (work, signal) => {
      told.push('leads');
      await work(signal);
      told.push('leads no more');
      return 'stopped';
    },
  };
  const synced = async () => void told.push('synced');
  return { told, lifecycle: { watch: telling('watch'), synced, work: telling('work'), election, ...more } };
}

/** Lets everything settle that can. */
const settled = () => new Promise(resolve => setImmediate(resolve));

describe('a process of controllers', () => {
  it('reads, leads, works, and ends in the opposite order', async () => {
    const { told, lifecycle } = parts();
    const stopping = new AbortController();
    const ended = runLifecycle(lifecycle, stopping.signal);
    await settled();
    expect(told).toEqual(['watch begins', 'synced', 'leads', 'work begins']);
    stopping.abort();
    expect(await ended).toBe('stopped');
    expect(told.slice(4)).toEqual(['work ends', 'leads no more', 'watch ends']);
  });

  it('works without an election where no other process can be there', async () => {
    const { told, lifecycle } = parts({ election: undefined });
    const stopping = new AbortController();
    const ended = runLifecycle(lifecycle, stopping.signal);
    await settled();
    stopping.abort();
    expect(await ended).toBe('stopped');
    expect(told).toEqual(['watch begins', 'synced', 'work begins', 'work ends', 'watch ends']);
  });

  it('does not work before everything has been read, and can be stopped until then', async () => {
    const { told, lifecycle } = parts({ synced: () => new Promise(() => undefined) });
    const stopping = new AbortController();
    const ended = runLifecycle(lifecycle, stopping.signal);
    await settled();
    stopping.abort();
    expect(await ended).toBe('stopped');
    expect(told).toEqual(['watch begins', 'watch ends']);
  });

  it('does nothing when it is stopped before it begins', async () => {
    const { told, lifecycle } = parts();
    expect(await runLifecycle(lifecycle, AbortSignal.abort())).toBe('stopped');
    expect(told).not.toContain('leads');
  });

  it('says that the Lease was lost, and has stopped reading by then', async () => {
    const { told, lifecycle } = parts({ election: { run: async () => 'lost' } });
    expect(await runLifecycle(lifecycle, new AbortController().signal)).toBe('lost');
    expect(told).toEqual(['watch begins', 'synced', 'watch ends']);
  });

  it('stops working when a watch fails, and says why', async () => {
    const fault = new Error('a fault');
    const { promise, reject } = Promise.withResolvers<void>();
    const { told, lifecycle } = parts({ watch: () => promise });
    const ended = runLifecycle(lifecycle, new AbortController().signal).catch(error => error);
    await settled();
    reject(fault);
    expect(await ended).toBe(fault);
    expect(told).toEqual(['synced', 'leads', 'work begins', 'work ends', 'leads no more']);
  });

  it('stops reading when the work fails, and says why', async () => {
    const fault = new Error('a fault');
    const { told, lifecycle } = parts({ work: () => Promise.reject(fault), election: undefined });
    const ended = await runLifecycle(lifecycle, new AbortController().signal).catch(error => error);
    expect(ended).toBe(fault);
    expect(told.at(-1)).toBe('watch ends');
  });
});
