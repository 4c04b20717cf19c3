/**
 * What the demo shows in numbers, sampled once a second from the three who count on their own: the vehicles, the bridge and Kafka.
 *
 * That they count independently is the point: the bridge's account always adds up by its construction, but that what the vehicles
 * published is what Kafka has is a finding.
 */
import { intendedOutcomes } from '../bridge/flow/outcome.ts';
import type { Bridge } from '../bridge/main.ts';
import { quantileMs } from '../bridge/observe/quantile.ts';

/** Who is asked. */
export interface Counted {
  readonly fleet: {
    readonly size: number;
    readonly connected: number;
    readonly counters: { readonly published: number; readonly acknowledged: number };
  };
  readonly bridge: Pick<Bridge, 'account' | 'rules'>;
  /** Records that arrived in the topic, counted by the broker. */
  readonly recordsInKafka: () => number;
}

/** The totals of one moment, in messages. */
export interface Totals {
  /** By the vehicles. */
  readonly published: number;
  /** Of these, acknowledged by the MQTT server. */
  readonly acknowledged: number;
  /** By the bridge, which hears other publishers too. */
  readonly received: number;
  /** Passed by a rule. */
  readonly passed: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  /** Of the dropped, those that the rules left out as their SQL says. */
  readonly filtered: number;
  readonly inFlight: number;
  /** Records in the topic. */
  readonly inKafka: number;
}

export interface Figures extends Totals {
  readonly vehicles: number;
  readonly connected: number;
  /** Messages a second over the last five. */
  readonly rates: Readonly<Record<'published' | 'received' | 'passed' | 'delivered', number>>;
  /** Receipt to Kafka's acknowledgement over the last ten seconds, ms; undefined without messages. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined;
}

interface Sample extends Totals {
  readonly atMs: number;
  readonly buckets: Float64Array;
}

const rateWindowMs = 5000;
const latencyWindowMs = 10_000;

export class Meter {
  readonly #counted: Counted;
  readonly #now: () => number;
  readonly #samples: Sample[];

  /** @param now milliseconds of a clock that only goes forward */
  constructor(counted: Counted, now: () => number) {
    this.#counted = counted;
    this.#now = now;
    this.#samples = [this.#take()];
  }

  /** Takes a sample. The windows reach back over those taken before: about once a second is right. */
  sample(): Figures {
    const newest = this.#take();
    this.#samples.push(newest);
    while (this.#samples.length > 2 && this.#samples[1]!.atMs <= newest.atMs - latencyWindowMs) this.#samples.shift();
    const { atMs, buckets, ...totals } = newest;
    const { fleet } = this.#counted;
    return {
      ...totals,
      vehicles: fleet.size,
      connected: fleet.connected,
      rates: this.#rates(newest),
      latency: latencyOf(buckets.map((count, bucket) => count - this.#samples[0]!.buckets[bucket]!)),
    };
  }

  /** The same since the beginning. */
  wholeLatency(): Figures['latency'] {
    return latencyOf(this.#counted.bridge.account.histogram.counts);
  }

  #rates(newest: Sample): Figures['rates'] {
    const since = this.#samples.find(({ atMs }) => atMs >= newest.atMs - rateWindowMs)!;
    const seconds = Math.max(1, newest.atMs - since.atMs) / 1000;
    const rate = (name: keyof Figures['rates']): number => (newest[name] - since[name]) / seconds;
    return {
      published: rate('published'),
      received: rate('received'),
      passed: rate('passed'),
      delivered: rate('delivered'),
    };
  }

  #take(): Sample {
    const { bridge } = this.#counted;
    return {
      ...totalsOf(this.#counted),
      atMs: this.#now(),
      buckets: Float64Array.from(bridge.account.histogram.counts),
    };
  }
}

/** The totals as they are now, all read in one turn of the event loop. */
export const totalsOf = ({ fleet, bridge, recordsInKafka }: Counted): Totals => {
  const { received, inFlight, settled } = bridge.account;
  const delivered = bridge.account.count('delivered');
  const deadLettered = bridge.account.count('dead_lettered');
  const { published, acknowledged } = fleet.counters;
  return {
    published,
    acknowledged,
    received,
    passed: bridge.rules.reduce((sum, rule) => sum + rule.passed, 0),
    delivered,
    deadLettered,
    dropped: settled.reduce((sum, count) => sum + count, 0) - delivered - deadLettered,
    filtered: intendedOutcomes.map(reason => bridge.account.count(reason)).reduce((sum, count) => sum + count),
    inFlight,
    inKafka: recordsInKafka(),
  };
};

/**
 * Messages that were promised and did not arrive, once everything has stopped: acknowledged to a vehicle and not received by the bridge,
 * received and neither delivered nor left out by a rule, or delivered and not in Kafka.
 */
export const lostOf = ({ acknowledged, received, delivered, filtered, inKafka }: Totals): number =>
  Math.max(0, acknowledged - received) + (received - delivered - filtered) + Math.max(0, delivered - inKafka);

const latencyOf = (buckets: ArrayLike<number>): Figures['latency'] => {
  const [p50Ms, p99Ms] = [quantileMs(buckets, 0.5), quantileMs(buckets, 0.99)];
  return p50Ms === undefined || p99Ms === undefined ? undefined : { p50Ms, p99Ms };
};
