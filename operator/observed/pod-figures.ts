/**
 * What the Pods of bridges say of themselves at /metrics: whether they are connected to both sides, and how much flows.
 *
 * They are asked here by the clock, each twice a minute and a new one at once, and never by a reconcile: a Pod that does not answer holds up
 * nobody else's pipeline. A bridge is looked at again only when the answers say something new.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { ObservedPod } from './observed-objects.ts';
import { holds, twoDigits } from './rate-text.ts';
import { isSameConfig, type ReplicaConfig, replicaConfigOf } from './replica-config.ts';
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
  /** What each Pod that answered when it was last asked runs, by its uid. */
  readonly replicas: ReadonlyMap<string, ReplicaConfig>;
}

export const noFigures: Figures = {
  connections: { mqtt: undefined, kafka: undefined },
  flow: undefined,
  replicas: new Map(),
};

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
/** How often Pods are asked that are to take a document, and how long they are waited for so, milliseconds. */
const soonMs = 1000;
const soonForMs = 60_000;

interface Reading {
  readonly at: number;
  readonly received: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly mqtt: boolean;
  readonly kafka: boolean;
  readonly config: ReplicaConfig;
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
  /** What the Pods of a bridge are to run, and until when they are asked often, by its key. */
  readonly #expected = new Map<string, { readonly hash: number; readonly until: number }>();

  constructor(options: PodFiguresOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#intervalMs = options.intervalMs ?? 30_000;
  }

  /** What is known of a bridge. */
  of(key: string): Figures {
    return this.#figures.get(key) ?? noFigures;
  }

  /** The Pods of a bridge are to run a document: for a while they are asked often whether they do. */
  expect(key: string, hash: number): void {
    if (this.#expected.get(key)?.hash !== hash) this.#expected.set(key, { hash, until: this.#now() + soonForMs });
  }

  /** Asks again and again until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    let ticks = 0;
    while (!signal.aborted) {
      if (ticks++ % (tickMs / soonMs) === 0 || this.#expectsSoon()) await this.ask(signal);
      await pause(soonMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #expectsSoon(): boolean {
    const now = this.#now();
    return [...this.#expected.values()].some(({ until }) => until > now);
  }

  /** Asks once all Pods that have not been asked for an interval. */
  async ask(signal: AbortSignal): Promise<void> {
    const pods = this.#options.pods();
    const isThere = ({ ip, metadata }: ObservedPod) => ip !== undefined && !metadata.deletionTimestamp;
    const there = new Set([...pods.values()].flat().filter(isThere));
    const uids = new Set([...there].map(({ metadata }) => metadata.uid!));
    const stays = ([uid]: readonly [string, unknown]) => uids.has(uid);
    const asked = new Map([...this.#asked].filter(stays));
    const readings = new Map([...this.#readings].filter(stays));
    for (const key of this.#expected.keys()) if (!pods.has(key)) this.#expected.delete(key);
    const due = [...pods].flatMap(([key, own]) =>
      own.filter(pod => there.has(pod) && this.#isDue(pod.metadata.uid!, key)),
    );
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
        const figures = figuresOf(own, readings);
        const shown = old.get(key) ?? noFigures;
        return [key, saysTheSame(shown, figures) ? shown : figures];
      }),
    );
    for (const [key, figures] of this.#figures)
      if (figures !== (old.get(key) ?? noFigures)) this.#options.onChange(key);
  }

  #isDue(uid: string, key: string): boolean {
    const askedAt = this.#asked.get(uid);
    const now = this.#now();
    if (askedAt === undefined || now - askedAt >= this.#intervalMs) return true;
    const expected = this.#expected.get(key);
    if (expected === undefined || expected.until <= now) return false;
    const config = this.#readings.get(uid)?.last.config;
    return config === undefined || (config.hash !== undefined && config.hash !== expected.hash);
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
    config: replicaConfigOf(samples),
  };
}

function figuresOf(pods: readonly ObservedPod[], all: ReadonlyMap<string, PodReadings>): Figures {
  const replicas = new Map(
    pods.flatMap(({ metadata: { uid } }) => {
      const found = all.get(uid!);
      return found ? [[uid!, found.last.config] as const] : [];
    }),
  );
  if (replicas.size === 0) return noFigures;
  const readings = [...replicas.keys()].map(uid => all.get(uid)!);
  const connections = {
    mqtt: readings.every(({ last }) => last.mqtt),
    kafka: readings.every(({ last }) => last.kafka),
  };
  const flow = readings
    .flatMap(flowOf)
    .reduce<Flow | undefined>((total, one) => (total ? added(total, one) : one), undefined);
  return { connections, flow, replicas };
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
  if (shown.replicas.size !== next.replicas.size) return false;
  if (![...next.replicas].every(([uid, config]) => isSameConfig(shown.replicas.get(uid), config))) return false;
  if (shown.flow === undefined || next.flow === undefined) return true;
  const { flow } = next;
  return (
    holds(shown.flow.received, flow.received, flow.seconds) &&
    holds(shown.flow.delivered, flow.delivered, flow.seconds) &&
    twoDigits(shown.flow.deadLettered) === twoDigits(flow.deadLettered) &&
    twoDigits(shown.flow.dropped) === twoDigits(flow.dropped)
  );
}
