import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { code } from '../../../demo/embedded/codes.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { makeBatch } from './batches.ts';
import { WireClient } from './wire-client.ts';

interface FetchAnswer {
  readonly errorCode: number;
  readonly responses: {
    readonly partitions: { errorCode: number; highWatermark: bigint; records: { firstOffset: bigint }[] | null }[];
  }[];
}

interface Wanted {
  readonly offset?: number;
  readonly partitions?: readonly number[];
  readonly maxWaitMs?: number;
  readonly minBytes?: number;
  readonly maxBytes?: number;
  readonly partitionMaxBytes?: number;
  readonly leaderEpoch?: number;
  readonly sessionId?: number;
}

let kafka: EmbeddedKafka;
let reader: WireClient;
let writer: WireClient;

beforeEach(async () => {
  kafka = await startEmbeddedKafka({ nodes: 2, topics: [{ name: 'events', partitions: 2 }] });
  kafka.cluster.moveLeader('events', 1, 1);
  reader = await WireClient.connect(kafka.bootstrap);
  writer = await WireClient.connect(kafka.bootstrap);
});

afterEach(async () => {
  await reader.close();
  await writer.close();
  await kafka.stop();
});

function fetch(wanted: Wanted = {}): Promise<FetchAnswer> {
  const { offset = 0, maxWaitMs = 5_000, minBytes = 1, maxBytes = 1e6, partitionMaxBytes = 1e6 } = wanted;
  const partitions = (wanted.partitions ?? [0]).map(partition => ({
    partition,
    currentLeaderEpoch: wanted.leaderEpoch ?? -1,
    fetchOffset: BigInt(offset),
    partitionMaxBytes,
  }));
  const topics = [{ topicId: 'events', partitions }];
  return reader.ask<FetchAnswer>(
    'Fetch',
    11,
    maxWaitMs,
    minBytes,
    maxBytes,
    0,
    wanted.sessionId ?? 0,
    0,
    topics,
    [],
    '',
  );
}

/** Base offsets of the batches fetched, by partition. */
const offsets = ({ responses }: FetchAnswer): number[][] =>
  responses[0]!.partitions.map(({ records }) => (records ?? []).map(batch => Number(batch.firstOffset)));

const errors = ({ responses }: FetchAnswer): number[] => responses[0]!.partitions.map(({ errorCode }) => errorCode);

/** Resolves when the broker has read the next Fetch. */
const fetchArrived = (): Promise<void> => kafka.faults.add({ api: 'Fetch' }).met();

