/**
 * What the Pods of bridges say of themselves at /metrics: whether they are connected to both sides, and how much flows.
 *
 * They are asked here by the clock, each twice a minute and a new one at once, and never by a reconcile: a Pod that does not answer holds up
 * nobody else's pipeline. A bridge is looked at again only when the answers say something new.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ObservedPod } from './observed-objects.ts';
import { holds, twoDigits } from './rate-text.ts';
import { inTurns } from './turns.ts';

/** Whether every Pod that answered is connected; undefined when none did. */
export interface Connections {
  readonly mqtt: boolean | undefined;
  readonly kafka: boolean | undefined;
}

/** Of all Pods of a bridge together: messages from MQTT and records from Kafka. What failed is also of events and rows of windows. */
export interface Flow {
  /** A second. */
  readonly received: number;
  readonly delivered: number;
  /** Since the Pods started. */
  readonly deadLettered: number;
  /** Since the Pods started; without those that a rule let through nowhere on purpose. */
  readonly dropped: number;
  /** Over which the rates were counted. */
  readonly seconds: number;
}

export interface Figures {
  readonly connections: Connections;
  /** Undefined until a Pod has been asked twice. */
  readonly flow: Flow | undefined;
}

export const noFigures: Figures = { connections: { mqtt: undefined, kafka: undefined }, flow: undefined };

export interface PodFiguresOptions {
  /** The bridge Pods there are, by the key of their bridge. */
  readonly pods: () => ReadonlyMap<string, readonly ObservedPod[]>;
  /** Gets a page; rejects when it cannot be had. */
  readonly fetchText: (url: string, signal: AbortSignal) => Promise<string>;
  /** Called with the key of a bridge whose figures say something new. */
  readonly onChange: (key: string) => void;
  /** How long it is until a Pod is asked again. */
  readonly intervalMs?: number;
  /** How long a Pod may take to answer. */
  readonly timeoutMs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/** The port of the bridge's metrics. */
const port = 9400;
/** How often it is seen which Pods are to be asked, milliseconds. */
const tickMs = 5000;
/** How many Pods are asked at once. */
const atOnce = 16;
/** How long the Pods of one namespace may hold up the figures of all, milliseconds. */
const roundMs = 8000;

interface Reading {
  readonly at: number;
  readonly received: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly mqtt: boolean;
  readonly kafka: boolean;
}

interface PodReadings {
  readonly last: Reading;
  readonly before: Reading | undefined;
}

export class PodFigures {
  readonly #options: PodFiguresOptions;
  readonly #now: () => number;
  readonly #intervalMs: number;
  /** When each Pod was last asked, by its uid. */
  #asked: ReadonlyMap<string, number> = new Map();
  /** Of Pods that answered when they were last asked. */
  #readings: ReadonlyMap<string, PodReadings> = new Map();
  #figures: ReadonlyMap<string, Figures> = new Map();

  constructor(options: PodFiguresOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#intervalMs = options.intervalMs ?? 30_000;
  }

  /** What is known of a bridge. */
  of(key: string): Figures {
    return this.#figures.get(key) ?? noFigures;
  }

