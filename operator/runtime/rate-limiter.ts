/**
 * How long to wait before something that failed is retried.
 *
 * Each key waits twice as long as the time before, so that one that cannot succeed costs little. All of them together take tokens from one
 * bucket: when the API server refuses everything, a thousand keys that fail for the first time are a thousand first pauses of 5 ms, and the
 * bucket is what spreads them. The same two as client-go's default, but for the longest pause, which is 16 minutes there and 5 here.
 */
import type { Clock } from './clock.ts';

export interface RateLimits {
  /** The pause after the first failure of a key, milliseconds. */
  readonly minDelayMs: number;
  /** The longest pause of a key, milliseconds. */
  readonly maxDelayMs: number;
  /** How many attempts all keys together may make at once, and then each second. */
  readonly burst: number;
  readonly perSecond: number;
}

export const defaultRateLimits: RateLimits = { minDelayMs: 5, maxDelayMs: 300_000, burst: 100, perSecond: 10 };

export class RateLimiter {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #limits: RateLimits;
  readonly #failures = new Map<string, number>();
  /** Below zero: tokens that are promised and not there yet. */
  #tokens: number;
  #tokensAt: number;

  constructor(clock: Pick<Clock, 'now'>, limits: Partial<RateLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...defaultRateLimits, ...limits };
    this.#tokens = this.#limits.burst;
    this.#tokensAt = clock.now();
  }

  /** Counts a failure of a key. Returns how long to wait before the next attempt, milliseconds. */
  next(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { minDelayMs, maxDelayMs } = this.#limits;
    return Math.max(Math.min(maxDelayMs, minDelayMs * 2 ** failures), this.#take());
  }

  /** The key has succeeded, or is not retried: its next failure is its first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes a token. Returns how long it is until that token is there, milliseconds. */
  #take(): number {
    const { burst, perSecond } = this.#limits;
    const now = this.#clock.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#tokensAt) / 1000) * perSecond) - 1;
    this.#tokensAt = now;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / perSecond) * 1000;
  }
}
