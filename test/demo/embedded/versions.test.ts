import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apisByKey } from '../../../demo/embedded/apis/table.ts';
import { code } from '../../../demo/embedded/codes.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { makeBatch } from './batches.ts';
import { WireClient } from './wire-client.ts';

type Json = { [key: string]: Json } & { [index: number]: Json };

let kafka: EmbeddedKafka;
let client: WireClient;

beforeAll(async () => {
  kafka = await startEmbeddedKafka({ topics: [{ name: 'events', partitions: 2 }] });
  client = await WireClient.connect(kafka.bootstrap);
  await client.produce('events', 0, makeBatch({ values: ['a', 'b'], timestamp: 5_000 }));
});

afterAll(async () => {
  await client.close();
  await kafka.stop();
});

/** Runs a check with every version of an API that the broker takes. */
function everyVersion(api: string, check: (version: number, ask: (...args: unknown[]) => Promise<Json>) => unknown) {
  const { versions } = [...apisByKey.values()].find(({ name }) => name === api)!;
  for (let version = versions[0]; version <= versions[1]; version++) {
    it(`${api} version ${version} is read and answered`, async () => {
      await check(version, (...args) => client.ask<Json>(api, version, ...args));
    });
  }
}

/** A member of a new group, in its first generation. */
async function join(groupId: string) {
  const protocols = [{ name: 'range', metadata: Buffer.from('what I read') }];
  const ask = (memberId: string) =>
    client.ask<Json>('JoinGroup', 7, groupId, 10_000, 10_000, memberId, null, 'consumer', protocols, null);
  const { memberId } = await ask('');
  const joined = await ask(memberId as unknown as string);
  const generation = joined.generationId as unknown as number;
  const id = memberId as unknown as string;
  const assignments = [{ memberId: id, assignment: Buffer.from('all of it') }];
  await client.ask<Json>('SyncGroup', 5, groupId, generation, id, null, 'consumer', 'range', assignments);
  return { generation, id };
}

describe('what a client asks first', () => {
  everyVersion('ApiVersions', async (_, ask) => {
    const { errorCode, apiKeys } = await ask('test', '1');
    expect(errorCode).toBe(code.NONE);
    expect(apiKeys).toContainEqual({ apiKey: 0, name: 'Produce', minVersion: 0, maxVersion: 9 });
  });

  everyVersion('Metadata', async (version, ask) => {
    const { brokers, topics, controllerId } = await ask(['events'], false, false, false);
    expect(brokers).toMatchObject([{ nodeId: 1, host: '127.0.0.1' }]);
    expect(topics).toMatchObject([{ errorCode: code.NONE, name: 'events' }]);
    expect(topics![0]!.partitions![0]).toMatchObject({
      partitionIndex: 0,
      leaderId: 1,
      replicaNodes: [1],
      isrNodes: [1],
    });
    if (version >= 1) expect(controllerId).toBe(1);
  });

  everyVersion('FindCoordinator', async (_, ask) => {
    expect((await ask(0, ['any group'])).coordinators).toMatchObject([{ nodeId: 1, host: '127.0.0.1' }]);
  });
});

describe('records', () => {
  everyVersion('InitProducerId', async (_, ask) => {
    expect(await ask(null, 1_000, -1n, -1)).toMatchObject({ errorCode: code.NONE, producerEpoch: 0 });
  });

  everyVersion('Produce', async (version, ask) => {
    const topic = `produced-${version}`;
    const messages = [{ topic, partition: 0, key: Buffer.from('k'), value: Buffer.from('v'), timestamp: 1n }];
    kafka.cluster.createTopic(topic);
    const { responses } = await ask(-1, 1_000, messages, { producerId: -1n, producerEpoch: -1 });
    expect(responses![0]!.partitionResponses![0]).toMatchObject({ errorCode: code.NONE, baseOffset: 0n });
    expect(kafka.records(topic)).toMatchObject([{ offset: 0, timestamp: 1, value: Buffer.from('v') }]);
  });

  everyVersion('Fetch', async (_, ask) => {
    const partition = {
      partition: 0,
      currentLeaderEpoch: 0,
      fetchOffset: 0n,
      lastFetchedEpoch: -1,
      partitionMaxBytes: 1e6,
    };
    const { responses } = await ask(0, 1, 1e6, 0, 0, 0, [{ topicId: 'events', partitions: [partition] }], [], '');
    const answer = responses![0]!.partitions![0]!;
    expect(answer).toMatchObject({ errorCode: code.NONE, highWatermark: 2n });
    expect(answer.records![0]!.records).toMatchObject([{ value: Buffer.from('a') }, { value: Buffer.from('b') }]);
  });

  everyVersion('ListOffsets', async (_, ask) => {
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }];
    const { topics } = await ask(-1, 0, [{ name: 'events', partitions }]);
    expect(topics![0]!.partitions![0]).toMatchObject({ errorCode: code.NONE, offset: 2n });
  });
});

