import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Consumer } from '../../../../bridge/kafka/consumer/consumer.ts';
import { removeInstance } from '../../../../bridge/kafka/consumer/remove-instance.ts';
import { type RunningKafka, startKafka } from '../../../real/kafka.ts';
import { describeReal } from '../../../real/require.ts';
import { until } from '../../../real/until.ts';
import { recordWriter } from '../../support/record-writer.ts';
import { startConsumer, type TestConsumer } from './support/consuming.ts';

describeReal('kafka')('static members of a group of a real Kafka', () => {
  let kafka: RunningKafka;
  const running: TestConsumer[] = [];
  let topics = 0;
  let topic: string;
  beforeAll(async () => {
    kafka = await startKafka();
  });
  afterEach(() => {
    for (const { consumer } of running.splice(0)) consumer.close();
  });
  afterAll(() => kafka?.stop());

  const newTopic = async (partitions = 4) => {
    topic = `static-${topics++}`;
    await kafka.createTopic(topic, { partitions });
  };

  async function start(ordinal: number, instance: string, names = [topic]): Promise<TestConsumer> {
    const wanted = { names, patterns: new Map(), except: new Set<string>(), discoverEveryMs: 60_000 };
    const self = { bridge: 'cars', ordinal, host: `host-of-${instance}`, instance };
    const more = {
      wanted,
      self,
      groupId: topic,
      instanceId: `cars-${ordinal}`,
      sessionTimeoutMs: 30_000,
      heartbeatMs: 100,
    };
    const test = await startConsumer(kafka.bootstrap, topic, more, 30_000);
    running.push(test);
    await until('it to join', () => test.consumer.joined);
    return test;
  }

  const numbers = ({ partitions }: Consumer) => partitions.map(({ partition }) => partition).sort();
  const both = async () => {
    const [first, second] = [await start(0, 'a'), await start(1, 'b')];
    await until('each to have two partitions', () =>
      [first, second].every(({ consumer }) => consumer.partitions.length === 2),
    );
    return [first, second] as const;
  };

  test('one that restarts gets its partitions back, and the other one goes on meanwhile', async () => {
    await newTopic();
    const [first, second] = await both();
    const had = numbers(first.consumer);
    const others = second.consumer.partitions;
    await first.consumer.stop(1000);
    await recordWriter(
      kafka.bootstrap,
      topic,
      [0, 1, 2, 3].map(partition => ({ partition, value: `p${partition}` })),
    );
    await until('the records of the other', () => second.handed.length === 2);
    const again = await start(0, 'a2');
    await until('its own records', () => again.handed.length === 2);
    expect(numbers(again.consumer)).toEqual(had);
    // The very objects: there was no moment in which they were given back.
    expect(second.consumer.partitions).toBe(others);
  });

  test('one that is killed and starts again gets its partitions back as well', async () => {
    await newTopic();
    const [first, second] = await both();
    const others = second.consumer.partitions;
    first.consumer.close();
    const again = await start(0, 'a2');
    await recordWriter(
      kafka.bootstrap,
      topic,
      [0, 1, 2, 3].map(partition => ({ partition, value: `p${partition}` })),
    );
    await until('all records', () => again.handed.length === 2 && second.handed.length === 2);
    expect(second.consumer.partitions).toBe(others);
  });

  test('one whose instance id another process takes says who, reads nothing, and comes back when that one has left', async () => {
    await newTopic();
    const first = await start(0, 'a');
    const thief = await start(0, 'thief');
    await until('the report', () => first.problems.some(({ code }) => code === 'kafka-instance-fenced'));
    const fenced = first.problems.find(({ code }) => code === 'kafka-instance-fenced')!;
    expect(fenced.message).toContain('cars-0');
    expect(fenced.message).toContain('bridge cars, replica 0, on host host-of-thief');
    expect(first.consumer.joined).toBe(false);
    await recordWriter(kafka.bootstrap, topic, [{ value: 'x' }]);
    await until('the record, once', () => thief.handed.length === 1);
    expect(thief.problems.map(({ code }) => code)).not.toContain('kafka-instance-fenced');
    await thief.consumer.stop(0);
    await removeInstance(optionsOf('thief'));
    await until('it to come back', () => first.consumer.joined);
    expect(first.handed).toEqual([]);
  });

  const optionsOf = (instance: string) => ({
    cluster: {
      clientId: 'drain',
      bootstrapServers: kafka.bootstrap.split(','),
      metadataMaxAgeMs: 60_000,
      requestTimeoutMs: 10_000,
      retry: { minDelayMs: 10, maxDelayMs: 100 },
      connection: { connectTimeout: 5000, requestTimeout: 30_000 },
    },
    groupId: topic,
    instanceId: 'cars-0',
    self: { bridge: 'cars', ordinal: 0, host: 'h', instance },
    wanted: { names: [topic], patterns: new Map(), except: new Set<string>(), discoverEveryMs: 60_000 },
    offsetReset: 'earliest' as const,
    sessionTimeoutMs: 30_000,
    heartbeatMs: 100,
    rebalanceTimeoutMs: 10_000,
    settleTimeoutMs: 1000,
    commitEveryMs: 50,
    fetchBytes: 2 ** 20,
    partitionBytes: 2 ** 20,
  });

  test('one that is drained leaves its partitions to the others at once', async () => {
    await newTopic();
    const [first, second] = await both();
    await first.consumer.stop(1000);
    await removeInstance(optionsOf('drain'));
    await until('the other to have all', () => second.consumer.partitions.length === 4);
  });

  // It got back what it had, since nobody deals anything out at its return: the topic of a new rule was never read.
  test('one that comes back with another topic to read gets it dealt out', async () => {
    await newTopic(1);
    const first = await start(0, 'a');
    const second = `${topic}-more`;
    await kafka.createTopic(second, { partitions: 2 });
    await first.consumer.stop(1000);
    const again = await start(0, 'a2', [topic, second]);
    await recordWriter(kafka.bootstrap, second, [
      { partition: 0, value: 'x' },
      { partition: 1, value: 'y' },
    ]);
    await until('the records', () => again.handed.length === 2);
    const without = await start(0, 'a3', [second]);
    await until('it to have no others', () => without.consumer.partitions.length === 2);
    expect(without.consumer.partitions.map(each => each.topic)).toEqual([second, second]);
  });

  test('a topic that grows while its only static member was away is read whole', async () => {
    await newTopic(1);
    const first = await start(0, 'a');
    await first.consumer.stop(1000);
    const admin = kafka.client().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await admin.disconnect();
    const again = await start(0, 'a2');
    await until('all partitions', () => again.consumer.partitions.length === 3);
  });
});
