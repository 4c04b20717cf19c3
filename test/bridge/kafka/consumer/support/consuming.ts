/** A consumer for tests, what it hands over, and what it reports. */
import type { MkbError } from '../../../../../api/errors.ts';
import type { AssignedPartition } from '../../../../../bridge/kafka/consumer/assigned-partition.ts';
import { Consumer } from '../../../../../bridge/kafka/consumer/consumer.ts';
import type { TakenRecord } from '../../../../../bridge/kafka/consumer/offsets.ts';
import type { ConsumerOptions } from '../../../../../bridge/kafka/consumer/options.ts';

export interface TestConsumer {
  readonly consumer: Consumer;
  /** VALUE@OFFSET of each record. */
  readonly handed: string[];
  /** Settles the records that were handed over since the last call; nothing while all are settled at once. */
  settle(): void;
  readonly problems: MkbError[];
  /** How often partitions were taken away. */
  readonly taken: { times: number };
}

/** Not connected yet. Reads a topic from its beginning, with short pauses. @param settlesAtOnce settles each record when it is handed over */
export function testConsumer(
  bootstrap: string,
  topic: string,
  more: Partial<ConsumerOptions> = {},
  requestTimeout = 700,
  settlesAtOnce = true,
): TestConsumer {
  const handed: string[] = [];
  const problems: MkbError[] = [];
  const taken = { times: 0 };
  const open: [AssignedPartition, TakenRecord][] = [];
  const settle = () => {
    for (const [partition, record] of open.splice(0)) partition.settle(record);
  };
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
      record: (partition, { value, offset }, record) => {
        handed.push(`${value}@${offset}`);
        open.push([partition, record]);
        if (settlesAtOnce) settle();
      },
      readEnd: () => undefined,
      room: () => undefined,
      takenAway: () => void taken.times++,
      assigned: () => undefined,
      strangers: () => undefined,
      problem: error => problems.push(error),
      refused: error => problems.push(error),
    },
  );
  return { consumer, handed, settle, problems, taken };
}

/** Reads a topic from its beginning, with short pauses. All records are settled at once. */
export async function startConsumer(...args: Parameters<typeof testConsumer>): Promise<TestConsumer> {
  const test = testConsumer(...args);
  await test.consumer.connect();
  test.consumer.start();
  return test;
}
