/**
 * Writers of numbered records, and what Kafka acknowledged of them: as load.ts, with a key for each client.
 *
 * A client sends ten records at a time to its one partition, and nothing new before Kafka has those.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kafka, Producer } from 'kafkajs';
import { numberedPayload } from '../../bridge/verify/numbered-message.ts';
import type { Ledger } from '../../bridge/verify/verdict.ts';
import type { Feed } from './oracle.ts';

export interface KafkaLoadOptions {
  readonly kafka: Kafka;
  readonly topic: string;
  readonly clients: number;
  readonly messagesPerClient: number;
  /** All clients together. */
  readonly messagesPerSecond: number;
  readonly payloadBytes: number;
}

const sendRecords = 10;

export class KafkaLoad implements Feed {
  readonly options: KafkaLoadOptions;
  readonly ledgers: readonly Ledger[];
  readonly #producer: Producer;
  readonly #finished = Promise.withResolvers<void>();
  #writing: Promise<unknown> | undefined;
  #stopped = false;

  constructor(options: KafkaLoadOptions) {
    this.options = options;
    this.#producer = options.kafka.producer({ retry: { retries: 50, maxRetryTime: 1000 } });
    this.ledgers = Array.from({ length: options.clients }, (_, index) => ({
      client: `c${index}`,
      published: 0,
      acknowledged: new Set<number>(),
    }));
  }

  get total(): number {
    return this.options.clients * this.options.messagesPerClient;
  }

  get acknowledged(): number {
    return this.ledgers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0);
  }

  async start(): Promise<void> {
    await this.#producer.connect();
    this.#writing = Promise.all(this.ledgers.map(ledger => this.#write(ledger))).then(
      () => this.#finished.resolve(),
      error => this.#finished.reject(error),
    );
  }

  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#writing;
    await this.#producer.disconnect();
  }

  async #write(ledger: Ledger): Promise<void> {
    const { topic, clients, messagesPerClient, messagesPerSecond, payloadBytes } = this.options;
    const { client, acknowledged } = ledger;
    const begun = performance.now();
    while (ledger.published < messagesPerClient && !this.#stopped) {
      const first = ledger.published;
      ledger.published = Math.min(first + sendRecords, messagesPerClient);
      const numbers = Array.from({ length: ledger.published - first }, (_, index) => first + index);
      const messages = numbers.map(number => ({
        key: client,
        value: numberedPayload({ client, number }, payloadBytes),
      }));
      await this.#producer.send({ topic, acks: -1, messages });
      for (const number of numbers) acknowledged.add(number);
      await pause(Math.max(0, begun + (ledger.published / (messagesPerSecond / clients)) * 1000 - performance.now()));
    }
  }
}
