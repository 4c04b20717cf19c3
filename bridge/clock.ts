/** The time of day, for what has to happen at a certain time. Tests bring a clock that they hold. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `ring` at that time or a little later; at once, but not within this call, if it is past. Returns what calls it off. */
  at(time: number, ring: () => void): () => void;
}

/** Node's timers take no more; whoever is rung early looks at the time and asks again. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: Date.now,
  at: (time, ring) => {
    const timer = setTimeout(ring, Math.min(Math.max(time - Date.now(), 0), longestTimerMs));
    return () => clearTimeout(timer);
  },
};
