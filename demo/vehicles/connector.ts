/**
 * Connects vehicles, and connects them again, at a pace that a broker can bear: so many a second, whoever they are.
 *
 * A vehicle that fails waits 1, 2, 4, 8, then 10 seconds, give or take a quarter, so that those who failed together do not come
 * back together.
 */
import { DueQueue } from './due-queue.ts';
import type { Random } from './random.ts';

const firstWaitMs = 1000;
const longestWaitMs = 10_000;

export class Connector<T> {
  readonly #queue = new DueQueue<T>();
  readonly #spacingMs: number;
  readonly #random: Random;
  #freeMs = 0;

  constructor(perSecond: number, random: Random) {
    this.#spacingMs = 1000 / perSecond;
    this.#random = random;
  }

  /** When somebody may connect next, or undefined if nobody waits. */
  get nextMs(): number | undefined {
    const due = this.#queue.nextMs;
    return due === undefined ? undefined : Math.max(due, this.#freeMs);
  }

  /** Lets `item` connect at this time or later. */
  add(item: T, atMs: number): void {
    this.#queue.push(atMs, item);
  }

  /** Lets `item` connect after a wait that grows with its failed attempts, counted from 0. */
  retry(item: T, attempts: number, nowMs: number): void {
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(attempts, 10));
    this.#queue.push(nowMs + wait * this.#random.between(0.75, 1.25), item);
  }

  /** Who may connect now, one at a time; undefined when nobody may. */
  take(nowMs: number): T | undefined {
    const next = this.nextMs;
    if (next === undefined || next > nowMs) return undefined;
    // A loop that was late may catch up, but never with more than a tenth of a second's worth at once.
    this.#freeMs = Math.max(next, nowMs - 100) + this.#spacingMs;
    return this.#queue.pop();
  }
}