  /** Asks again and again until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.ask(signal);
      await pause(tickMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asks once all Pods that have not been asked for an interval. */
  async ask(signal: AbortSignal): Promise<void> {
    const pods = this.#options.pods();
    const there = [...pods.values()].flat().filter(pod => pod.ip !== undefined && !pod.metadata.deletionTimestamp);
    const uids = new Set(there.map(({ metadata }) => metadata.uid!));
    const stays = ([uid]: readonly [string, unknown]) => uids.has(uid);
    const asked = new Map([...this.#asked].filter(stays));
    const readings = new Map([...this.#readings].filter(stays));
    const due = there.filter(({ metadata }) => this.#isDue(metadata.uid!));
    const ask = async (pod: ObservedPod) => {
      const uid = pod.metadata.uid!;
      const last = await this.#read(pod, signal);
      asked.set(uid, this.#now());
      if (last) readings.set(uid, { last, before: readings.get(uid)?.last });
      else readings.delete(uid);
    };
    // What is left of a namespace whose Pods do not answer comes with the next round.
    const byNamespace = Map.groupBy(due, ({ metadata }) => metadata.namespace).values();
    await inTurns(byNamespace, ask, { atOnce, limitMs: roundMs, now: this.#now, signal });
    if (signal.aborted) return;
    this.#asked = asked;
    this.#readings = readings;
    const old = this.#figures;
    this.#figures = new Map(
      [...pods].map(([key, own]) => {
        const figures = summed(own.flatMap(({ metadata }) => readings.get(metadata.uid!) ?? []));
        const shown = old.get(key) ?? noFigures;
        return [key, saysTheSame(shown, figures) ? shown : figures];
      }),
    );
    for (const [key, figures] of this.#figures)
      if (figures !== (old.get(key) ?? noFigures)) this.#options.onChange(key);
  }

  #isDue(uid: string): boolean {
    const askedAt = this.#asked.get(uid);
    return askedAt === undefined || this.#now() - askedAt >= this.#intervalMs;
  }

  async #read(pod: ObservedPod, signal: AbortSignal): Promise<Reading | undefined> {
    const { fetchText, timeoutMs = 2000 } = this.#options;
    const host = pod.ip!.includes(':') ? `[${pod.ip}]` : pod.ip;
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const page = await fetchText(`http://${host}:${port}/metrics`, limit);
      return readingOf(page, this.#now());
    } catch {
      // Its readiness says that it does not answer.
      return undefined;
    }
  }
}

/** Dropped on purpose: a WHERE said no, no rule wanted the topic, or it is a copy too many. */
const intended = /reason="(filtered|no_rule|other_copy|old_subscription|retained|aggregated|expired)"/;
/** What the bridge makes itself, and did not come in. */
const made = /source="(events|windows)"/;

function readingOf(page: string, at: number): Reading {
  const samples = page.split('\n').filter(line => line.startsWith('mkb_'));
  const values = (name: string, except?: RegExp) =>
    samples
      .filter(line => /^[^{ ]+/.exec(line)![0] === name && !except?.test(line))
      .map(line => Number(line.slice(line.lastIndexOf(' ') + 1)));
  const sum = (name: string, except?: RegExp) => values(name, except).reduce((total, value) => total + value, 0);
  const connected = (name: string) => {
    const found = values(name);
    return found.length > 0 && found.every(value => value === 1);
  };
  return {
    at,
    received: sum('mkb_messages_received_total', made),
    delivered: sum('mkb_messages_delivered_total', made),
    deadLettered: sum('mkb_messages_dead_lettered_total'),
    dropped: sum('mkb_messages_dropped_total', intended),
    mqtt: connected('mkb_mqtt_connected'),
    kafka: connected('mkb_kafka_connected'),
  };
}

function summed(readings: readonly PodReadings[]): Figures {
  if (readings.length === 0) return noFigures;
  const connections = {
    mqtt: readings.every(({ last }) => last.mqtt),
    kafka: readings.every(({ last }) => last.kafka),
  };
  const flow = readings
    .flatMap(flowOf)
    .reduce<Flow | undefined>((total, one) => (total ? added(total, one) : one), undefined);
  return { connections, flow };
}

function flowOf({ last, before }: PodReadings): Flow[] {
  if (before === undefined || last.at <= before.at) return [];
  const seconds = (last.at - before.at) / 1000;
  // A process that was started again counts from zero.
  const rate = (now: number, then: number) => (now < then ? now : now - then) / seconds;
  return [
    {
      received: rate(last.received, before.received),
      delivered: rate(last.delivered, before.delivered),
      deadLettered: last.deadLettered,
      dropped: last.dropped,
      seconds,
    },
  ];
}

const added = (one: Flow, other: Flow): Flow => ({
  received: one.received + other.received,
  delivered: one.delivered + other.delivered,
  deadLettered: one.deadLettered + other.deadLettered,
  dropped: one.dropped + other.dropped,
  seconds: Math.min(one.seconds, other.seconds),
});

function saysTheSame(shown: Figures, next: Figures): boolean {
  const same = (['mqtt', 'kafka'] as const).every(side => shown.connections[side] === next.connections[side]);
  if (!same || (shown.flow === undefined) !== (next.flow === undefined)) return false;
  if (shown.flow === undefined || next.flow === undefined) return true;
  const { flow } = next;
  return (
    holds(shown.flow.received, flow.received, flow.seconds) &&
    holds(shown.flow.delivered, flow.delivered, flow.seconds) &&
    twoDigits(shown.flow.deadLettered) === twoDigits(flow.deadLettered) &&
    twoDigits(shown.flow.dropped) === twoDigits(flow.dropped)
  );
}
