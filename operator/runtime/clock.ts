/** Time as the runtime sees it. Tests bring a clock of their own, on which an hour passes in no time. */
export interface Clock {
  /** Milliseconds from some moment on, that always go on: setting the machine's time makes nobody late or early. */
  now(): number;
  /** The time of day, which may be set. */
  date(): Date;
  /** Calls `callback` once, when `ms` have passed; at most in 24 days, which is what a timer can hold. Returns what calls it off. */
  after(ms: number, callback: () => void): () => void;
}

const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
};

/** Waits; with a signal, no longer than until that is aborted. Never rejects. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const over = () => {
    cancel();
    signal.removeEventListener('abort', over);
    resolve();
  };
  const cancel = clock.after(ms, over);
  signal.addEventListener('abort', over);
  return promise;
}
