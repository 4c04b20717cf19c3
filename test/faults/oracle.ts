/**
 * The oracle of loss: it publishes numbered messages, keeps what the MQTT broker acknowledged, reads Kafka back with a client that is
 * none of ours, and judges (verdict.ts). What happens in between, and which bridge carries the messages, is the test's business.
 */
import type { Kafka } from 'kafkajs';
import { Load, type LoadOptions } from '../../bridge/verify/load.ts';
import { type Arrival, judge, type Ledger, type Verdict } from '../../bridge/verify/verdict.ts';
import { until } from '../real/until.ts';
import { readBack } from './read-back.ts';

/** Puts numbered messages in, and knows which of them the broker has acknowledged. */
export type Feed = Pick<Load, 'ledgers' | 'total' | 'acknowledged' | 'start' | 'finished' | 'stop'> & {
  readonly options: Pick<LoadOptions, 'messagesPerSecond'>;
};

export interface OracleOptions extends Partial<LoadOptions> {
  readonly mqttUrl: string;
  readonly topicPrefix: string;
  /** Reads back; must know the way to Kafka without the bridge's proxies. */
  readonly kafka: Kafka;
  readonly kafkaTopic: string;
  /** How long nothing new may arrive before what is missing counts as lost; a minute when left out. */
  readonly patienceMs?: number;
  /** See `JudgeOptions`. */
  readonly ordered?: boolean;
  /** What puts messages in; publishers when left out. */
  readonly feed?: Feed;
  /** What came out, as `readBack` gives it; the records of `kafkaTopic` when left out. */
  readonly arrivals?: (ledgers: readonly Ledger[], patienceMs: number) => Promise<Arrival[]>;
}

const usual = { clients: 4, messagesPerClient: 1000, qos: 1, messagesPerSecond: 2000, payloadBytes: 285 } as const;

export class Oracle {
  readonly load: Feed;
  readonly #options: OracleOptions;

  constructor(options: OracleOptions) {
    this.#options = options;
    this.load = options.feed ?? new Load({ ...usual, ...options });
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
    const { kafka, kafkaTopic, patienceMs = 60_000, ordered = true } = this.#options;
    const { arrivals = (ledgers, limitMs) => readBack(kafka, kafkaTopic, ledgers, limitMs) } = this.#options;
    return judge(this.load.ledgers, await arrivals(this.load.ledgers, patienceMs), { ordered });
  }

  stop(): Promise<void> {
    return this.load.stop();
  }
}
