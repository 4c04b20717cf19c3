import { afterEach, describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { code } from '../../../demo/embedded/codes.ts';
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { makeBatch } from './batches.ts';
import { WireClient } from './wire-client.ts';

let kafka: EmbeddedKafka;
const clients: WireClient[] = [];

async function start(options: EmbeddedKafkaOptions = {}): Promise<void> {
  kafka = await startEmbeddedKafka({ topics: [{ name: 'events', partitions: 1 }], ...options });
}

/** A connection to the node of this id. */
async function connect(node = 1): Promise<WireClient> {
  const client = await WireClient.connect(kafka.bootstrap, node - 1);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await kafka.stop();
});

interface MetadataAnswer {
  readonly brokers: { readonly nodeId: number; readonly port: number }[];
  readonly controllerId: number;
  readonly topics: {
    readonly errorCode: number;
    readonly partitions: { errorCode: number; leaderId: number; leaderEpoch: number; isrNodes: number[] }[];
  }[];
}

const metadata = (client: WireClient, topic = 'events', mayCreate = false): Promise<MetadataAnswer> =>
  client.ask<MetadataAnswer>('Metadata', 9, [topic], mayCreate, false, false);

describe('a cluster of several nodes', () => {
  it('spreads leaders, and only the leader takes a batch', async () => {
    await start({ nodes: 3, topics: [{ name: 'events', partitions: 3 }] });
    const [topic] = (await metadata(await connect())).topics;
    expect(topic!.partitions.map(partition => partition.leaderId)).toEqual([1, 2, 3]);
    expect((await (await connect(1)).produce('events', 1, makeBatch())).errorCode).toBe(code.NOT_LEADER_OR_FOLLOWER);
    expect((await (await connect(2)).produce('events', 1, makeBatch())).errorCode).toBe(code.NONE);
  });

  it('moves a leader when told, with a new leader epoch', async () => {
    await start({ nodes: 2 });
    const client = await connect(1);
    kafka.cluster.moveLeader('events', 0, 2);
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NOT_LEADER_OR_FOLLOWER);
    const [topic] = (await metadata(client)).topics;
    expect(topic!.partitions).toMatchObject([{ leaderId: 2, leaderEpoch: 1 }]);
  });

  it('finds another leader when a node stops, and has the node back with its port when it starts', async () => {
    await start({ nodes: 2 });
    const before = kafka.bootstrap;
    await kafka.cluster.node(1).stop();
    const client = await connect(2);
    const during = await metadata(client);
    expect(during.brokers).toMatchObject([{ nodeId: 2 }]);
    expect(during.topics[0]!.partitions).toMatchObject([{ leaderId: 2, isrNodes: [2] }]);
    await kafka.cluster.node(1).start();
    expect(kafka.bootstrap).toBe(before);
    const after = await metadata(await connect(1));
    expect(after.brokers.length).toBe(2);
    expect(after.topics[0]!.partitions).toMatchObject([{ leaderId: 2 }]);
  });

  it('has no leader for a partition whose only replica is dead, and refuses too few replicas', async () => {
    await start({ nodes: 2, topics: [] });
    const settings = { ...kafka.cluster.settings, 'min.insync.replicas': 2 };
    kafka.cluster.createTopic('single', 1, 1);
    kafka.cluster.createTopic('safe', 1, 2, settings);
    await kafka.cluster.node(1).stop();
    const client = await connect(2);
    const [single] = (await metadata(client, 'single')).topics;
    expect(single!.partitions).toMatchObject([{ errorCode: code.LEADER_NOT_AVAILABLE, leaderId: -1 }]);
    expect((await client.produce('safe', 0, makeBatch())).errorCode).toBe(code.NOT_ENOUGH_REPLICAS);
    expect((await client.produce('safe', 0, makeBatch(), 1)).errorCode).toBe(code.NONE);
    await kafka.cluster.node(1).start();
    expect((await metadata(client, 'single')).topics[0]!.partitions).toMatchObject([{ leaderId: 1 }]);
    expect((await client.produce('safe', 0, makeBatch())).errorCode).toBe(code.NONE);
  });

  it('answers for groups on one node only', async () => {
    await start({ nodes: 2 });
    const refused = await (await connect(2)).ask<{ errorCode: number }>('Heartbeat', 4, 'group', 1, 'member', null);
    expect(refused.errorCode).toBe(code.NOT_COORDINATOR);
  });
});

