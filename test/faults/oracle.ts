/**
 * The oracle of loss: it publishes numbered messages, keeps what the MQTT broker acknowledged, reads Kafka back with a client that is
 * none of ours, and judges (verdict.ts). What happens in between, and which bridge carries the messages, is the test's business.
 */
import type { Kafka } from 'kafkajs';
import { until } from '../real/until.ts';
import { Load, type LoadOptions } from './load.ts';
import { readBack } from './read-back.ts';
import { judge, type Verdict } from './verdict.ts';

export interface OracleOptions extends Partial<LoadOptions> {
  readonly mqttUrl: string;
  readonly topicPrefix: string;
  /** Reads back; must know the way to Kafka without the bridge's proxies. */
  readonly kafka: Kafka;
  readonly kafkaTopic: string;
  /** How long nothing new may arrive before what is missing counts as lost; half a minute when left out. */
  readonly patienceMs?: number;
  /** See `JudgeOptions`. */
  readonly ordered?: boolean;
}

const usual = { clients: 4, messagesPerClient: 1000, qos: 1, messagesPerSecond: 2000, payloadBytes: 285 } as const;

export class Oracle {
  readonly load: Load;
  readonly #options: OracleOptions;

  constructor(options: OracleOptions) {
    this.#options = options;
    this.load = new Load({ ...usual, ...options });
  }

  /** Connects the publishers and begins to publish. The bridge must be subscribed by now. */
  start(): Promise<void> {
    return this.load.start();
  }

  /** Waits until the broker has acknowledged this share (0 to 1) of all messages. */
  async reach(share: number): Promise<void> {
    const goal = Math.ceil(this.load.total * share);
    const timeoutMs = 30_000 + (this.load.total / this.load.options.messagesPerSecond) * 3000;
    await until(`${goal} acknowledged messages`, () => this.load.acknowledged >= goal, { timeoutMs, everyMs: 10 });
  }

  /** Waits for the end of publishing, reads Kafka back, and judges. The faults must be undone by now. */
  async verdict(): Promise<Verdict> {
    await this.load.finished;
    const { kafka, kafkaTopic, patienceMs = 30_000, ordered = true } = this.#options;
    const arrivals = await readBack(kafka, kafkaTopic, this.load.ledgers, patienceMs);
    return judge(this.load.ledgers, arrivals, { ordered });
  }

  stop(): Promise<void> {
    return this.load.stop();
  }
}
