/**
 * How many messages a second a rule, or a sink, takes (`rateLimit`). Beyond it the sources of the rule are paused: nothing is lost, and the
 * broker keeps what is not read.
 *
 * What passed is only counted. Whether it was too much is asked before the next message, and paid back: one message may make many rows, and over
 * time it is the rate all the same.
 */
import { perSecond } from '../../api/rates.ts';
import type { RuleDocument } from '../../rules/rule-document.ts';

/** How much may come at once after a pause: what a tenth of a second allows, and one at least. */
const burstSeconds = 0.1;

/** The limits of a rule and of each of its sinks; undefined where there is none. */
export interface RateLimits {
  readonly rule: RateLimit | undefined;
  readonly sinks: readonly (RateLimit | undefined)[];
}

export const rateLimitsOf = ({ rateLimit, sinks }: RuleDocument): RateLimits => ({
  rule: limitOf(rateLimit),
  sinks: sinks.map(({ kafka, mqtt }) => limitOf((kafka ?? mqtt)!.rateLimit)),
});

const limitOf = (rate: string | undefined) => (rate === undefined ? undefined : new RateLimit(perSecond(rate)));

export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  /** What may pass now; not above 0 when the limit is reached. */
  #credit: number;
  #at: number;
  #timer: NodeJS.Timeout | undefined;
  #overSince = 0;
  #overMs = 0;

  /** @param now milliseconds of a clock that nobody sets */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perMs = perSecond / 1000;
    this.#burst = Math.max(1, perSecond * burstSeconds);
    this.#now = now;
    this.#credit = this.#burst;
    this.#at = now();
  }

  /** So many have passed. */
  passed(count = 1): void {
    this.#credit -= count;
  }

  /** Whether nothing more may pass now. Then listeners are called when it may. */
  get over(): boolean {
    const now = this.#now();
    this.#credit = Math.min(this.#burst, this.#credit + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#credit > 0) return false;
    if (this.#timer === undefined) this.#wait(now);
    return true;
  }

  /** For how long it held its sources. */
  get seconds(): number {
    return (this.#overMs + (this.#timer === undefined ? 0 : this.#now() - this.#overSince)) / 1000;
  }

  /** @param over called when more may pass */
  onRoom(over: () => void): void {
    this.#listeners.add(over);
  }

  #wait(now: number): void {
    this.#overSince = now;
    // A timer takes no more than 24 days, and may fire up to a millisecond early.
    const ms = Math.min(2 ** 31 - 1, Math.ceil(-this.#credit / this.#perMs) + 1);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#overMs += this.#now() - this.#overSince;
      for (const listener of this.#listeners) listener();
    }, ms).unref();
  }
}
