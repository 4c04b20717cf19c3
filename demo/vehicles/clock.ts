/** Time and the one timer, so that a test can hold them. */
export interface Clock {
  /** Milliseconds since 1970, with decimals; never goes back. */
  now(): number;
  /** Calls `action` once after a delay in ms, in a later turn of the event loop even for 0. Returns what cancels it. */
  after(delayMs: number, action: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, action) => {
    // A timer waits a millisecond at least; work that is due already only lets the sockets have their turn.
    if (delayMs <= 0) {
      const immediate = setImmediate(action);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};
