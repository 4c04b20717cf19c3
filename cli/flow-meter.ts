/** What `mkb run` shows in numbers: the accounts of all sources of its bridges together, sampled once a second. */
import type { Account } from '../bridge/flow/account.ts';
import { dropReasons, type Outcome } from '../bridge/flow/outcome.ts';
import type { BridgeFigures } from '../bridge/observe/figures.ts';
import { quantileMs } from '../bridge/observe/quantile.ts';
import type { LineFigures } from '../demo/terminal/live-line.ts';

/** The totals of one moment, in messages. */
export interface FlowTotals {
  readonly received: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly returned: number;
  readonly inFlight: number;
  /** Of the dropped, by reason. */
  readonly reasons: readonly (readonly [reason: Outcome, count: number])[];
  /** Messages by bucket of how long they took. */
  readonly buckets: Float64Array;
}

type Counted = Pick<BridgeFigures, 'sources'>;

export const flowTotals = (bridges: readonly Counted[]): FlowTotals => {
  const accounts = bridges.flatMap(({ sources }) => sources.map(({ account }) => account));
  const sum = (read: (account: Account) => number): number => accounts.reduce((all, each) => all + read(each), 0);
  const reasons = dropReasons
    .map(reason => [reason, sum(account => account.count(reason))] as const)
    .filter(([, count]) => count > 0);
  const width = accounts[0]?.histogram.counts.length ?? 0;
  return {
    received: sum(({ received }) => received),
    delivered: sum(account => account.count('delivered')),
    deadLettered: sum(account => account.count('dead_lettered')),
    dropped: reasons.reduce((all, [, count]) => all + count, 0),
    returned: sum(({ returned }) => returned),
    inFlight: sum(({ inFlight }) => inFlight),
    reasons,
    buckets: Float64Array.from({ length: width }, (_, bucket) => sum(({ histogram }) => histogram.counts[bucket]!)),
  };
};

export const latencyOf = (buckets: ArrayLike<number>): LineFigures['latency'] => {
  const [p50Ms, p99Ms] = [quantileMs(buckets, 0.5), quantileMs(buckets, 0.99)];
  return p50Ms === undefined || p99Ms === undefined ? undefined : { p50Ms, p99Ms };
};

interface Sample extends FlowTotals {
  readonly atMs: number;
}

/** How far back rates and latency reach, milliseconds. */
const windowMs = 5000;

export class FlowMeter {
  readonly #bridges: () => readonly Counted[];
  readonly #now: () => number;
  readonly #samples: Sample[];

  /** @param now milliseconds of a clock that only goes forward */
  constructor(bridges: () => readonly Counted[], now: () => number) {
    this.#bridges = bridges;
    this.#now = now;
    this.#samples = [this.#take()];
  }

  /** To be called about once a second. */
  sample(): LineFigures {
    const newest = this.#take();
    this.#samples.push(newest);
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= newest.atMs - windowMs) this.#samples.shift();
    const oldest = this.#samples[0]!;
    const seconds = Math.max(1, newest.atMs - oldest.atMs) / 1000;
    return {
      ...newest,
      rates: { delivered: (newest.delivered - oldest.delivered) / seconds },
      latency: latencyOf(newest.buckets.map((count, bucket) => count - oldest.buckets[bucket]!)),
    };
  }

  #take(): Sample {
    return { ...flowTotals(this.#bridges()), atMs: this.#now() };
  }
}
