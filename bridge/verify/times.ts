/** When messages were published, and when they were in Kafka: what a fault cost, and how long messages took. */
import type { Verdict } from './verdict.ts';

export class Times {
  /** Of each client, milliseconds of performance.now() by number. */
  readonly #published = new Map<string, number[]>();
  readonly #took: number[] = [];
  /** When the newest of all messages in Kafka was published. */
  newest = Number.NEGATIVE_INFINITY;

  published(client: string, now = performance.now()): void {
    const times = this.#published.get(client);
    if (times === undefined) this.#published.set(client, [now]);
    else times.push(now);
  }

  /** The first record of a message was read. */
  arrived(client: string, number: number, now = performance.now()): void {
    const at = this.#published.get(client)?.[number];
    if (at === undefined) return;
    this.#took.push(now - at);
    this.newest = Math.max(this.newest, at);
  }

  /** Milliseconds from `publish` to where it can be read in Kafka; undefined if nothing came. */
  get latency(): Latency | undefined {
    const sorted = Float64Array.from(this.#took).sort();
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    return sorted.length === 0 ? undefined : { p50: at(0.5), p99: at(0.99), longest: at(1) };
  }

  /** What became of the messages that were published from one time to another and acknowledged. */
  between(from: number, to: number, acknowledged: (client: string) => ReadonlySet<number>, { missing }: Verdict): Lot {
    const lot: { at: number; lost: boolean }[] = [];
    for (const [client, times] of this.#published) {
      const lost = new Set(missing.get(client));
      for (const number of acknowledged(client)) {
        const at = times[number]!;
        if (at >= from && at < to) lot.push({ at, lost: lost.has(number) });
      }
    }
    lot.sort((one, other) => one.at - other.at);
    const lost = lot.filter(each => each.lost).length;
    return { acknowledged: lot.length, lost, end: endOf(lot, lost) };
  }
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Lot {
  readonly acknowledged: number;
  readonly lost: number;
  readonly end: 'newest' | 'oldest' | 'mixed';
}

/** Messages of several clients wait in one queue, in about the order of their times: a few may be out of place. */
function endOf(lot: readonly { readonly lost: boolean }[], lost: number): Lot['end'] {
  const kept = lot.length - lost;
  if (lost === 0 || kept === 0) return 'mixed';
  const first = lot.findIndex(each => each.lost);
  const last = lot.findLastIndex(each => each.lost);
  // Before it went away the bridge had some, and when it was back it got the rest at once.
  if (lot.slice(0, lost).filter(each => each.lost).length > lost / 2) return 'oldest';
  return last - first + 1 <= lost * 1.2 + 10 ? 'newest' : 'mixed';
}
