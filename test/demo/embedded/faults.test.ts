import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { code } from '../../../demo/embedded/codes.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { idempotent, makeBatch } from './batches.ts';
import { WireClient } from './wire-client.ts';

let kafka: EmbeddedKafka;
let client: WireClient;

beforeEach(async () => {
  kafka = await startEmbeddedKafka({ nodes: 2, topics: [{ name: 'events', partitions: 2 }] });
  kafka.cluster.moveLeader('events', 1, 1);
  client = await WireClient.connect(kafka.bootstrap);
});

afterEach(async () => {
  await client.close();
  await kafka.stop();
});

const values = () => kafka.records('events').map(record => String(record.value));

describe('a scripted fault', () => {
  it('answers an error and appends nothing, as often as told, and then no more', async () => {
    const fault = kafka.faults.add({ api: 'Produce', error: 'NOT_ENOUGH_REPLICAS', times: 2 });
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NOT_ENOUGH_REPLICAS);
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NOT_ENOUGH_REPLICAS);
    expect(values()).toEqual([]);
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NONE);
    expect(fault.hits).toBe(2);
  });

  it('can append and answer an error all the same', async () => {
    kafka.faults.add({ api: 'Produce', error: 'REQUEST_TIMED_OUT', applied: true });
    expect((await client.produce('events', 0, idempotent(0))).errorCode).toBe(code.REQUEST_TIMED_OUT);
    expect(await client.produce('events', 0, idempotent(0))).toMatchObject({ errorCode: code.NONE, baseOffset: 0n });
    expect(values()).toEqual(['0']);
  });

  it('takes any code by its number', async () => {
    kafka.faults.add({ api: 'Produce', error: 46 });
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.DUPLICATE_SEQUENCE_NUMBER);
  });

  it('says that the node is not the leader', async () => {
    kafka.faults.add({ api: 'Produce', notLeader: true });
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NOT_LEADER_OR_FOLLOWER);
  });

  it('meets only requests about its topic and partition', async () => {
    kafka.faults.add({ api: 'Produce', topic: 'events', partition: 1, error: 'KAFKA_STORAGE_ERROR' });
    kafka.faults.add({ api: 'Produce', topic: 'others', error: 'KAFKA_STORAGE_ERROR' });
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NONE);
    expect((await client.produce('events', 1, makeBatch())).errorCode).toBe(code.KAFKA_STORAGE_ERROR);
  });

  it('meets only requests to its node', async () => {
    kafka.faults.add({ api: 'Produce', node: 2, error: 'KAFKA_STORAGE_ERROR' });
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NONE);
  });

  it('lets requests pass before it begins', async () => {
    kafka.faults.add({ api: 'Produce', skip: 1, error: 'KAFKA_STORAGE_ERROR' });
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.NONE);
    expect((await client.produce('events', 0, makeBatch())).errorCode).toBe(code.KAFKA_STORAGE_ERROR);
  });

  it('drops the connection before the batch is appended', async () => {
    kafka.faults.add({ api: 'Produce', drop: 'before' });
    await expect(client.produce('events', 0, makeBatch())).rejects.toThrow();
    expect(values()).toEqual([]);
  });

  it('drops the connection after the batch is appended', async () => {
    kafka.faults.add({ api: 'Produce', drop: 'after' });
    await expect(client.produce('events', 0, makeBatch())).rejects.toThrow();
    expect(values()).toEqual(['value']);
  });

  it('holds a request until the test lets it go, and those behind it on the connection', async () => {
    const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
    const fault = kafka.faults.add({ api: 'Produce', until });
    const answers: string[] = [];
    const first = client.produce('events', 0, makeBatch({ values: ['1'] })).then(() => answers.push('first'));
    const second = client.produce('events', 1, makeBatch({ values: ['2'] })).then(() => answers.push('second'));
    await fault.met();
    expect(values()).toEqual([]);
    letGo();
    await Promise.all([first, second]);
    expect(answers).toEqual(['first', 'second']);
  });

  it('that holds a request does not undo it when the client goes away: it is applied later', async () => {
    const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
    const fault = kafka.faults.add({ api: 'Produce', until });
    const lost = client.produce('events', 0, makeBatch()).catch((error: unknown) => error);
    await fault.met();
    client.connection.socket.destroy();
    expect(await lost).toBeInstanceOf(Error);
    const appended = new Promise<void>(resolve => {
      kafka.onBatch(() => resolve());
    });
    letGo();
    await appended;
    expect(values()).toEqual(['value']);
  });

  it('that holds a request keeps no node from stopping, and what was held is not applied in its next life', async () => {
    const { promise: until, resolve: letGo } = Promise.withResolvers<void>();
    const fault = kafka.faults.add({ api: 'Produce', until });
    const lost = client.produce('events', 0, makeBatch()).catch((error: unknown) => error);
    await fault.met();
    await kafka.cluster.node(1).stop();
    await kafka.cluster.node(1).start();
    kafka.cluster.moveLeader('events', 0, 1);
    letGo();
    expect(await lost).toBeInstanceOf(Error);
    const again = await WireClient.connect(kafka.bootstrap);
    expect(await again.produce('events', 0, makeBatch())).toMatchObject({ errorCode: code.NONE, baseOffset: 0n });
    await again.close();
  });

  it('delays a request by at least the time told', async () => {
    kafka.faults.add({ api: 'Produce', delayMs: 50 });
    const start = performance.now();
    await client.produce('events', 0, makeBatch());
    expect(performance.now() - start).toBeGreaterThanOrEqual(49);
  });

  it('tells a throttle time', async () => {
    kafka.faults.add({ api: 'Produce', throttleMs: 250 });
    expect((await client.produce('events', 0, makeBatch())).throttleTimeMs).toBe(250);
    expect((await client.produce('events', 0, makeBatch())).throttleTimeMs).toBe(0);
  });

  it('without an effect counts requests, and can be taken away', async () => {
    const fault = kafka.faults.add({ api: 'Produce', times: Number.POSITIVE_INFINITY });
    await client.produce('events', 0, makeBatch());
    await client.produce('events', 0, makeBatch());
    fault.remove();
    await client.produce('events', 0, makeBatch());
    expect(fault.hits).toBe(2);
  });

  it('reaches metadata, producer ids, coordinators, fetches, offsets and topics', async () => {
    const error = 'TOPIC_AUTHORIZATION_FAILED';
    const asked: [Parameters<typeof kafka.faults.add>[0]['api'], number, unknown[]][] = [
      ['Metadata', 9, [['events'], false]],
      ['InitProducerId', 4, [null, 1_000, -1n, -1]],
      ['FindCoordinator', 3, [0, ['group']]],
      ['ApiVersions', 3, ['test', '1']],
      ['JoinGroup', 7, ['group', 1_000, 1_000, '', null, 'consumer', [{ name: 'range' }], null]],
      [
        'ListOffsets',
        7,
        [-1, 0, [{ name: 'events', partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }] }]],
      ],
      ['DeleteTopics', 5, [[{ name: 'events' }], 1_000]],
      ['DescribeConfigs', 4, [[{ resourceType: 2, resourceName: 'events', configurationKeys: null }]]],
    ];
    for (const [api, version, args] of asked) {
      kafka.faults.add({ api, error });
      const answer = await client.ask(api, version, ...args);
      const text = JSON.stringify(answer, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
      expect(text, api).toContain(`"errorCode":${code[error]}`);
    }
  });
});