describe('a fetch', () => {
  it('waits for a record, and is answered as soon as there is one', async () => {
    const arrived = fetchArrived();
    const waiting = fetch({ maxWaitMs: 60_000 });
    await arrived;
    await writer.produce('events', 0, makeBatch());
    expect(offsets(await waiting)).toEqual([[0]]);
  });

  it('waits on for as many bytes as the client wants', async () => {
    const arrived = fetchArrived();
    const waiting = fetch({ maxWaitMs: 60_000, minBytes: makeBatch().length + 1, partitions: [0, 1] });
    await arrived;
    await writer.produce('events', 0, makeBatch());
    await writer.produce('events', 1, makeBatch());
    expect(offsets(await waiting)).toEqual([[0], [0]]);
  });

  it('is answered with nothing when the client waits no longer', async () => {
    expect(offsets(await fetch({ maxWaitMs: 20 }))).toEqual([[]]);
  });

  it('that waits is told at once when the leader moves', async () => {
    const arrived = fetchArrived();
    const waiting = fetch({ maxWaitMs: 60_000 });
    await arrived;
    kafka.cluster.moveLeader('events', 0, 2);
    expect(errors(await waiting)).toEqual([code.NOT_LEADER_OR_FOLLOWER]);
  });

  it('that waits is told at once when the topic is deleted', async () => {
    const arrived = fetchArrived();
    const waiting = fetch({ maxWaitMs: 60_000 });
    await arrived;
    kafka.cluster.deleteTopic('events');
    expect(errors(await waiting)).toEqual([code.UNKNOWN_TOPIC_OR_PARTITION]);
  });

  it('that waits does not keep the broker from stopping', async () => {
    const arrived = fetchArrived();
    const waiting = fetch({ maxWaitMs: 60_000 }).catch((error: unknown) => error);
    await arrived;
    await kafka.stop();
    expect(await waiting).toBeInstanceOf(Error);
  });

  it('gets no more bytes than it asks for, of all partitions and of each', async () => {
    const bytes = makeBatch().length;
    for (const partition of [0, 0, 1, 1]) await writer.produce('events', partition, makeBatch());
    expect(offsets(await fetch({ partitions: [0, 1], maxBytes: 3 * bytes }))).toEqual([[0, 1], [0]]);
    expect(offsets(await fetch({ partitions: [0, 1], partitionMaxBytes: bytes }))).toEqual([[0], [0]]);
  });

  it('gets its first batch also when that is larger than it asks for', async () => {
    await writer.produce('events', 0, makeBatch());
    await writer.produce('events', 1, makeBatch());
    expect(offsets(await fetch({ partitions: [0, 1], maxBytes: 1, partitionMaxBytes: 1 }))).toEqual([[0], []]);
  });

  it('is refused beyond the end of the log', async () => {
    expect(errors(await fetch({ offset: 1 }))).toEqual([code.OFFSET_OUT_OF_RANGE]);
  });

  it('is refused with a leader epoch that is over, or not there yet', async () => {
    kafka.cluster.moveLeader('events', 0, 2);
    kafka.cluster.moveLeader('events', 0, 1);
    expect(errors(await fetch({ leaderEpoch: 1 }))).toEqual([code.FENCED_LEADER_EPOCH]);
    expect(errors(await fetch({ leaderEpoch: 3 }))).toEqual([code.UNKNOWN_LEADER_EPOCH]);
    expect(errors(await fetch({ leaderEpoch: 2, maxWaitMs: 1 }))).toEqual([code.NONE]);
  });

  it('in a session is told that there is none', async () => {
    expect((await fetch({ sessionId: 5 })).errorCode).toBe(code.FETCH_SESSION_ID_NOT_FOUND);
  });

  it('meets a scripted error for its partition only', async () => {
    kafka.faults.add({ api: 'Fetch', topic: 'events', partition: 1, error: 'KAFKA_STORAGE_ERROR' });
    expect(errors(await fetch({ partitions: [0, 1] }))).toEqual([code.NONE, code.KAFKA_STORAGE_ERROR]);
  });
});

describe('an offset is found', () => {
  async function list(timestamp: number): Promise<{ offset: bigint; timestamp: bigint }> {
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: BigInt(timestamp) }];
    type Answer = { topics: { partitions: { offset: bigint; timestamp: bigint }[] }[] };
    const answer = await reader.ask<Answer>('ListOffsets', 7, -1, 0, [{ name: 'events', partitions }]);
    return answer.topics[0]!.partitions[0]!;
  }

  it('by the marks for the latest, the earliest and the largest time, and by time', async () => {
    for (const timestamp of [100, 300, 200]) await writer.produce('events', 0, makeBatch({ timestamp }));
    expect(await list(-1)).toMatchObject({ offset: 3n });
    expect(await list(-2)).toMatchObject({ offset: 0n });
    expect(await list(-3)).toMatchObject({ offset: 1n, timestamp: 300n });
    expect(await list(150)).toMatchObject({ offset: 1n, timestamp: 300n });
    expect(await list(301)).toMatchObject({ offset: -1n, timestamp: -1n });
  });
});

describe('whoever watches', () => {
  it('is told of each batch once, with its records, and not of copies', async () => {
    const seen: string[] = [];
    const forget = kafka.onBatch(batch => {
      seen.push(`${batch.topic}/${batch.partition}@${batch.baseOffset}: ${batch.records().map(each => each.value)}`);
    });
    const batch = () => makeBatch({ values: ['a', 'b'], producerId: 9, epoch: 0, sequence: 0 });
    await writer.produce('events', 1, batch());
    await writer.produce('events', 1, batch());
    forget();
    await writer.produce('events', 0, makeBatch());
    expect(seen).toEqual(['events/1@0: a,b']);
  });

  it('is told of each request', async () => {
    const seen: string[] = [];
    kafka.onRequest(({ api, version, node, clientId }) => seen.push(`${api} ${version} ${node} ${clientId}`));
    await writer.produce('events', 0, makeBatch());
    expect(seen).toEqual(['Produce 9 1 wire-client']);
  });
});
