/** A broker that leads every partition, without a socket: a test says what it answers to Fetch and ListOffsets, and what metadata says. */
import type { Connection } from '@platformatic/kafka';
import type { Cluster } from '../../../../../bridge/kafka/cluster.ts';
import { AssignedPartition } from '../../../../../bridge/kafka/consumer/assigned-partition.ts';
import type { FetchAnswer, PartitionAnswer } from '../../../../../bridge/kafka/consumer/fetch-api.ts';
import { Intake } from '../../../../../bridge/kafka/consumer/intake.ts';
import type { OffsetReset } from '../../../../../bridge/kafka/consumer/offset-reset.ts';
import type { ConsumerOptions } from '../../../../../bridge/kafka/consumer/options.ts';
import { Positions } from '../../../../../bridge/kafka/consumer/positions.ts';
import { Reading } from '../../../../../bridge/kafka/consumer/reading.ts';
import { TopicLives } from '../../../../../bridge/kafka/consumer/topic-lives.ts';

const fetchKey = 1;
const tagBytes = 3;
const ids = { old: 'a'.repeat(32), made: 'b'.repeat(32) };

/** What ListOffsets says of a partition; the partition that was asked for where `of` is left out. */
export interface Listed {
  readonly errorCode?: number;
  readonly offset?: bigint;
  readonly of?: { readonly name: string; readonly partitionIndex: number };
}

/** Partition 0 of topic t at offset 5, and all that reads it. */
export function scriptedBroker(offsetReset: OffsetReset = 'earliest') {
  const world = {
    /** The next Fetch answer; `lost` for none. */
    fetched: { errorCode: 0, partitions: [] } as FetchAnswer | 'lost',
    earliest: { offset: 0n } as Listed | 'lost',
    latest: { offset: 100n } as Listed | 'lost',
    /** By a time. */
    timed: { offset: 50n } as Listed | 'lost',
    topic: { id: ids.old as string | undefined, errorCode: 0, leaders: [1], replicas: [[1, 2]] },
    /** How often metadata was asked for. */
    refreshes: 0,
    /** What is waited for before the next record; undefined while there is room. */
    room: undefined as Promise<void> | undefined,
    /** Whether the partition was taken away. */
    over: false,
  };
  const handed: string[] = [];
  const problems: string[] = [];
  const connection = {
    send: (key: number, _version: number, payload: () => { buffer: Buffer }, ...rest: unknown[]) => {
      const done = rest.at(-1) as (error: Error | null, answer?: object) => void;
      const answer = key === fetchKey ? world.fetched : listed(payload().buffer);
      if (answer === 'lost') done(new Error('the connection is lost'));
      else done(null, answer);
    },
  } as unknown as Connection;
  /** The time that is asked for stands at the end of the request, before three empty lists of tags. */
  const listed = (request: Buffer): object | 'lost' => {
    const time = request.readBigInt64BE(request.length - 8 - tagBytes);
    const found = time === -1n ? world.latest : time === -2n ? world.earliest : world.timed;
    if (found === 'lost') return 'lost';
    const { of = { name: 't', partitionIndex: 0 }, errorCode = 0, offset = -1n } = found;
    const partitions = [{ partitionIndex: of.partitionIndex, errorCode, offset, timestamp: -1n, leaderEpoch: 0 }];
    return { throttleTimeMs: 0, topics: [{ name: of.name, partitions }] };
  };
  const link = { address: 'h:1', ready: async () => connection };
  const cluster = {
    topic: (name: string) => (name === 't' ? world.topic : undefined),
    broker: (id: number) => (id === 1 || id === 2 ? link : undefined),
    refresh: () => void world.refreshes++,
    read: async () => undefined,
  } as unknown as Cluster;
  const group = { committed: async () => [], commit: async () => true };
  const positions = new Positions({ groupId: 'g', offsetReset }, cluster, group, new TopicLives());
  const reading = new Reading({ fetchBytes: 1000, partitionBytes: 1000 } as ConsumerOptions, cluster);
  const handler = {
    record: (_partition: unknown, { value, offset }: { value: Buffer | undefined; offset: bigint }) =>
      void handed.push(`${value}@${offset}`),
    readEnd: () => undefined,
    room: () => world.room,
    takenAway: () => undefined,
    assigned: () => undefined,
    strangers: () => undefined,
    problem: ({ code }: { code: string }) => void problems.push(code),
    refused: ({ code }: { code: string }) => void problems.push(code),
  };
  const intake = new Intake(cluster, positions, handler, 1);
  const partition = new AssignedPartition({ topic: 't', partition: 0 }, () => undefined);
  partition.begin({ position: 5n, committed: 5n, topicId: ids.old });

  /** What a Fetch answers for the partition. */
  const answers = (fields: Partial<PartitionAnswer>): FetchAnswer => ({
    errorCode: 0,
    partitions: [
      {
        topic: 't',
        partition: 0,
        errorCode: 0,
        highWatermark: 100n,
        abortedTransactions: [],
        bytes: Buffer.alloc(0),
        ...fields,
      },
    ],
  });
  const fetch = () => reading.fetch(1, [partition]);
  /** Reads once. */
  const read = async (): Promise<void> => {
    for (const each of await fetch()) await intake.take(each, () => world.over);
  };
  return { world, handed, problems, partition, positions, answers, fetch, read, ids };
}
