import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { TimeLimit } from '../../../operator/runtime/time-limit.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('a limit aborts its signal when its time is over, and says what took so long', () => {
  const limit = new TimeLimit(1000, 'get Thing a', undefined);
  vi.advanceTimersByTime(999);
  expect(limit.signal.aborted).toBe(false);
  vi.advanceTimersByTime(1);
  expect(limit.signal.reason).toMatchObject({
    code: 'kube-timeout',
    details: { action: 'get Thing a', waitedMs: 1000 },
  });
});

it("a limit ends with the caller's signal, for the caller's reason", () => {
  const caller = new AbortController();
  const limit = new TimeLimit(1000, 'get Thing a', caller.signal);
  caller.abort('enough');
  expect(limit.signal.reason).toBe('enough');
});

it('a limit is not made for a caller that has left', () => {
  expect(() => new TimeLimit(1000, 'get Thing a', AbortSignal.abort('gone'))).toThrow('gone');
  expect(vi.getTimerCount()).toBe(0);
});

it("a limit that is lifted has no time any more, and still ends with the caller's signal", () => {
  const caller = new AbortController();
  const limit = new TimeLimit(1000, 'watch Thing', caller.signal);
  limit.lift();
  vi.advanceTimersByTime(1e6);
  expect(limit.signal.aborted).toBe(false);
  caller.abort();
  expect(limit.signal.aborted).toBe(true);
});

it("requests that have ended leave nothing behind on the caller's signal", () => {
  const { signal } = new AbortController();
  for (let index = 0; index < 1000; index++) new TimeLimit(1000, 'get Thing a', signal).end();
  expect([getEventListeners(signal, 'abort').length, vi.getTimerCount()]).toEqual([0, 0]);
});
