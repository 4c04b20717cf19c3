import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pause, systemClock } from '../../../operator/runtime/clock.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the system's clock", () => {
  it('calls once, when the time has come', () => {
    const called = vi.fn();
    systemClock.after(1000, called);
    vi.advanceTimersByTime(999);
    expect(called).not.toHaveBeenCalled();
    vi.advanceTimersByTime(10_000);
    expect(called).toHaveBeenCalledOnce();
  });

  it('does not call what was called off', () => {
    const called = vi.fn();
    systemClock.after(1000, called)();
    vi.advanceTimersByTime(10_000);
    expect(called).not.toHaveBeenCalled();
  });

  // A timer of Node that is given more milliseconds than 32 bits hold fires at once.
  it('takes a year for 24 days, and not for no time', () => {
    const called = vi.fn();
    systemClock.after(365 * 86_400_000, called);
    vi.advanceTimersByTime(24 * 86_400_000);
    expect(called).not.toHaveBeenCalled();
    vi.advanceTimersByTime(86_400_000);
    expect(called).toHaveBeenCalledOnce();
  });

  it('is not moved by who sets the time of day', () => {
    const before = systemClock.now();
    vi.setSystemTime(0);
    expect(systemClock.date().getTime()).toBe(0);
    expect(systemClock.now()).toBeGreaterThanOrEqual(before);
  });
});

describe('a pause', () => {
  const settled = async (work: Promise<void>) => {
    let done = false;
    void work.then(() => {
      done = true;
    });
    await vi.advanceTimersByTimeAsync(0);
    return () => done;
  };

  it('ends when its time is over', async () => {
    const over = await settled(pause(systemClock, 1000, new AbortController().signal));
    await vi.advanceTimersByTimeAsync(999);
    expect(over()).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(over()).toBe(true);
  });

  it('ends with its signal, and leaves neither a timer nor a listener', async () => {
    const stopping = new AbortController();
    const over = await settled(pause(systemClock, 1000, stopping.signal));
    stopping.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect([over(), vi.getTimerCount(), getEventListeners(stopping.signal, 'abort').length]).toEqual([true, 0, 0]);
  });

  it('is none when it was to end before it began', async () => {
    expect((await settled(pause(systemClock, 1000, AbortSignal.abort())))()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
