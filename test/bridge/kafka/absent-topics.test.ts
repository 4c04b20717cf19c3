/**
 * A topic was deleted and made again within two seconds, and up to a minute of acknowledged messages was dropped after it was back: what
 * metadata said for a moment was taken as final. The same happened while an ACL was changed.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { until } from '../../real/until.ts';
import { producerFor, type TestProducer, type TestRecord } from './support/producing.ts';

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

const records = (prefix: string, count = 20): TestRecord[] =>
  Array.from({ length: count }, (_, index) => ({ key: `k${index % 5}`, value: `${prefix}${index}` }));

const valuesOf = (topic = 't') => kafka.records(topic).map(({ value }) => value!.toString());

const ofKey = (key: string, topic = 't') =>
  kafka
    .records(topic)
    .filter(record => record.key?.toString() === key)
    .map(({ value }) => value?.toString());

/** Waits until metadata was asked for so many times more. */
const metadataReads = (times: number) => kafka.faults.add({ api: 'Metadata', times }).met(times);

/** Has metadata read, and waits until the topic is seen as so many partitions; 0 when it is absent. */
const seenAs = async (partitions: number, name = 't') => {
  producer.cluster.refresh();
  const topic = producer.producer.topic(name);
  const seen = () => (topic.absence === 0 ? topic.lanes.length : 0);
  await until(`${partitions} partitions of ${name}`, () => seen() === partitions, { everyMs: 2 });
};

/** More answers than any patience with a new topic. */
const often = 12;

describe('records wait, and arrive once and in order, when a topic that had partitions', () => {
  test.each([
    [
      'is deleted and made again',
      () => {
        kafka.cluster.deleteTopic('t');
        return seenAs(0);
      },
    ],
    ['is unknown to metadata', () => fault('Metadata', 'UNKNOWN_TOPIC_OR_PARTITION')],
    ['may not be described', () => fault('Metadata', 'TOPIC_AUTHORIZATION_FAILED')],
    ['has a name that is said to be invalid', () => fault('Metadata', 'INVALID_TOPIC_EXCEPTION')],
    ['has no leader', () => fault('Metadata', 'LEADER_NOT_AVAILABLE')],
    ['has an error that says nothing', () => fault('Metadata', -1)],
    ['is unknown to its leader', () => fault('Produce', 'UNKNOWN_TOPIC_OR_PARTITION')],
    ['has another id for its leader', () => fault('Produce', 'UNKNOWN_TOPIC_ID')],
    ['may not be written to', () => fault('Produce', 'TOPIC_AUTHORIZATION_FAILED')],
    ['may not be written to by this cluster’s rules', () => fault('Produce', 31)],
    ['is on a broken disk', () => fault('Produce', 'KAFKA_STORAGE_ERROR')],
  ])('%s', async (_name, begin) => {
    await producer.deliver('t', records('before'));
    await begin();
    const asked = metadataReads(often);
    producer.append('t', records('meanwhile'));
    await asked;
    expect(producer.failures).toEqual([]);
    kafka.faults.clear();
    if (kafka.cluster.topic('t') === undefined) kafka.cluster.createTopic('t', 3);
    await producer.outcome();
    await producer.deliver('t', records('after'));
    expect(producer.failures).toEqual([]);
    expect(ofKey('k1').filter(value => !value?.startsWith('before'))).toEqual(
      [...records('meanwhile'), ...records('after')].filter(({ key }) => key === 'k1').map(({ value }) => value),
    );
    expect(producer.producer.bufferedBytes).toBe(0);
  });

  const fault = async (api: 'Metadata' | 'Produce', error: Parameters<EmbeddedKafka['faults']['add']>[0]['error']) => {
    kafka.faults.add({ api, topic: 't', error, times: Number.POSITIVE_INFINITY });
    if (api === 'Metadata') await seenAs(0);
  };
});

describe('before it ever had partitions', () => {
  test.each([
    'UNKNOWN_TOPIC_OR_PARTITION',
    'TOPIC_AUTHORIZATION_FAILED',
  ] as const)('a topic that the document names has its records wait (%s)', async error => {
    kafka.faults.add({ api: 'Metadata', topic: 'named', error, times: Number.POSITIVE_INFINITY });
    const asked = metadataReads(often);
    producer.append('named', records('v'), { named: true });
    await asked;
    expect(producer.failures).toEqual([]);
    kafka.faults.clear();
    kafka.cluster.createTopic('named', 2);
    await producer.outcome();
    expect(producer.failures).toEqual([]);
    expect(valuesOf('named').length).toBe(20);
  });

  test.each([
    ['UNKNOWN_TOPIC_OR_PARTITION', 'kafka-unknown-topic'],
    ['TOPIC_AUTHORIZATION_FAILED', 'kafka-not-authorised'],
    ['INVALID_TOPIC_EXCEPTION', 'kafka-invalid-topic'],
  ] as const)('a topic that a message made up fails its records (%s)', async (error, code) => {
    kafka.faults.add({ api: 'Metadata', topic: 'made-up', error, times: Number.POSITIVE_INFINITY });
    await producer.deliver('made-up', records('v', 3));
    expect(producer.failures.map(failure => failure.error.code)).toEqual([code, code, code]);
  });

  test('such a topic takes records soon after it was made, and not a minute later', async () => {
    await producer.deliver('late', records('early', 3));
    kafka.cluster.createTopic('late', 2);
    await producer.deliver('late', records('too early', 3));
    await until('its partitions', () => producer.producer.topic('late').lanes.length === 2, { everyMs: 2 });
    const before = producer.failures.length;
    await producer.deliver('late', records('in time', 3));
    expect(producer.failures.length).toBe(before);
  });
});

describe('when a topic is made again with fewer partitions', () => {
  test('what was held for the others goes to those that there are', async () => {
    const held = Promise.withResolvers<void>();
    const fault = kafka.faults.add({ api: 'Produce', until: held.promise });
    producer.append('t', records('a'));
    producer.append('t', records('b'));
    await fault.met();
    kafka.cluster.deleteTopic('t');
    kafka.cluster.createTopic('t', 1);
    held.resolve();
    await producer.outcome();
    await producer.deliver('t', records('c'));
    expect(producer.failures).toEqual([]);
    expect(valuesOf().toSorted()).toEqual(
      ['a', 'b', 'c'].flatMap(prefix => records(prefix).map(({ value }) => value)).toSorted(),
    );
    expect(producer.producer.bufferedBytes).toBe(0);
  });

  test('and its partitions come back, no batch is taken for a repetition of an older one', async () => {
    // A glance at a broker that does not know all partitions yet; the log of the third is still the same.
    await producer.deliver('t', records('a'));
    const before = kafka.cluster.topic('t')!;
    kafka.cluster.deleteTopic('t');
    kafka.cluster.createTopic('t', 1);
    await seenAs(1);
    const less = kafka.cluster.topic('t')!;
    Object.assign(less, { partitions: before.partitions });
    await seenAs(3);
    await producer.deliver('t', records('b'));
    expect(valuesOf().length).toBe(40);
  });
});
