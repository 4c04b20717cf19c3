/**
 * Rates and latency of a bridge, which are differences between counts of two moments; and what they were in the last minutes, for who opens the page
 * because something just happened.
 */
import type { BridgeFigures } from '../observe/figures.ts';
import { quantileMs } from '../observe/quantile.ts';

type Counted = Pick<BridgeFigures, 'sources' | 'rules'>;

/** Milliseconds; undefined without messages. */
export type Latency = { readonly p50Ms: number; readonly p99Ms: number } | undefined;

/** Of all sources together, at a moment. */
export interface Point {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Messages a second. */
  readonly received: number;
  readonly delivered: number;
  readonly latency: Latency;
}

/** Counts by what they are of, such as `received mqtt`. */
type Counts = ReadonlyMap<string, number>;

interface Sample {
  readonly atMs: number;
  readonly counts: Counts;
  readonly buckets: ReadonlyMap<string, Float64Array>;
}

/** How far rates reach back, milliseconds. */
const rateMs = 5000;
const latencyMs = 10_000;
/** At one a second, five minutes. */
const points = 300;

export class Meter {
  readonly #figures: Counted;
  readonly #now: () => number;
  readonly #samples: Sample[];
  readonly #history: Point[] = [];

  /** @param now milliseconds of a clock that only goes forward */
  constructor(figures: Counted, now: () => number = () => performance.now()) {
    this.#figures = figures;
    this.#now = now;
    this.#samples = [this.#take()];
  }

  /** To be called about once a second. */
  sample(): void {
    const newest = this.#take();
    const samples = this.#samples;
    samples.push(newest);
    while (samples.length > 2 && samples[1]!.atMs <= newest.atMs - latencyMs) samples.shift();
    const [received, delivered] = [this.rate('received'), this.rate('delivered')];
    this.#history.push({ at: Date.now(), received, delivered, latency: this.latency('all') });
    if (this.#history.length > points) this.#history.shift();
  }

  /** The last minutes, oldest first. */
  get history(): readonly Point[] {
    return this.#history;
  }

  /** A second, over the last five. 0 for what there was not then: a rule that a reload has brought counts from its first sample on. */
  rate(name: string): number {
    const newest = this.#samples.at(-1)!;
    const since = this.#samples.find(({ atMs }) => atMs >= newest.atMs - rateMs)!;
    const before = since.counts.get(name) ?? newest.counts.get(name) ?? 0;
    const seconds = (newest.atMs - since.atMs) / 1000;
    return seconds > 0 ? Math.max(0, (newest.counts.get(name) ?? 0) - before) / seconds : 0;
  }

  /** Of the last ten seconds. */
  latency(name: string): Latency {
    const newest = this.#samples.at(-1)!.buckets.get(name);
    if (newest === undefined) return undefined;
    const before = this.#samples[0]!.buckets.get(name);
    const counts = newest.map((count, bucket) => Math.max(0, count - (before?.[bucket] ?? 0)));
    const [p50Ms, p99Ms] = [quantileMs(counts, 0.5), quantileMs(counts, 0.99)];
    return p50Ms === undefined || p99Ms === undefined ? undefined : { p50Ms, p99Ms };
  }

  #take(): Sample {
    const counts = new Map<string, number>();
    const buckets = new Map<string, Float64Array>();
    const count = (name: string, value: number) => counts.set(name, (counts.get(name) ?? 0) + value);
    const observe = (name: string, more: ArrayLike<number>) => {
      const sum = buckets.get(name) ?? new Float64Array(more.length);
      for (let bucket = 0; bucket < more.length; bucket++) sum[bucket]! += more[bucket]!;
      buckets.set(name, sum);
    };
    for (const { name, account } of this.#figures.sources) {
      const delivered = account.count('delivered');
      for (const which of ['', ` ${name}`]) {
        count(`received${which}`, account.received);
        count(`delivered${which}`, delivered);
      }
      observe('all', account.histogram.counts);
      observe(`source ${name}`, account.histogram.counts);
    }
    for (const { name, matched, passed, sinks } of this.#figures.rules) {
      count(`matched ${name}`, matched);
      count(`passed ${name}`, passed);
      for (const { latency } of sinks) observe(`rule ${name}`, latency.counts);
    }
    return { atMs: this.#now(), counts, buckets };
  }
}