describe('topics', () => {
  it('are created when a client asks about them, if both sides agree', async () => {
    await start();
    const client = await connect();
    expect((await metadata(client, 'unasked', false)).topics[0]!.errorCode).toBe(code.UNKNOWN_TOPIC_OR_PARTITION);
    expect((await metadata(client, 'asked', true)).topics[0]!.partitions.length).toBe(1);
    expect((await metadata(client, 'not a name', true)).topics[0]!.errorCode).toBe(code.INVALID_TOPIC_EXCEPTION);
  });

  it('are not created by asking when the broker is told so', async () => {
    await start({ autoCreateTopics: false });
    const [topic] = (await metadata(await connect(), 'asked', true)).topics;
    expect(topic!.errorCode).toBe(code.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('are refused when they exist, when their settings mean nothing here, and when there are too few nodes', async () => {
    await start();
    const client = await connect();
    const create = async (name: string, replicationFactor = 1, configs: object[] = [], numPartitions = 1) => {
      const topic = { name, numPartitions, replicationFactor, assignments: [], configs };
      const answer = await client.ask<{ topics: { errorCode: number }[] }>('CreateTopics', 5, [topic], 1_000, false);
      return answer.topics[0]!.errorCode;
    };
    expect(await create('events')).toBe(code.TOPIC_ALREADY_EXISTS);
    expect(await create('a b')).toBe(code.INVALID_TOPIC_EXCEPTION);
    expect(await create('wide', 2)).toBe(code.INVALID_REPLICATION_FACTOR);
    expect(await create('none', 1, [], 0)).toBe(code.INVALID_PARTITIONS);
    expect(await create('compacted', 1, [{ name: 'cleanup.policy', value: 'compact' }])).toBe(code.INVALID_CONFIG);
    expect(await create('odd', 1, [{ name: 'retention.bytes', value: 'many' }])).toBe(code.INVALID_CONFIG);
    expect(await create('plain', -1, [{ name: 'cleanup.policy', value: 'delete' }], -1)).toBe(code.NONE);
  });

  it('honour their own max.message.bytes', async () => {
    await start({ maxMessageBytes: 100 });
    const client = await connect();
    const large = makeBatch({ values: ['x'.repeat(100)] });
    expect((await client.produce('events', 0, large)).errorCode).toBe(code.MESSAGE_TOO_LARGE);
    kafka.cluster.createTopic('roomy', 1, 1, { ...kafka.cluster.settings, 'max.message.bytes': 1_000 });
    expect((await client.produce('roomy', 0, large)).errorCode).toBe(code.NONE);
  });

  it('keep no more than retentionBytes, and say where they begin now', async () => {
    const bytes = makeBatch().length;
    await start({ retentionBytes: 3 * bytes });
    const client = await connect();
    for (let i = 0; i < 9; i++) await client.produce('events', 0, makeBatch());
    expect(await client.produce('events', 0, makeBatch())).toMatchObject({ baseOffset: 9n, logStartOffset: 7n });
    expect(kafka.records('events').map(({ offset }) => offset)).toEqual([7, 8, 9]);
  });
});

describe('a client that asks for what is not there', () => {
  it('gets UNSUPPORTED_VERSION in version 0 for a newer ApiVersions, with the versions to choose from', async () => {
    await start();
    const client = await connect();
    // The library's version 4 is newer than the broker's; its answer comes in version 0, which the library's version 0 reads.
    const { apiVersionsV0, apiVersionsV4, createAPI } = await import('@platformatic/kafka');
    const newer = createAPI(18, 4, apiVersionsV4.createRequest, apiVersionsV0.parseResponse, true, false);
    const refused = await newer.async(client.connection, 'test', '1').catch((error: unknown) => error);
    expect(refused).toMatchObject({
      response: {
        errorCode: code.UNSUPPORTED_VERSION,
        apiKeys: expect.arrayContaining([expect.objectContaining({ apiKey: 18, maxVersion: 3 })]),
      },
    });
  });

  it('loses its connection for an API or version nobody speaks, and the broker tells of it', async () => {
    await start();
    const problems: Error[] = [];
    kafka.onProblem(problem => problems.push(problem));
    await expect((await connect()).ask('Fetch', 13, 0, 1, 1, 0, 0, 0, [], [], '')).rejects.toThrow();
    expect(problems.map(problem => MkbError.is(problem, 'embedded-request-unknown'))).toEqual([true]);
  });

  it('loses its connection for a request that ends too early', async () => {
    await start();
    const problems: Error[] = [];
    kafka.onProblem(problem => problems.push(problem));
    const { createAPI, Writer } = await import('@platformatic/kafka');
    const short = createAPI(
      0,
      9,
      () => Writer.create().appendInt8(0),
      () => undefined,
    );
    await expect(short.async((await connect()).connection)).rejects.toThrow();
    expect(problems.map(problem => MkbError.is(problem, 'embedded-request-invalid'))).toEqual([true]);
  });

  it('loses its connection for an error that acks=0 leaves no other way to tell', async () => {
    await start();
    const client = await connect();
    const lost = new Promise(resolve => client.connection.once('close', () => resolve('closed')));
    client.produce('unknown', 0, makeBatch(), 0).catch(() => {});
    expect(await lost).toBe('closed');
  });
});

it('a port that is taken is named in the error', async () => {
  await start();
  const { port } = kafka.cluster.node(1);
  const error = await startEmbeddedKafka({ port }).catch((reason: unknown) => reason);
  expect(MkbError.is(error, 'embedded-listen-failed') && error.details.port).toBe(port);
});
