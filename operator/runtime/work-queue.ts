/**
 * Keys to be worked on, each once however often it is added, and never by two workers at the same time.
 *
 * A key that is added while somebody works on it is kept, and given out again when that work is done: what was added may have come after
 * the worker looked. This is what makes a controller level-based: a key says "look at this again", and never what has happened.
 *
 * Failures come back after a pause that doubles for each key, and all of them together through one bucket, so that a thousand keys that
 * fail do not become a thousand requests at once. What a person has changed goes before what is looked at by the clock; but each
 * tenth key is taken from the other end, so that neither starves.
 */
export type Priority = 'live' | 'resync';

export interface WorkQueueOptions {
  readonly name: string;
  readonly metrics?: QueueMetrics;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly setTimer?: (callback: () => void, ms: number) => { unref?(): unknown };
  /** The first pause after a failure, and the longest; milliseconds. */
  readonly minDelayMs?: number;
  readonly maxDelayMs?: number;
}

/** What is told about a queue; see metrics.ts. */
export interface QueueMetrics {
  added(): void;
  depth(length: number): void;
  taken(waitedSeconds: number): void;
  done(workedSeconds: number): void;
  retried(): void;
}

const bucketSize = 100;
const bucketPerSecond = 10;

export class WorkQueue {
  readonly #metrics: QueueMetrics | undefined;
  readonly #now: () => number;
  readonly #setTimer: NonNullable<WorkQueueOptions['setTimer']>;
  readonly #minDelayMs: number;
  readonly #maxDelayMs: number;
  /** Keys that wait, with when they came. A Map keeps their order. */
  readonly #waiting = { live: new Map<string, number>(), resync: new Map<string, number>() };
  /** Keys that are worked on, with since when. */
  readonly #working = new Map<string, number>();
  /** Keys that were added while they were worked on. */
  readonly #again = new Map<string, Priority>();
  /** When a key that was put off comes, by key. */
  readonly #delayed = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #tokens = bucketSize;
  #tokensAt: number;
  #taken = 0;
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#metrics = options.metrics;
    this.#now = options.now ?? (() => performance.now());
    this.#setTimer = options.setTimer ?? ((callback, ms) => setTimeout(callback, ms));
    this.#minDelayMs = options.minDelayMs ?? 5;
    this.#maxDelayMs = options.maxDelayMs ?? 300_000;
    this.#tokensAt = this.#now();
  }

  /** How many keys wait to be given out. */
  get length(): number {
    return this.#waiting.live.size + this.#waiting.resync.size;
  }

  /** How long the key that is worked on for the longest time is worked on, seconds; 0 for none. */
  get longestWorkSeconds(): number {
    const since = Math.min(...this.#working.values());
    return Number.isFinite(since) ? (this.#now() - since) / 1000 : 0;
  }

  /** How long all keys that are worked on are worked on together, seconds. */
  get unfinishedSeconds(): number {
    return [...this.#working.values()].reduce((sum, since) => sum + (this.#now() - since) / 1000, 0);
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
    this.#waiting[priority].set(key, since ?? this.#now());
    if (since === undefined) this.#metrics?.added();
    this.#metrics?.depth(this.length);
    this.#give();
  }

  /** Adds it when `ms` have passed; of several, the earliest counts. */
  addAfter(key: string, ms: number, priority: Priority = 'live'): void {
    if (this.#closed) return;
    const at = this.#now() + ms;
    const planned = this.#delayed.get(key);
    if (planned !== undefined && planned <= at) return;
    this.#delayed.set(key, at);
    const timer = this.#setTimer(() => {
      if (this.#delayed.get(key) !== at) return;
      this.#delayed.delete(key);
      this.add(key, priority);
    }, ms);
    timer.unref?.();
  }

  /** Adds it after the pause of its failures; `forget` ends the count of them. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.#metrics?.retried();
    const own = Math.min(this.#maxDelayMs, this.#minDelayMs * 2 ** failures);
    this.addAfter(key, Math.max(own, this.#bucketDelayMs()));
  }

  forget(key: string): void {
    this.#failures.delete(key);
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

  done(key: string): void {
    const since = this.#working.get(key);
    if (since === undefined) return;
    this.#working.delete(key);
    this.#metrics?.done((this.#now() - since) / 1000);
    const priority = this.#again.get(key);
    this.#again.delete(key);
    if (priority) this.add(key, priority);
  }

  /** Takes and gives nothing any more. */
  shutDown(): void {
    this.#closed = true;
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  #give(): void {
    while (this.#takers.length > 0 && this.length > 0) {
      const { live, resync } = this.#waiting;
      const fromResync = live.size === 0 || (resync.size > 0 && ++this.#taken % 10 === 0);
      const [key, since] = (fromResync ? resync : live).entries().next().value!;
      (fromResync ? resync : live).delete(key);
      const now = this.#now();
      this.#working.set(key, now);
      this.#metrics?.taken((now - since) / 1000);
      this.#metrics?.depth(this.length);
      this.#takers.shift()!(key);
    }
  }

  /** Takes a token, and says how long it is until that token is there. */
  #bucketDelayMs(): number {
    const now = this.#now();
    this.#tokens = Math.min(bucketSize, this.#tokens + ((now - this.#tokensAt) / 1000) * bucketPerSecond);
    this.#tokensAt = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / bucketPerSecond) * 1000;
  }
}
