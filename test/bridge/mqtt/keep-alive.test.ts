import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KeepAlive } from '../../../bridge/mqtt/keep-alive.ts';

let pings = 0;
let silences = 0;
let keepAlive: KeepAlive;

beforeEach(() => {
  vi.useFakeTimers();
  pings = 0;
  silences = 0;
  keepAlive = new KeepAlive({ ping: () => pings++, silent: () => silences++ });
});

afterEach(() => {
  keepAlive.stop();
  vi.useRealTimers();
});

it('the server hears from us twice in each keep-alive', () => {
  keepAlive.start(10_000);
  for (let second = 0; second < 60; second++) {
    vi.advanceTimersByTime(1000);
    keepAlive.heard();
  }
  expect([pings, silences]).toEqual([12, 0]);
});

it('silence counts from the first unanswered ping, and 1.5 keep-alives of it are too much', () => {
  keepAlive.start(10_000);
  vi.advanceTimersByTime(19_999);
  expect(silences).toBe(0);
  vi.advanceTimersByTime(1);
  expect(silences).toBe(1);
  expect(keepAlive.silenceMs).toBe(15_000);
});

it('silence does not count while reading is held', () => {
  keepAlive.start(10_000);
  vi.advanceTimersByTime(15_000);
  keepAlive.hold(true);
  vi.advanceTimersByTime(100_000);
  expect([pings, silences]).toEqual([23, 0]);
  keepAlive.hold(false);
  vi.advanceTimersByTime(15_000);
  expect(silences).toBe(0);
  vi.advanceTimersByTime(5000);
  expect(silences).toBe(1);
});

// A bridge that holds its session for a moment ten times a second did not notice that the server was gone.
it('silence counts although reading is held again and again for a moment', () => {
  keepAlive.start(10_000);
  for (let moment = 0; moment < 250; moment++) {
    vi.advanceTimersByTime(90);
    keepAlive.hold(true);
    vi.advanceTimersByTime(7);
    keepAlive.hold(false);
  }
  vi.advanceTimersByTime(5000);
  expect(silences).toBeGreaterThan(0);
});

it('a keep-alive of 0 is off', () => {
  keepAlive.start(0);
  vi.advanceTimersByTime(1_000_000);
  expect([pings, silences]).toEqual([0, 0]);
});
