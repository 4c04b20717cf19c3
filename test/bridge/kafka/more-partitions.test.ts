/** Topics of the document that have fewer partitions than it says. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cluster } from '../../../bridge/kafka/cluster.ts';
import { addPartitions } from '../../../bridge/kafka/more-partitions.ts';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { producerFor, type TestProducer } from './support/producing.ts';

/** A cluster with one topic of one partition, and what it answers. */
const answering = (errorCode: number, errorMessage: string | null) =>
  ({
    read: async () => undefined,
    topic: () => ({ leaders: [1] }),
    askController: async () => ({ results: [{ name: 'cars', errorCode, errorMessage }] }),
    refresh: () => undefined,
    retry: { minDelayMs: 1 },
    requestTimeoutMs: 1000,
  }) as unknown as Cluster;

test.each([
  [29, null, 'TOPIC_AUTHORIZATION_FAILED'],
  [37, 'Too many.', 'Too many.'],
  [44, 'Not here.', 'Not here.'],
  [9999, null, '9999'],
])('partitions that Kafka does not add (%d) are reported with the topic, and are retried', async (code, text, reason) => {
  await expect(addPartitions(answering(code, text), [{ name: 'cars', partitions: 3 }])).rejects.toMatchObject({
    ...{ code: 'kafka-partitions-not-added', kind: 'retryable' },
    message: expect.stringMatching(new RegExp(`cars has 1 partitions.* 3 of .*${reason}`)),
  });
});

describeReal('kafka')('partitions of a real Kafka', () => {
  let kafka: RunningKafka;
  let producer: TestProducer;

  beforeAll(async () => {
    kafka = await startKafka({ config: { 'auto.create.topics.enable': 'false' } });
    producer = await producerFor(kafka.bootstrap);
  });
  afterAll(async () => {
    producer?.close();
    await kafka?.stop();
  });

  const add = (topics: Readonly<Record<string, number>>) =>
    addPartitions(
      producer.cluster,
      Object.entries(topics).map(([name, partitions]) => ({ name, partitions })),
    );
  async function partitionsOf(...names: string[]): Promise<number[]> {
    await producer.cluster.read(names);
    return names.map(name => producer.cluster.topic(name)?.leaders.length ?? 0);
  }

  // `partitions` was raised in the document, which was Ready, and the topic stayed as it was.
  test('are added to topics that have fewer than the document says, and to no others', async () => {
    for (const [name, partitions] of [
      ['fewer', 2],
      ['same', 3],
      ['more', 4],
      ['default', 2],
    ] as const)
      await kafka.createTopic(name, { partitions });
    await add({ fewer: 5, same: 3, more: 1, default: -1, absent: 9 });
    await until('the others', async () => (await partitionsOf('fewer'))[0] === 5);
    expect(await partitionsOf('same', 'more', 'default', 'absent')).toEqual([3, 4, 2, 0]);
    await producer.deliver('fewer', [{ key: 'k', value: 'v', partition: 4 }]);
    expect(producer.failures).toEqual([]);
  });

  test('that replicas of a bridge add at once are added once, and no replica complains', async () => {
    await kafka.createTopic('raced', { partitions: 1 });
    await Promise.all([add({ raced: 6 }), add({ raced: 6 }), add({ raced: 6 })]);
    await until('all of them', async () => (await partitionsOf('raced'))[0] === 6);
  });
});
