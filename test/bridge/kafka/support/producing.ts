/** A producer for tests, which counts what becomes of its records. */
import { execFile } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { MkbError } from '../../../../api/errors.ts';
import type { Cluster } from '../../../../bridge/kafka/cluster.ts';
import { Producer } from '../../../../bridge/kafka/producer.ts';
import type { ProducerOptions } from '../../../../bridge/kafka/producer-options.ts';
import { draft } from '../../../../bridge/kafka/record.ts';
import { type KafkaSecurity, securityOptions } from '../../../../network/kafka/security.ts';
import type { KafkaLogin } from '../../../../network/kafka/settings.ts';

export interface TestRecord {
  readonly key?: string;
  readonly value: string;
  readonly partition?: number;
  /** Milliseconds since 1970; some day of 2023 unless a topic is to keep it for days. */
  readonly timestamp?: number;
}

export interface TestFailure {
  readonly token: number;
  readonly value: string | undefined;
  readonly error: MkbError;
}

export type TestOptions = Partial<Omit<ProducerOptions, 'cluster'>> & {
  readonly security?: KafkaSecurity;
  readonly login?: KafkaLogin;
  readonly requestTimeoutMs?: number;
};

export class TestProducer {
  readonly producer: Producer;
  readonly delivered: number[] = [];
  readonly failures: TestFailure[] = [];
  readonly problems: MkbError[] = [];
  #appended = 0;
  #waiting: (() => void) | undefined;

  constructor(options: ProducerOptions) {
    this.producer = new Producer(options, {
      delivered: tokens => this.delivered.push(...tokens),
      failed: (token, { value }, error) => this.failures.push({ token, value: value?.toString(), error }),
      settled: () => this.#waiting?.(),
      problem: error => this.problems.push(error),
    });
  }

  get cluster(): Cluster {
    return this.producer.cluster;
  }

  /** Appends records as one group; their tokens count on from 0. `named`: the document names the topic; `inTurn`: it is written to in turn. */
  append(topic: string, records: readonly TestRecord[], { named = false, inTurn = false } = {}): void {
    const writer = this.producer.topic(topic, named, inTurn);
    for (const { key, value, timestamp = 1_700_000_000_000, ...rest } of records) {
      const record = draft({
        key: key === undefined ? undefined : Buffer.from(key),
        value: Buffer.from(value),
        ...rest,
      });
      record.timestamp = timestamp;
      const token = this.#appended++;
      try {
        this.producer.append(writer, record, token);
      } catch (error) {
        this.failures.push({ token, value, error: error as MkbError });
      }
    }
    this.producer.readEnd();
  }

  /** Waits until all that was appended has an outcome. */
  async outcome(): Promise<void> {
    while (this.delivered.length + this.failures.length < this.#appended) {
      await new Promise<void>(resolve => {
        this.#waiting = resolve;
      });
    }
  }

  /** Appends, waits, and returns how many records were delivered so far. */
  async deliver(topic: string, records: readonly TestRecord[]): Promise<number> {
    this.append(topic, records);
    await this.outcome();
    return this.delivered.length;
  }

  close(): void {
    this.producer.close();
  }
}

/** A producer that is connected. */
export async function producerFor(bootstrap: string, options: TestOptions = {}): Promise<TestProducer> {
  const { security = {}, login, requestTimeoutMs = 10_000, ...rest } = options;
  const test = new TestProducer({
    cluster: {
      clientId: 'test',
      bootstrapServers: bootstrap.split(','),
      metadataMaxAgeMs: 60_000,
      requestTimeoutMs,
      retry: { minDelayMs: 10, maxDelayMs: 100 },
      connection: { connectTimeout: 5000, requestTimeout: requestTimeoutMs, ...securityOptions(security) },
      ...(login && { login }),
    },
    acks: 'all',
    idempotent: (rest.acks ?? 'all') === 'all',
    compression: 'none',
    lingerMs: 2,
    batchBytes: 64 * 1024,
    maxRequestBytes: 1024 * 1024,
    maxGrownBytes: rest.maxRequestBytes ?? 1024 * 1024,
    maxBytes: 16 * 1024 * 1024,
    ...rest,
  });
  try {
    await started(test);
  } catch (error) {
    test.close();
    throw error;
  }
  return test;
}

/** A broker that was just started refuses producer ids for a moment; what no waiting fixes is thrown. */
async function started(test: TestProducer): Promise<void> {
  for (;;) {
    try {
      await test.producer.start();
      return;
    } catch (error) {
      if ((error as MkbError).kind === 'permanent') throw error;
      await pause(20);
    }
  }
}

/** What a topic holds, as librdkafka reads it: in order within each partition. */
export async function readTopic(
  bootstrap: string,
  topic: string,
): Promise<{ key: string; value: string; partition: number }[]> {
  const args = ['-b', bootstrap, '-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-J'];
  const { stdout } = await promisify(execFile)('kcat', args, { maxBuffer: 256 * 1024 * 1024 });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
    .map(({ key, payload, partition }) => ({ key, value: payload, partition }));
}
