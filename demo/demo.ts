/**
 * The whole way in one process: embedded Kafka, embedded MQTT, the real bridge with a real document, and vehicles.
 *
 * It starts from the end, so that nothing is published that could not arrive, and it stops from the beginning: the vehicles fall silent, the
 * bridge is let read what the MQTT server still holds for it, drains, and only then does the rest go. So what was published and
 * what is in Kafka can be compared at the end, to the message.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { MqttKafkaBridge } from '../api/bridge.ts';
import { type Bridge, prepareBridge } from '../bridge/main.ts';
import { type HttpEndpoint, serveHttp } from '../bridge/observe/http.ts';
import type { Logger } from '../bridge/observe/log.ts';
import { registerMetrics } from '../bridge/observe/metrics.ts';
import { loadDemoDocument, topicOf, withListener, withPorts } from './document.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from './embedded/kafka.ts';
import { type EmbeddedMqtt, startEmbeddedMqtt } from './embedded/mqtt.ts';
import { type Counted, type Figures, lostOf, Meter, type Totals, totalsOf } from './meter.ts';
import { type PageFacts, type PageServer, servePage } from './page/server.ts';
import { type PortWish, startOnPort } from './ports.ts';
import { type Fleet, startFleet } from './vehicles/fleet.ts';

export interface DemoOptions {
  readonly vehicles: number;
  readonly intervalMs: number;
  readonly seed: number | string;
  readonly ports: Readonly<Record<'mqtt' | 'kafka' | 'metrics', PortWish>>;
  /** Whether the vehicles connect to the bridge itself, with no MQTT broker between. */
  readonly listen?: boolean;
  /** Where to serve the page; undefined for no page. */
  readonly page: PortWish | undefined;
  readonly log: Logger;
}

/** What runs where, all of it on this machine. */
export interface DemoFacts extends PageFacts {
  readonly metricsPort: number;
  readonly pagePort: number | undefined;
  /** Whether the MQTT server is the bridge. */
  readonly listens: boolean;
  /** Usual ports that were taken, and what stands in. */
  readonly moved: readonly { readonly option: string; readonly from: number; readonly to: number }[];
}

export interface DemoSummary extends Totals {
  readonly seconds: number;
  readonly lost: number;
  readonly latency: Figures['latency'];
}

const sampleEveryMs = 1000;
/** How long the bridge may take to read what the MQTT server holds for it, ms. */
const catchUpMs = 10_000;

type Stop = () => Promise<unknown>;

/** Starts everything, and stops again what had started if something fails. Throws `demo-port-unusable`, and what a bridge's start throws. */
export const startDemo = async (options: DemoOptions): Promise<Demo> => {
  const stops: Stop[] = [];
  try {
    return await startParts(options, stops);
  } catch (error) {
    // What fails while it is stopped says nothing new: the first error is the one to report.
    for (const stop of stops.reverse()) await stop().catch(() => undefined);
    throw error;
  }
};

const startParts = async (options: DemoOptions, stops: Stop[]): Promise<Demo> => {
  const { ports, vehicles, intervalMs, seed } = options;
  const wishes = [...Object.values(ports), ...(options.page ? [options.page] : [])];
  const reserved = new Set(wishes.filter(({ asked }) => asked).map(({ port }) => port));
  const document = await loadDemoDocument();
  const topic = topicOf(document);

  const kafka = await startOnPort(ports.kafka, reserved, port => startEmbeddedKafka({ port }));
  stops.push(() => kafka.stop());
  const kafkaPort = kafka.cluster.node(1).port;
  const { mqtt, bridge } = await (options.listen ? startListening : startBehindBroker)(options, document, {
    kafkaPort,
    reserved,
    stops,
  });
  const mqttPort = mqtt?.port ?? bridge.listener!.listener.ports[0]!;
  const registry = new Registry();
  registerMetrics(registry, () => [bridge]);
  const metrics = await startOnPort(ports.metrics, reserved, port =>
    serveHttp({ host: '127.0.0.1', port }, registry, () => [bridge]),
  );
  stops.push(() => metrics.close());
  if (mqtt) await bridge.start();

  const mqttVersion = mqtt ? '3.1.1' : '5';
  const fleet = startFleet({ url: `mqtt://127.0.0.1:${mqttPort}`, mqttVersion, vehicles, intervalMs, seed });
  stops.push(() => fleet.stop());
  await fleet.ready;

  const { sql } = bridge.rules[0]!.rule;
  const where = { mqttPort, kafkaPort, metricsPort: portOf(metrics.url), topic, sql, vehicles };
  const page =
    options.page && (await startOnPort(options.page, reserved, port => servePage({ port, kafka, facts: where })));
  const moved = [
    ...movedFrom(ports.mqtt, mqttPort),
    ...movedFrom(ports.kafka, kafkaPort),
    ...movedFrom(ports.metrics, where.metricsPort),
    ...(page ? movedFrom(options.page!, page.port) : []),
  ];
  return new Demo(
    { ...where, pagePort: page?.port, listens: mqtt === undefined, moved },
    { kafka, mqtt, bridge, metrics, fleet, page },
  );
};

