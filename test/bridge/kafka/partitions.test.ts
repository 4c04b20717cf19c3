/**
 * A consumer that has a partition for each plant got records of another plant, because the sink could only choose by key. Who names a partition
 * gets that one, or a failure that says why.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { startKafka } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { producerFor, readTopic, type TestProducer } from './support/producing.ts';

let kafka: EmbeddedKafka;
let producer: TestProducer;

beforeEach(async () => {
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 3 }], autoCreateTopics: false });
  producer = await producerFor(kafka.bootstrap);
});

afterEach(async () => {
  producer.close();
  await kafka.stop();
});

const placed = (topic = 't') =>
  kafka
    .records(topic)
    .map(({ partition, value }) => `${partition}: ${value}`)
    .toSorted();

const codes = () => producer.failures.map(({ value, error }) => [value, error.code]);

test('a record goes to the partition that it names, whatever its key, and others by their keys', async () => {
  const records = [0, 1, 2, 2].map((partition, index) => ({ key: 'same', value: `v${index}`, partition }));
  await producer.deliver('t', [...records, { key: 'same', value: 'by key' }]);
  const byKey = placed().find(each => each.endsWith('by key'))!;
  expect(placed().filter(each => each !== byKey)).toEqual(['0: v0', '1: v1', '2: v2', '2: v3']);
});

test('a record for a partition that the topic has not fails, and the others are not held up by it', async () => {
  producer.append('t', [
    { value: 'a', partition: 1 },
    { value: 'beyond', partition: 3 },
    { value: 'b', partition: 1 },
  ]);
  await until('the others', () => producer.delivered.length === 2, { everyMs: 2 });
  await producer.outcome();
  expect([placed(), codes()]).toEqual([['1: a', '1: b'], [['beyond', 'kafka-partition-unknown']]]);
  expect(producer.failures[0]!.error.message).toBe('Topic t has no partition 3: it has 3, counted from 0.');
  expect(producer.producer.bufferedBytes).toBe(0);
});

test('the partitions of a topic that grew are used at once, though metadata is a minute old', async () => {
  await producer.deliver('t', [{ value: 'before', partition: 2 }]);
  kafka.cluster.growTopic(kafka.cluster.topic('t')!, 5);
  await producer.deliver(
    't',
    ['x', 'y', 'z'].map(value => ({ value, partition: 4 })),
  );
  expect([kafka.records('t').flatMap(r => (r.partition === 4 ? [String(r.value)] : [])), codes()]).toEqual([
    ['x', 'y', 'z'],
    [],
  ]);
});

test('and so they are right after a record failed for want of one', async () => {
  await producer.deliver('t', [{ value: 'early', partition: 3 }]);
  kafka.cluster.growTopic(kafka.cluster.topic('t')!, 5);
  await producer.deliver('t', [{ value: 'late', partition: 3 }]);
  expect([placed(), codes()]).toEqual([['3: late'], [['early', 'kafka-partition-unknown']]]);
});

test('in a flood of records for no partition only the first wait', async () => {
  const beyond = (count: number) => Array.from({ length: count }, () => ({ value: 'beyond', partition: 7 }));
  await producer.deliver('t', beyond(100));
  const parked = producer.producer.bufferedBytes;
  producer.append('t', beyond(1000));
  expect([producer.failures.length, producer.producer.bufferedBytes - parked]).toEqual([1100, 0]);
  // It passes: metadata is asked meanwhile, and with no more of them the next waits again.
  kafka.cluster.growTopic(kafka.cluster.topic('t')!, 8);
  await until('the new partitions', () => producer.producer.topic('t').lanes.length === 8, { everyMs: 2 });
  await producer.deliver('t', [{ value: 'in time', partition: 7 }]);
  expect(placed()).toEqual(['7: in time']);
});

test('what is held for a partition of a topic that is made again without it goes to no other', async () => {
  const held = Promise.withResolvers<void>();
  const fault = kafka.faults.add({ api: 'Produce', until: held.promise });
  producer.append('t', [{ key: 'k', value: 'first', partition: 2 }]);
  await fault.met();
  producer.append('t', [
    { key: 'k', value: 'named', partition: 2 },
    { key: 'k', value: 'also 0', partition: 0 },
  ]);
  kafka.cluster.deleteTopic('t');
  kafka.cluster.createTopic('t', 1);
  held.resolve();
  await producer.outcome();
  expect(placed()).toEqual(['0: also 0']);
  expect(codes().toSorted()).toEqual([
    ['first', 'kafka-partition-unknown'],
    ['named', 'kafka-partition-unknown'],
  ]);
  expect(producer.producer.bufferedBytes).toBe(0);
});

test('a record that names its partition waits for its topic, and for the leader of that partition alone', async () => {
  producer.append('later', [{ value: 'v', partition: 1 }], { named: true });
  kafka.cluster.createTopic('later', 2);
  await producer.outcome();
  expect(placed('later')).toEqual(['1: v']);
});

describeReal('kafka')('a real Kafka', () => {
  test('has the records where they were to go, also in partitions that it was given later', async () => {
    const real = await startKafka();
    const onReal = await producerFor(real.bootstrap);
    try {
      await real.createTopic('real', { partitions: 2 });
      await onReal.deliver('real', [
        { key: 'k', value: 'a', partition: 0 },
        { key: 'k', value: 'b', partition: 1 },
        { key: 'k', value: 'beyond', partition: 2 },
      ]);
      const admin = real.client().admin();
      await admin.createPartitions({ topicPartitions: [{ topic: 'real', count: 4 }] });
      await admin.disconnect();
      await onReal.deliver('real', [{ key: 'k', value: 'd', partition: 3 }]);
      const found = await readTopic(real.bootstrap, 'real');
      expect(found.map(({ value, partition }) => `${partition}: ${value}`).toSorted()).toEqual([
        '0: a',
        '1: b',
        '3: d',
      ]);
      expect(onReal.failures.map(({ value }) => value)).toEqual(['beyond']);
    } finally {
      onReal.close();
      await real.stop();
    }
  });
});
