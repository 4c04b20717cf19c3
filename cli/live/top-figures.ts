/** What `mkb top` shows: figures of bridges, of their sources and of their rules, over all replicas that were asked. */
import { quantileMs } from '../../bridge/observe/quantile.ts';
import type { Moving } from './scrape.ts';

/** Rates are messages a second. */
export interface BridgeTop {
  readonly bridge: string;
  readonly replicas: number;
  /** Replicas that are connected. */
  readonly mqttConnected: number;
  readonly kafkaConnected: number;
  /** Memory that undelivered records hold, and what it may come to. */
  readonly bufferBytes: number;
  readonly bufferLimitBytes: number;
  /** Of a bridge with `delivery.buffer`. */
  readonly stored?: { readonly messages: number; readonly bytes: number; readonly oldestSeconds: number };
  /** Failures that are retried. */
  readonly retriedRate: number;
  readonly sources: readonly SourceTop[];
  readonly rules: readonly RuleTop[];
}

export interface SourceTop {
  readonly source: string;
  readonly receivedRate: number;
  readonly deliveredRate: number;
  readonly deadLetteredRate: number;
  readonly droppedRate: number;
  readonly inFlight: number;
  /** Of the message that is in flight for longest. */
  readonly oldestSeconds: number;
  /** The part of the time in which it was asked for nothing, 0 to 1. */
  readonly paused: number;
  /** From receipt to the last acknowledgement, of what was delivered meanwhile. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export interface RuleTop {
  readonly rule: string;
  readonly matchedRate: number;
  readonly passedRate: number;
  readonly failedRate: number;
  readonly deliveredRate: number;
  /** Of all its sinks. */
  readonly undeliveredRate: number;
}

type Labels = Readonly<Record<string, string>>;
const add = (left: number, right: number): number => left + right;

/** @param replicas what each process has */
export function topOf(replicas: readonly (readonly Moving[])[]): BridgeTop[] {
  const all = new Figures(replicas.flat());
  return all.values('bridge', {}).map(bridge => bridgeOf(bridge, all, replicas));
}

function bridgeOf(bridge: string, all: Figures, replicas: readonly (readonly Moving[])[]): BridgeTop {
  const own = new Figures(all.of({ bridge }));
  const count = replicas.filter(each => each.some(({ labels }) => labels.get('bridge') === bridge)).length;
  const stored = own.has('mkb_buffer_messages') && {
    messages: own.value('mkb_buffer_messages'),
    bytes: own.value('mkb_buffer_stored_bytes'),
    oldestSeconds: own.most('mkb_buffer_oldest_seconds'),
  };
  return {
    ...{ bridge, replicas: count },
    mqttConnected: own.value('mkb_mqtt_connected'),
    kafkaConnected: own.value('mkb_kafka_connected'),
    bufferBytes: own.value('mkb_buffer_bytes'),
    bufferLimitBytes: own.value('mkb_buffer_limit_bytes'),
    ...(stored && { stored }),
    retriedRate: own.rate('mkb_retried_errors_total'),
    sources: own.values('source', {}).map(source => sourceOf(source, new Figures(own.of({ source })), count)),
    rules: own.values('rule', {}).map(rule => ruleOf(rule, new Figures(own.of({ rule })))),
  };
}

function sourceOf(source: string, own: Figures, replicas: number): SourceTop {
  const counts = own.bucketRates('mkb_delivery_seconds_bucket');
  const [p50Ms, p99Ms] = [0.5, 0.99].map(share => quantileMs(counts.rates, share, counts.bounds));
  return {
    source,
    receivedRate: own.rate('mkb_messages_received_total'),
    deliveredRate: own.rate('mkb_messages_delivered_total'),
    deadLetteredRate: own.rate('mkb_messages_dead_lettered_total'),
    droppedRate: own.rate('mkb_messages_dropped_total'),
    inFlight: own.value('mkb_messages_in_flight'),
    oldestSeconds: own.most('mkb_oldest_in_flight_seconds'),
    paused: Math.min(1, own.rate('mkb_paused_seconds_total') / Math.max(1, replicas)),
    ...(p50Ms !== undefined && p99Ms !== undefined && { p50Ms, p99Ms }),
  };
}

const ruleOf = (rule: string, own: Figures): RuleTop => ({
  rule,
  matchedRate: own.rate('mkb_rule_matched_total'),
  passedRate: own.rate('mkb_rule_passed_total'),
  failedRate: own.rate('mkb_rule_failed_total'),
  deliveredRate: own.rate('mkb_sink_records_delivered_total'),
  undeliveredRate: own.rate('mkb_sink_records_failed_total'),
});

/** Series to ask for sums of. */
class Figures {
  readonly #series: readonly Moving[];

  constructor(series: readonly Moving[]) {
    this.#series = series;
  }

  of(labels: Labels): Moving[] {
    const wanted = Object.entries(labels);
    return this.#series.filter(each => wanted.every(([name, value]) => each.labels.get(name) === value));
  }

  /** The values that a label has, in the order in which they came. */
  values(label: string, among: Labels): string[] {
    return [...new Set(this.of(among).flatMap(({ labels }) => labels.get(label) ?? []))];
  }

  has(name: string): boolean {
    return this.#named(name).length > 0;
  }

  value(name: string): number {
    return this.#named(name)
      .map(({ value }) => value)
      .reduce(add, 0);
  }

  most(name: string): number {
    return this.#named(name).reduce((most, { value }) => Math.max(most, value), 0);
  }

  rate(name: string): number {
    return this.#named(name)
      .map(({ rate }) => rate)
      .reduce(add, 0);
  }

  /** Of a histogram, messages a second in each bucket, and the upper bounds in seconds; the last bucket has none. */
  bucketRates(name: string): { readonly bounds: readonly number[]; readonly rates: readonly number[] } {
    const below = new Map<number, number>();
    for (const { labels, rate } of this.#named(name)) {
      const le = labels.get('le');
      const bound = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
      below.set(bound, (below.get(bound) ?? 0) + rate);
    }
    const sorted = [...below].sort(([left], [right]) => left - right);
    const rates = sorted.map(([, rate], at) => Math.max(0, rate - (sorted[at - 1]?.[1] ?? 0)));
    return { bounds: sorted.map(([bound]) => bound).filter(Number.isFinite), rates };
  }

  #named(name: string): Moving[] {
    return this.#series.filter(each => each.name === name);
  }
}
