/**
 * The embedded broker and Apache Kafka get the same requests and must answer the same: where they differ, what a test of the
 * producer proves here would not hold there.
 */
import { Writer } from '@platformatic/kafka';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { code } from '../../../demo/embedded/codes.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { idempotent, makeBatch } from './batches.ts';
import { WireClient } from './wire-client.ts';

const PARTITIONS = 60;
const MAX_BYTES = 2_000;

describeReal('java', 'kafka')('the embedded broker answers as Apache Kafka', () => {
  let embedded: EmbeddedKafka;
  let real: RunningKafka;
  let clients: { here: WireClient; there: WireClient };
  let nextPartition = 0;

  beforeAll(async () => {
    embedded = await startEmbeddedKafka();
    real = await startKafka();
    const config = { 'max.message.bytes': `${MAX_BYTES}` };
    await real.createTopic('events', { partitions: PARTITIONS, config });
    const settings = { ...embedded.cluster.settings, 'max.message.bytes': MAX_BYTES };
    embedded.cluster.createTopic('events', PARTITIONS, 1, settings);
    const [here, there] = await Promise.all([embedded, real].map(({ bootstrap }) => WireClient.connect(bootstrap)));
    clients = { here: here!, there: there! };
    await until('the leaders of all partitions', () => allLead(clients.there));
    await until('the coordinator of groups', () => coordinates(clients.there));
  });

  afterAll(async () => {
    await clients.here.close();
    await clients.there.close();
    await embedded.stop();
    await real.stop();
  });

  /** Runs the same on both. The partition is fresh. */
  async function compare<T>(script: (client: WireClient, partition: number) => Promise<T>): Promise<T> {
    const partition = nextPartition++;
    const there = await script(clients.there, partition);
    expect(await script(clients.here, partition)).toEqual(there);
    return there;
  }

  /** Error and offset of each batch, one after another. */
  async function produceAll(client: WireClient, partition: number, batches: readonly Buffer[]) {
    const answers: { errorCode: number; baseOffset: bigint }[] = [];
    for (const batch of batches) {
      // A copy: the embedded broker writes into what it gets only, but a batch here is sent to both.
      const { errorCode, baseOffset } = await client.produce('events', partition, Buffer.from(batch));
      answers.push({ errorCode, baseOffset });
    }
    return answers;
  }

  const cases: Record<string, () => Buffer[]> = {
    'copies of the last five batches and of an older one': () => {
      const batches = [0, 1, 2, 3, 4, 5].map(sequence => idempotent(sequence));
      return [...batches, ...batches.toReversed()];
    },
    'a gap, the missing batch, and the rest': () => [0, 2, 1, 2].map(sequence => idempotent(sequence)),
    'a batch that begins like an earlier one and ends elsewhere': () => [idempotent(0, 3), idempotent(0, 2)],
    'a producer that begins in the middle': () => [idempotent(40), idempotent(41), idempotent(40)],
    'a new epoch, begun wrongly and rightly, and the old one': () => [
      idempotent(0),
      idempotent(1, 1, { epoch: 1 }),
      idempotent(0, 1, { epoch: 1 }),
      idempotent(1),
      idempotent(1, 1, { epoch: 1 }),
    ],
    'sequence numbers that begin again': () => [idempotent(2 ** 31 - 2, 2), idempotent(0), idempotent(2 ** 31 - 2, 2)],
    'a batch across the largest sequence number': () => [idempotent(2 ** 31 - 2, 4), idempotent(2), idempotent(1)],
    'two producers in turn': () =>
      [0, 0, 1, 1].map((sequence, i) => idempotent(sequence, 1, { producerId: 20 + (i % 2) })),
    'broken batches': () => [
      Buffer.alloc(0),
      makeBatch().subarray(0, 60),
      makeBatch().subarray(0, -1),
      changed(70, 0xff),
      changed(16, 1),
      Buffer.concat([makeBatch(), makeBatch()]),
      makeBatch({ producerId: 1, epoch: 0 }),
      makeBatch(),
    ],
    'a batch that is too large': () => [makeBatch({ values: ['x'.repeat(MAX_BYTES)] }), makeBatch()],
    'every compression': () =>
      (['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const).map(compression => makeBatch({ compression })),
  };

  for (const [name, batches] of Object.entries(cases)) {
    it(`to ${name}`, async () => {
      await compare((client, partition) => produceAll(client, partition, batches()));
    });
  }

  it('to any series of idempotent batches', async () => {
    const step = fc.record({
      sequence: fc.integer({ min: 0, max: 8 }),
      count: fc.integer({ min: 1, max: 2 }),
      epoch: fc.constantFrom(0, 0, 0, 1),
      producerId: fc.constantFrom(7, 7, 8),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async steps => {
        const batches = steps.map(({ sequence, count, ...producer }) => idempotent(sequence, count, producer));
        await compare((client, partition) => produceAll(client, partition, batches));
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it('to a partition and a topic that do not exist', async () => {
    await compare(async client => {
      const partition = await client.produce('events', PARTITIONS, makeBatch());
      const topic = await client.produce('unknown', 0, makeBatch());
      return [partition.errorCode, partition.baseOffset, topic.errorCode, topic.baseOffset];
    });
  });

  it('to acks that mean nothing', async () => {
    await compare(async (client, partition) => (await client.produce('events', partition, makeBatch(), 5)).errorCode);
  });

  it('to look-ups of offsets by time', async () => {
    await compare(async (client, partition) => {
      for (const timestamp of [100, 400, 300]) {
        await client.produce('events', partition, makeBatch({ values: ['a', 'b'], timestamp }));
      }
      const found: unknown[] = [];
      for (const timestamp of [-1n, -2n, -3n, 0n, 150n, 300n, 400n, 401n]) {
        const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }];
        type Answer = { topics: { partitions: { errorCode: number; offset: bigint; timestamp: bigint }[] }[] };
        const answer = await client.ask<Answer>('ListOffsets', 7, -1, 0, [{ name: 'events', partitions }]);
        const { errorCode, offset, timestamp: time } = answer.topics[0]!.partitions[0]!;
        found.push([errorCode, offset, time]);
      }
      return found;
    });
  });

  it('to fetches within and beyond the log', async () => {
    await compare(async (client, partition) => {
      await client.produce('events', partition, makeBatch({ values: ['a', 'b', 'c'] }));
      const answers: unknown[] = [];
      for (const fetchOffset of [0n, 2n, 3n, 4n]) {
        const wanted = { partition, currentLeaderEpoch: -1, fetchOffset, lastFetchedEpoch: -1, partitionMaxBytes: 1e6 };
        const topics = [{ topicId: 'events', partitions: [wanted] }];
        type Partition = { errorCode: number; highWatermark: bigint; records: { firstOffset: bigint }[] | null };
        type Answer = { responses: { partitions: Partition[] }[] };
        const answer = await client.ask<Answer>('Fetch', 12, 0, 1, 1e6, 0, 0, -1, topics, [], '');
        const { errorCode, highWatermark, records } = answer.responses[0]!.partitions[0]!;
        answers.push([errorCode, highWatermark, (records ?? []).map(batch => batch.firstOffset)]);
      }
      return answers;
    });
  });

  it('to topics that cannot be created', async () => {
    await compare(async client => {
      const topic = (name: string, numPartitions: number, replicationFactor: number, configs: object[] = []) => ({
        name,
        numPartitions,
        replicationFactor,
        assignments: [],
        configs,
      });
      const topics = [
        topic('events', 1, 1),
        topic('a b', 1, 1),
        topic('none', 0, 1),
        topic('wide', 1, 9),
        topic('odd', 1, 1, [{ name: 'no.such.setting', value: '1' }]),
        topic('odd', 1, 1, [{ name: 'retention.bytes', value: 'many' }]),
      ];
      const codes: number[] = [];
      for (const each of topics) {
        const answer = await client.ask<{ topics: { errorCode: number }[] }>('CreateTopics', 7, [each], 5_000, false);
        codes.push(answer.topics[0]!.errorCode);
      }
      return codes;
    });
  });

  it('to a group whose member makes mistakes', async () => {
    await compare(async client => {
      type Joined = { errorCode: number; memberId: string; generationId: number };
      const protocols = [{ name: 'range', metadata: subscription }];
      const join = (memberId: string, known = protocols): Promise<Joined> =>
        client.ask<Joined>('JoinGroup', 7, 'readers', 10_000, 10_000, memberId, null, 'consumer', known, null);
      const first = await join('');
      const stranger = await join('stranger');
      const { errorCode, generationId } = await join(first.memberId);
      const codeOf = async (api: string, version: number, ...args: unknown[]): Promise<number> =>
        (await client.ask<{ errorCode: number }>(api, version, ...args)).errorCode;
      const commit = async (generation: number, member: string): Promise<number> => {
        const partitions = [
          { partitionIndex: 0, committedOffset: 1n, committedLeaderEpoch: -1, committedMetadata: '' },
        ];
        type Answer = { topics: { partitions: { errorCode: number }[] }[] };
        const topics = [{ name: 'events', partitions }];
        const answer = await client.ask<Answer>('OffsetCommit', 8, 'readers', generation, member, null, topics);
        return answer.topics[0]!.partitions[0]!.errorCode;
      };
      const assignments = [{ memberId: first.memberId, assignment: Buffer.from('all') }];
      const member = first.memberId;
      return [
        first.errorCode,
        stranger.errorCode,
        [errorCode, generationId],
        await codeOf('Heartbeat', 4, 'readers', 1, member, null),
        await codeOf('Heartbeat', 4, 'readers', 9, member, null),
        await codeOf('Heartbeat', 4, 'readers', 1, 'stranger', null),
        await commit(1, member),
        await codeOf('SyncGroup', 5, 'readers', 9, member, null, 'consumer', 'range', assignments),
        await codeOf('SyncGroup', 5, 'readers', 1, member, null, 'consumer', 'range', assignments),
        await codeOf('SyncGroup', 5, 'readers', 1, member, null, 'consumer', 'range', []),
        await commit(1, member),
        await commit(-1, ''),
        await commit(9, member),
        (await join('', [{ name: 'other', metadata: subscription }])).errorCode,
        await codeOf('LeaveGroup', 5, 'readers', [{ memberId: member, groupInstanceId: null, reason: '' }]),
        await codeOf('Heartbeat', 4, 'readers', 1, member, null),
        await commit(-1, ''),
        await codeOf('Heartbeat', 4, 'no-such-group', 1, member, null),
        (await client.ask<Joined>('JoinGroup', 7, '', 10_000, 10_000, '', null, 'consumer', protocols, null)).errorCode,
      ];
    });
  });
});

/** Kafka names a leader in its metadata before that leader knows of it. */
async function allLead(client: WireClient): Promise<boolean> {
  const partitions = Array.from({ length: PARTITIONS }, (_, partitionIndex) => ({
    partitionIndex,
    currentLeaderEpoch: -1,
    timestamp: -1n,
  }));
  type Answer = { topics: { partitions: { errorCode: number }[] }[] };
  const answer = await client.ask<Answer>('ListOffsets', 7, -1, 0, [{ name: 'events', partitions }]);
  return answer.topics[0]!.partitions.every(({ errorCode }) => errorCode === code.NONE);
}

/** Kafka makes the topic of committed offsets when it is first asked for a coordinator. */
async function coordinates(client: WireClient): Promise<boolean> {
  await client.ask('FindCoordinator', 3, 0, ['readers']);
  const { errorCode } = await client.ask<{ errorCode: number }>('Heartbeat', 4, 'readers', 1, 'nobody', null);
  return errorCode === code.UNKNOWN_MEMBER_ID;
}

/** Version 0 of a consumer's subscription: one topic, no data of its own. Kafka looks inside. */
const subscription = Writer.create()
  .appendInt16(0)
  .appendArray(['events'], (w, topic) => w.appendString(topic, false), false, false)
  .appendBytes(null, false).buffer;

/** A batch with one byte changed. */
function changed(byte: number, value: number): Buffer {
  const bytes = makeBatch();
  bytes[byte] = value;
  return bytes;
}
