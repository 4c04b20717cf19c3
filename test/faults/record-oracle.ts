/**
 * The oracle of loss from Kafka to MQTT: it writes numbered records to Kafka, listens at the MQTT broker with a client that is none of ours, and
 * judges. A record may arrive more than once; the first arrivals of each key must be all of them, in the order written.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import mqtt, { type MqttClient } from 'mqtt';
import { until } from '../real/until.ts';

export interface RecordOracleOptions {
  readonly mqttUrl: string;
  /** Messages of key k0 come at `<topicPrefix>/k0`. */
  readonly topicPrefix: string;
  readonly kafka: Kafka;
  readonly kafkaTopic: string;
  readonly keys?: number;
  readonly recordsPerKey?: number;
  readonly recordsPerSecond?: number;
  /** How long nothing new may arrive before what is missing counts as lost. */
  readonly patienceMs?: number;
}

export interface RecordVerdict {
  /** What is wrong; empty is good. */
  readonly problems: readonly string[];
  readonly repeated: number;
  readonly written: number;
  readonly lost: number;
}

export class RecordOracle {
  readonly total: number;
  /** Records that Kafka has acknowledged. */
  written = 0;
  /** Different records that arrived. */
  arrived = 0;
  /** Arrivals of records that had arrived before. */
  repeated = 0;
  readonly #options: Required<RecordOracleOptions>;
  readonly #problems: string[] = [];
  /** Numbers that arrived, by key, and the largest of them. */
  readonly #last = new Map<string, number>();
  readonly #first = new Map<string, Set<number>>();
  #subscriber: MqttClient | undefined;
  #writing: Promise<void> | undefined;
  #arrivedAt = 0;
  #stopped = false;

  constructor(options: RecordOracleOptions) {
    this.#options = { keys: 4, recordsPerKey: 1000, recordsPerSecond: 2000, patienceMs: 60_000, ...options };
    this.total = this.#options.keys * this.#options.recordsPerKey;
    for (let key = 0; key < this.#options.keys; key++) this.#first.set(`k${key}`, new Set());
  }

  /** Subscribes, and begins to write. */
  async start(): Promise<void> {
    const { mqttUrl, topicPrefix } = this.#options;
    const clientId = `listener-${topicPrefix.replaceAll('/', '-')}`;
    this.#subscriber = await mqtt.connectAsync(mqttUrl, {
      clientId,
      clean: false,
      protocolVersion: 5,
      reconnectPeriod: 100,
      properties: { sessionExpiryInterval: 3600 },
    });
    this.#subscriber.on('message', (topic, payload) => this.#heard(topic, payload));
    await this.#subscriber.subscribeAsync(`${topicPrefix}/+`, { qos: 1 });
    this.#writing = this.#write();
    // Thrown by `verdict`, which may come late.
    this.#writing.catch(() => undefined);
  }

  /** Waits until this share (0 to 1) of all records has arrived. */
  async reach(share: number): Promise<void> {
    const goal = Math.ceil(this.total * share);
    await until(`${goal} records to arrive`, () => this.arrived >= goal, { timeoutMs: 120_000, everyMs: 10 });
  }

  /** Waits until Kafka has this share of all records. */
  async reachWritten(share: number): Promise<void> {
    const goal = Math.ceil(this.total * share);
    await until(`${goal} records to be written`, () => this.written >= goal, { timeoutMs: 120_000, everyMs: 10 });
  }

  /** Waits for the end of writing and of arriving, and judges. The faults must be undone by now. */
  async verdict(): Promise<RecordVerdict> {
    await this.#writing;
    this.#arrivedAt = performance.now();
    await until(
      'all to arrive, or nothing more',
      () => this.arrived === this.total || performance.now() - this.#arrivedAt > this.#options.patienceMs,
      { timeoutMs: 300_000 },
    );
    const problems = [...this.#problems];
    for (const [key, numbers] of this.#first) {
      const missing = Array.from({ length: this.#options.recordsPerKey }, (_, number) => number).filter(
        number => !numbers.has(number),
      );
      if (missing.length > 0) problems.push(`${key}: ${missing.length} lost, the first is ${missing[0]}`);
    }
    const { repeated, written } = this;
    return { problems, repeated, written, lost: this.total - this.arrived };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing?.catch(() => undefined);
    await this.#subscriber?.endAsync(true);
  }

  #heard(topic: string, payload: Buffer): void {
    const { key, number } = JSON.parse(payload.toString()) as { key: string; number: number };
    const numbers = this.#first.get(key);
    if (numbers === undefined || !topic.endsWith(`/${key}`)) {
      this.#problems.push(`a message that nobody wrote: ${topic} ${payload}`);
      return;
    }
    if (numbers.has(number)) {
      this.repeated++;
      return;
    }
    const last = this.#last.get(key) ?? -1;
    if (number < last) this.#problems.push(`${key}: ${number} came after ${last}`);
    this.#last.set(key, Math.max(last, number));
    numbers.add(number);
    this.arrived++;
    this.#arrivedAt = performance.now();
  }

  /**
   * One send for each key, and so for one partition: when a leader moves, kafkajs 2.2.4 forgets the part of a send to several brokers that
   * was refused, if another part went to the new leader, and says that all is written.
   */
  async #write(): Promise<void> {
    const { kafka, kafkaTopic, keys, recordsPerKey, recordsPerSecond } = this.#options;
    const producer = kafka.producer();
    await producer.connect();
    const begun = performance.now();
    for (let number = 0; number < recordsPerKey && !this.#stopped; number += 10) {
      await Promise.all(
        Array.from({ length: keys }, async (_, at) => {
          const key = `k${at}`;
          const messages = Array.from({ length: 10 }, (_none, more) => ({
            key,
            value: JSON.stringify({ key, number: number + more }),
          }));
          await producer.send({ topic: kafkaTopic, acks: -1, messages });
          this.written += messages.length;
        }),
      );
      await pause(Math.max(0, begun + (this.written / recordsPerSecond) * 1000 - performance.now()));
    }
    await producer.disconnect();
  }
}
