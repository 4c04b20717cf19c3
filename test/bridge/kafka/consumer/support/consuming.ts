/** A consumer for tests, what it hands over, and what it reports. */
import type { MkbError } from '../../../../../api/errors.ts';
import { Consumer } from '../../../../../bridge/kafka/consumer/consumer.ts';
import type { ConsumerOptions } from '../../../../../bridge/kafka/consumer/options.ts';

export interface TestConsumer {
  readonly consumer: Consumer;
  /** VALUE@OFFSET of each record. All are settled at once. */
  readonly handed: string[];
  readonly problems: MkbError[];
}

/** Reads a topic from its beginning, with short pauses. */
export async function startConsumer(
  bootstrap: string,
  topic: string,
  more: Partial<ConsumerOptions> = {},
  requestTimeout = 700,
): Promise<TestConsumer> {
  const handed: string[] = [];
  const problems: MkbError[] = [];
  const cluster = {
    clientId: 'c',
    bootstrapServers: bootstrap.split(','),
    metadataMaxAgeMs: 60_000,
    requestTimeoutMs: 300,
    retry: { minDelayMs: 1, maxDelayMs: 5 },
    connection: { connectTimeout: 1000, requestTimeout },
  };
  const self = { bridge: topic, ordinal: 0, host: 'h', instance: topic };
  const wanted = { names: [topic], patterns: new Map(), except: new Set<string>(), discoverEveryMs: 60_000 };
  const group = { self, groupId: `of-${topic}`, instanceId: undefined, wanted, offsetReset: 'earliest' as const };
  const times = { sessionTimeoutMs: 10_000, heartbeatMs: 500, rebalanceTimeoutMs: 10_000, settleTimeoutMs: 1000 };
  const limits = { commitEveryMs: 50, fetchBytes: 2 ** 20, partitionBytes: 2 ** 20 };
  const consumer = new Consumer(
    { cluster, ...group, ...times, ...limits, ...more },
    {
      record: (partition, { value, offset }, taken) => {
        handed.push(`${value}@${offset}`);
        partition.settle(taken);
      },
      readEnd: () => undefined,
      room: () => undefined,
      takenAway: () => undefined,
      assigned: () => undefined,
      strangers: () => undefined,
      problem: error => problems.push(error),
      refused: error => problems.push(error),
    },
  );
  await consumer.connect();
  consumer.start();
  return { consumer, handed, problems };
}