describe('topics', () => {
  everyVersion('CreateTopics', async (version, ask) => {
    const name = `created-${version}`;
    const configs = [{ name: 'retention.bytes', value: '1000' }];
    const { topics } = await ask(
      [{ name, numPartitions: 3, replicationFactor: 1, assignments: [], configs }],
      1_000,
      false,
    );
    expect(topics).toMatchObject([{ name, errorCode: code.NONE }]);
    expect(kafka.cluster.topic(name)?.partitions.length).toBe(3);
    expect(kafka.cluster.topic(name)?.settings['retention.bytes']).toBe(1_000);
  });

  everyVersion('CreatePartitions', async (version, ask) => {
    const name = `grown-${version}`;
    kafka.cluster.createTopic(name, 2);
    // The library's writer turns assignments that are not given into an empty list, or null.
    const { results } = await ask([{ name, count: 5, assignments: null }], 1_000, false);
    expect(results).toMatchObject([{ name, errorCode: code.NONE }]);
    expect(kafka.cluster.topic(name)?.partitions.length).toBe(5);
  });

  everyVersion('DeleteTopics', async (version, ask) => {
    const name = `deleted-${version}`;
    kafka.cluster.createTopic(name);
    expect((await ask([{ name }], 1_000)).responses).toMatchObject([{ name, errorCode: code.NONE }]);
    expect(kafka.cluster.topic(name)).toBeUndefined();
  });

  everyVersion('DescribeConfigs', async (_, ask) => {
    const resource = { resourceType: 2, resourceName: 'events', configurationKeys: ['max.message.bytes'] };
    const { results } = await ask([resource], false, false);
    expect(results).toMatchObject([
      { errorCode: code.NONE, configs: [{ name: 'max.message.bytes', value: '1048588' }] },
    ]);
  });
});

describe('groups', () => {
  everyVersion('JoinGroup', async (version, ask) => {
    const protocols = [{ name: 'range', metadata: Buffer.from('what I read') }];
    const joinAs = (memberId: string) =>
      ask(`joined-${version}`, 10_000, 10_000, memberId, null, 'consumer', protocols, null);
    let joined = await joinAs('');
    if (version >= 4) {
      expect(joined.errorCode).toBe(code.MEMBER_ID_REQUIRED);
      joined = await joinAs(joined.memberId as unknown as string);
    }
    expect(joined).toMatchObject({ errorCode: code.NONE, generationId: 1, protocolName: 'range' });
    expect(joined.members).toMatchObject([{ metadata: Buffer.from('what I read') }]);
  });

  everyVersion('SyncGroup', async (version, ask) => {
    const group = `synced-${version}`;
    const { generation, id } = await join(group);
    const { errorCode, assignment } = await ask(group, generation, id, null, 'consumer', 'range', []);
    expect(errorCode).toBe(code.NONE);
    expect(assignment).toEqual(Buffer.from('all of it'));
  });

  everyVersion('Heartbeat', async (version, ask) => {
    const group = `alive-${version}`;
    const { generation, id } = await join(group);
    expect((await ask(group, generation, id, null)).errorCode).toBe(code.NONE);
    expect((await ask(group, generation + 1, id, null)).errorCode).toBe(code.ILLEGAL_GENERATION);
  });

  everyVersion('LeaveGroup', async (version, ask) => {
    const group = `left-${version}`;
    const { id } = await join(group);
    expect((await ask(group, [{ memberId: id, groupInstanceId: null, reason: 'done' }])).errorCode).toBe(code.NONE);
    expect(kafka.cluster.groups.get(group)?.state).toBe('Empty');
  });

  everyVersion('OffsetCommit', async (version, ask) => {
    const group = `committed-${version}`;
    const partition = { partitionIndex: 1, committedOffset: 42n, committedLeaderEpoch: 0, committedMetadata: 'note' };
    const { topics } = await ask(group, -1, '', null, [{ name: 'events', partitions: [partition] }]);
    expect(topics![0]!.partitions).toMatchObject([{ partitionIndex: 1, errorCode: code.NONE }]);
    expect(kafka.cluster.groups.committed(group, 'events', 1)).toMatchObject({ offset: 42, metadata: 'note' });
  });

  everyVersion('OffsetFetch', async (version, ask) => {
    const group = `fetched-${version}`;
    kafka.cluster.groups.commit(group, { topic: 'events', partition: 0, offset: 7, leaderEpoch: 0, metadata: 'n' });
    const wanted = { groupId: group, topics: [{ name: 'events', partitionIndexes: [0, 1] }] };
    const { topics } = await ask([wanted], false);
    const [first, second] = topics![0]!.partitions as unknown as [Json, Json];
    expect(first).toMatchObject({ committedOffset: 7n, metadata: 'n', errorCode: code.NONE });
    expect(second).toMatchObject({ committedOffset: -1n });
  });

  everyVersion('DescribeGroups', async (version, ask) => {
    const group = `described-${version}`;
    const { id } = await join(group);
    const { groups } = await ask([group], false);
    expect(groups).toMatchObject([{ groupId: group, groupState: 'Stable', protocolData: 'range' }]);
    expect(groups![0]!.members).toMatchObject([{ memberId: id, clientId: 'wire-client' }]);
  });

  everyVersion('ListGroups', async (version, ask) => {
    const group = `listed-${version}`;
    await join(group);
    const { groups } = await ask(['Stable'], []);
    expect(groups).toContainEqual(expect.objectContaining({ groupId: group, protocolType: 'consumer' }));
  });
});