interface Start {
  readonly kafkaPort: number;
  readonly reserved: ReadonlySet<number>;
  readonly stops: Stop[];
}

type StartMqtt = (
  options: DemoOptions,
  document: MqttKafkaBridge,
  start: Start,
) => Promise<{ readonly mqtt: EmbeddedMqtt | undefined; readonly bridge: Bridge }>;

/** An MQTT server, and a bridge that is not started. */
const startBehindBroker: StartMqtt = async ({ ports, log }, document, { kafkaPort, reserved, stops }) => {
  const mqtt = await startOnPort(ports.mqtt, reserved, port => startEmbeddedMqtt({ port }));
  stops.push(() => mqtt.stop());
  const bridge = await prepareBridge(withPorts(document, { mqtt: mqtt.port, kafka: kafkaPort }), { secrets, log });
  stops.push(() => bridge.stop());
  return { mqtt, bridge };
};

/** A bridge that is the MQTT server, started. */
const startListening: StartMqtt = async ({ ports, log }, document, { kafkaPort, reserved, stops }) => {
  const bridge = await startOnPort(ports.mqtt, reserved, async port => {
    const prepared = await prepareBridge(withListener(document, { mqtt: port, kafka: kafkaPort }), { secrets, log });
    await prepared.start();
    return prepared;
  });
  stops.push(() => bridge.stop());
  return { mqtt: undefined, bridge };
};

const secrets = { secretsDir: 'secrets' };

const movedFrom = ({ option, port }: PortWish, to: number): DemoFacts['moved'] =>
  port === 0 || port === to ? [] : [{ option, from: port, to }];

const portOf = (url: string): number => Number(new URL(url).port);

interface Parts {
  readonly kafka: EmbeddedKafka;
  readonly mqtt: EmbeddedMqtt | undefined;
  readonly bridge: Bridge;
  readonly metrics: HttpEndpoint;
  readonly fleet: Fleet;
  readonly page: PageServer | undefined;
}

/** A running demo. Use `startDemo`. */
export class Demo {
  readonly facts: DemoFacts;
  /** Rejects when the bridge or the vehicles fail permanently. Never fulfilled. */
  readonly failed: Promise<never>;
  readonly #parts: Parts;
  readonly #counted: Counted;
  readonly #meter: Meter;
  readonly #timer: NodeJS.Timeout;
  readonly #startedMs = performance.now();
  readonly #listeners: ((figures: Figures) => void)[] = [];
  #stopping: Promise<DemoSummary> | undefined;

  constructor(facts: DemoFacts, parts: Parts) {
    this.facts = facts;
    this.#parts = parts;
    const { fleet, bridge, kafka } = parts;
    this.#counted = { fleet, bridge, recordsInKafka: () => endOffsets(kafka, facts.topic.name) };
    this.#meter = new Meter(this.#counted, () => performance.now());
    this.failed = failureOf(parts);
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs);
  }

  /** Calls back with new figures once a second. */
  onFigures(listener: (figures: Figures) => void): void {
    this.#listeners.push(listener);
  }

  /** Stops everything in order, and says what arrived. */
  stop(): Promise<DemoSummary> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #sample(): void {
    const figures = this.#meter.sample();
    this.#parts.page?.show({ ...figures, at: Date.now(), missing: this.#parts.bridge.missing() });
    for (const listener of this.#listeners) listener(figures);
  }

  async #stop(): Promise<DemoSummary> {
    const { fleet, bridge, page, metrics, mqtt, kafka } = this.#parts;
    // A fleet that failed has said so through `failed`; here it is only silent.
    await fleet.stop().catch(() => undefined);
    await this.#caughtUp();
    await bridge.stop();
    clearInterval(this.#timer);
    this.#sample();
    const totals = totalsOf(this.#counted);
    const summary: DemoSummary = {
      ...totals,
      seconds: (performance.now() - this.#startedMs) / 1000,
      lost: lostOf(totals),
      latency: this.#meter.wholeLatency(),
    };
    page?.farewell(summary);
    await Promise.all([page?.close(), metrics.close()]);
    await mqtt?.stop();
    await kafka.stop();
    return summary;
  }

  /** Resolves when the bridge has received what the vehicles published, or has failed, or after a while. */
  async #caughtUp(): Promise<void> {
    const untilMs = performance.now() + catchUpMs;
    while (performance.now() < untilMs && this.#parts.bridge.mqttConnected) {
      const { published, received } = totalsOf(this.#counted);
      if (received >= published) return;
      await pause(10);
    }
  }
}

/** Records that were ever appended to a topic. */
const endOffsets = ({ cluster }: EmbeddedKafka, topic: string): number =>
  (cluster.topic(topic)?.partitions ?? []).reduce((sum, { log }) => sum + log.endOffset, 0);

const failureOf = ({ bridge, fleet }: Parts): Promise<never> => {
  const failed = new Promise<never>((_, reject) => {
    bridge.ended.catch(reject);
    fleet.finished.catch(reject);
  });
  failed.catch(() => undefined);
  return failed;
};
