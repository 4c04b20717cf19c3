/**
 * Keys to be worked on, each once however often it is added, and never by two workers at the same time.
 *
 * A key that is added while somebody works on it is kept, and given out again when that work is done: what was added may have come after
 * the worker looked. This is what makes a controller level-based: a key says "look at this again", and never what has happened.
 *
 * A key can be put off, too: until a time, or for the pause after a failure (rate-limiter.ts). It waits for one time only, the earliest.
 * What a person has changed goes before what is looked at by the clock; but each tenth key is taken from the other end, so that neither
 * starves.
 */
import { type Clock, systemClock } from './clock.ts';
import { RateLimiter, type RateLimits } from './rate-limiter.ts';

/** `live`: something has changed. `resync`: it is time to look, although nothing may have. */
export type Priority = 'live' | 'resync';

export interface WorkQueueOptions extends Partial<RateLimits> {
  readonly metrics?: QueueMetrics;
  readonly clock?: Clock;
}

/** What can be read off a queue at any time. */
export interface QueueFigures {
  /** How many keys wait to be given out; those that are put off are not among them. */
  readonly waiting: Readonly<Record<Priority, number>>;
  /** For how long all keys that are worked on have been worked on together, seconds. */
  readonly unfinishedSeconds: number;
  /** For how long the one of them has been that was begun first, seconds; 0 for none. */
  readonly longestWorkSeconds: number;
}

/** What is measured of a queue while it works; see metrics.ts. */
export interface QueueMetrics {
  added(): void;
  taken(waitedSeconds: number): void;
  done(workedSeconds: number): void;
  retried(): void;
}

export class WorkQueue implements QueueFigures {
  readonly #metrics: QueueMetrics | undefined;
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  /** Keys that wait, with when they came. A Map keeps their order. */
  readonly #waiting = { live: new Map<string, number>(), resync: new Map<string, number>() };
  /** Keys that are worked on, with since when. */
  readonly #working = new Map<string, number>();
  /** Keys that were added while they were worked on. */
  readonly #again = new Map<string, Priority>();
  /** Keys that are put off, with when they come. */
  readonly #delayed = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #taken = 0;
  #closed = false;

  constructor({ metrics, clock = systemClock, ...limits }: WorkQueueOptions = {}) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#limiter = new RateLimiter(clock, limits);
  }

  get waiting(): Readonly<Record<Priority, number>> {
    return { live: this.#waiting.live.size, resync: this.#waiting.resync.size };
  }

  /** How many keys wait to be given out. */
  get length(): number {
    return this.#waiting.live.size + this.#waiting.resync.size;
  }

  get unfinishedSeconds(): number {
    return [...this.#working.values()].reduce((sum, since) => sum + this.#secondsSince(since), 0);
  }

  get longestWorkSeconds(): number {
    // A Map keeps the order in which the work was begun.
    const [since] = this.#working.values();
    return since === undefined ? 0 : this.#secondsSince(since);
  }

  add(key: string, priority: Priority = 'live'): void {
    if (this.#closed) return;
    if (this.#working.has(key)) {
      if (!this.#again.has(key) || priority === 'live') this.#again.set(key, priority);
      return;
    }
    if (this.#waiting.live.has(key)) return;
    const since = this.#waiting.resync.get(key);
    if (since !== undefined && priority === 'resync') return;
    this.#waiting.resync.delete(key);
    this.#waiting[priority].set(key, since ?? this.#clock.now());
    if (since === undefined) this.#metrics?.added();
    this.#give();
  }

  /** Adds it when `ms` have passed, unless it is to come earlier anyway. */
  addAfter(key: string, ms: number, priority: Priority = 'live'): void {
    if (this.#closed) return;
    const at = this.#clock.now() + ms;
    const planned = this.#delayed.get(key);
    if (planned && planned.at <= at) return;
    planned?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key, priority);
    });
    this.#delayed.set(key, { at, cancel });
  }

  /** Adds it after the pause of its failures, and not before `minDelayMs` have passed; `forget` ends the count of its failures. */
  addRateLimited(key: string, minDelayMs = 0): void {
    if (this.#closed) return;
    this.#metrics?.retried();
    this.addAfter(key, Math.max(minDelayMs, this.#limiter.next(key)));
  }

  forget(key: string): void {
    this.#limiter.forget(key);
  }

  /** The next key; undefined when the queue has been shut down or the signal is aborted. Call `done` with it. */
  get(signal: AbortSignal): Promise<string | undefined> {
    if (this.#closed || signal.aborted) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const taker = (key: string | undefined) => {
      signal.removeEventListener('abort', leave);
      resolve(key);
    };
    const leave = () => {
      this.#takers.splice(this.#takers.indexOf(taker), 1);
      resolve(undefined);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#takers.push(taker);
    this.#give();
    return promise;
  }

  /** The work on a key has ended, well or not. */
  done(key: string): void {
    const since = this.#working.get(key);
    if (since === undefined) return;
    this.#working.delete(key);
    this.#metrics?.done(this.#secondsSince(since));
    const priority = this.#again.get(key);
    this.#again.delete(key);
    if (priority) this.add(key, priority);
  }

  /** Takes and gives nothing any more, and forgets what waits: whoever works next lists everything again. */
  shutDown(): void {
    this.#closed = true;
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#waiting.live.clear();
    this.#waiting.resync.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #give(): void {
    while (this.#takers.length > 0 && this.length > 0) {
      const { live, resync } = this.#waiting;
      const from = live.size === 0 || (resync.size > 0 && ++this.#taken % 10 === 0) ? resync : live;
      const [key, since] = from.entries().next().value!;
      from.delete(key);
      this.#working.set(key, this.#clock.now());
      this.#metrics?.taken(this.#secondsSince(since));
      this.#takers.shift()!(key);
    }
  }

  #secondsSince(since: number): number {
    return (this.#clock.now() - since) / 1000;
  }
}
