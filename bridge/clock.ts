/**
 * The time of day, for what has to happen at a certain time: it may be set, back too. How long something took, or may take, is asked of
 * `performance.now()`, which nobody sets. Tests bring a clock that they hold.
 */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Calls `ring` at that time or a little later, and perhaps earlier: the callback looks at the time. At once, but not within this call, if
   * it is past. Returns what calls it off.
   */
  at(time: number, ring: () => void): () => void;
}

/**
 * A timer counts the milliseconds that pass, and those are not the ones until a time of day when somebody sets the clock, or a laptop sleeps. So
 * it rings early, and the callback looks at the time and sets the next one.
 */
const longestTimerMs = 1000;

export const systemClock: Clock = {
  now: Date.now,
  at: (time, ring) => {
    const timer = setTimeout(ring, Math.min(Math.max(time - Date.now(), 0), longestTimerMs));
    return () => clearTimeout(timer);
  },
};
