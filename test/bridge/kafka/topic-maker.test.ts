/**
 * A topic for each device or tenant (`topic: "telemetry-${tenant}"`) had to be made by somebody before the first message of it came; until then
 * each of its messages was a dead letter.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { until } from '../../real/until.ts';
import { producerFor, type TestOptions, type TestProducer } from './support/producing.ts';

let kafka: EmbeddedKafka;
let producer: TestProducer;
let time = 0;

const defaults = { partitions: 2, replicas: -1, config: {}, maxTopics: 1000 };

beforeEach(async () => {
  time = 0;
  kafka = await startEmbeddedKafka({ topics: [{ name: 't', partitions: 3 }], autoCreateTopics: false });
});

afterEach(async () => {
  producer.close();
  await kafka.stop();
});

const start = async (topicDefaults: Partial<typeof defaults> = {}, options: TestOptions = {}): Promise<void> => {
  producer = await producerFor(kafka.bootstrap, { topicDefaults: { ...defaults, ...topicDefaults }, ...options });
};

/** A clock that the test moves; nothing lingers, since nothing would end that. */
const held = { now: () => time, lingerMs: 0 };

const send = (topic: string, value = 'v') => producer.append(topic, [{ value }]);
const valuesOf = (topic: string) => kafka.records(topic).map(({ value }) => value?.toString());
const failures = () => producer.failures.map(({ value, error: { code } }) => [value, code]);
/** What Kafka answers to requests that name the topic, or to all. */
const answer = (error: number, topic?: string) =>
  kafka.faults.add({
    api: 'CreateTopics',
    error,
    times: Number.POSITIVE_INFINITY,
    ...(topic !== undefined && { topic }),
  });

test('a topic is made with what the document says, and its records arrive in order', async () => {
  await start({ config: { 'retention.ms': '3600000' } });
  for (const value of ['1', '2', '3']) producer.append('new-a', [{ key: 'k', value }]);
  await producer.outcome();
  expect([failures(), valuesOf('new-a'), kafka.cluster.topic('new-a')?.partitions.length]).toEqual([
    [],
    ['1', '2', '3'],
    2,
  ]);
  expect(producer.producer.topicsMade).toBe(1);
});

test('-1 asks for the cluster’s own default', async () => {
  await start({ partitions: -1, replicas: -1 });
  send('new-a');
  await producer.outcome();
  expect(kafka.cluster.topic('new-a')?.partitions.length).toBe(1);
});

test('a thousand names that come at once are a few requests, one at a time', async () => {
  await start();
  const asked = kafka.faults.add({ api: 'CreateTopics', delayMs: 1, times: Number.POSITIVE_INFINITY });
  for (let each = 0; each < 1000; each++) send(`new-${each}`, `${each}`);
  await producer.outcome();
  expect([failures(), producer.producer.topicsMade, producer.producer.bufferedBytes]).toEqual([[], 1000, 0]);
  expect(valuesOf('new-777')).toEqual(['777']);
  expect(asked.hits).toBeLessThan(30);
});

test('one that somebody else makes at the same moment is no error, and not counted', async () => {
  await start();
  answer(36, 'new-a');
  send('new-a');
  await until('a request', () => producer.producer.topic('new-a').parked.length === 1);
  kafka.cluster.createTopic('new-a', 1);
  await producer.outcome();
  expect([failures(), producer.producer.topicsMade]).toEqual([[], 0]);
});

describe('a name that Kafka refuses fails its own records', () => {
  test.each([
    ['INVALID_TOPIC_EXCEPTION', 17],
    ['POLICY_VIOLATION', 44],
  ])('%s, and no others', async (_, code) => {
    await start();
    answer(code, 'new-bad');
    send('new-bad', 'bad');
    send('new-good', 'good');
    await producer.outcome();
    expect([failures(), valuesOf('new-good')]).toEqual([[['bad', 'kafka-topic-refused']], ['good']]);
    expect(producer.failures[0]!.error.message).toContain('new-bad');
  });

  test('for a minute, and then it is asked for again', async () => {
    await start({}, held);
    answer(44);
    send('new-a', '1');
    await producer.outcome();
    kafka.faults.clear();
    send('new-a', '2');
    await producer.outcome();
    expect(failures().map(([value]) => value)).toEqual(['1', '2']);
    time += 60_000;
    send('new-a', '3');
    await producer.outcome();
    expect(valuesOf('new-a')).toEqual(['3']);
  });
});

describe('what is the document’s fault is no record’s: they wait, and it is said what to change', () => {
  test.each([
    ['INVALID_PARTITIONS', 37],
    ['INVALID_REPLICATION_FACTOR', 38],
    ['INVALID_REPLICA_ASSIGNMENT', 39],
    ['INVALID_CONFIG', 40],
  ])('%s', async (_, code) => {
    await start();
    answer(code);
    send('new-a');
    await until('a report', () => producer.problems.some(each => each.code === 'kafka-topic-defaults-refused'));
    expect(producer.producer.waits).toEqual([
      expect.objectContaining({ topic: 'new-a', reason: expect.stringContaining('spec.kafka.topicDefaults') }),
    ]);
    expect(producer.failures).toEqual([]);
    kafka.faults.clear();
    await producer.outcome();
    expect([failures(), valuesOf('new-a')]).toEqual([[], ['v']]);
  });

  test('as the cluster itself finds', async () => {
    await start({ replicas: 3 });
    send('new-a');
    await until('a report', () => producer.problems.length > 0);
    expect(producer.problems[0]!.code).toBe('kafka-topic-defaults-refused');
    expect(producer.problems[0]!.message).toContain('There are 1 nodes for 3 replicas');
  });
});

test.each([-1, 7, 41, 89, 29_999])('code %i is retried and reported until the topic is there', async code => {
  await start();
  answer(code);
  send('new-a');
  await until('a report', () => producer.problems.some(each => each.code === 'kafka-request-failed'));
  kafka.faults.clear();
  await producer.outcome();
  expect([failures(), valuesOf('new-a')]).toEqual([[], ['v']]);
});

test('a request that is lost is repeated', async () => {
  await start();
  kafka.faults.add({ api: 'CreateTopics', times: 2, drop: 'after' });
  send('new-a');
  await producer.outcome();
  expect([failures(), valuesOf('new-a')]).toEqual([[], ['v']]);
});

describe('a missing right', () => {
  test('that is granted meanwhile loses nothing', async () => {
    await start();
    answer(29);
    send('new-a');
    await until('a report', () => producer.problems.some(each => each.code === 'kafka-not-authorised'));
    kafka.faults.clear();
    await producer.outcome();
    expect([failures(), valuesOf('new-a')]).toEqual([[], ['v']]);
  });

  test.each([29, 31])('(code %i) is waited for ten seconds, and then no other name is for a minute', async code => {
    await start({}, held);
    answer(code);
    send('new-a', '1');
    await until('a report', () => producer.problems.length > 0);
    expect(producer.failures).toEqual([]);
    time += 10_000;
    await producer.outcome();
    send('new-b', '2');
    await producer.outcome();
    expect(failures()).toEqual([
      ['1', 'kafka-not-authorised'],
      ['2', 'kafka-not-authorised'],
    ]);
  });
});

test('more than maxTopics are not made: the others fail, and those that there are go on', async () => {
  await start({ maxTopics: 2 });
  for (const name of ['new-a', 'new-b']) send(name, name);
  await producer.outcome();
  send('new-c', 'too many');
  send('new-a', 'again');
  send('t', 'old');
  await producer.outcome();
  expect(failures()).toEqual([['too many', 'kafka-topics-exhausted']]);
  expect([valuesOf('new-a'), valuesOf('t'), kafka.cluster.topic('new-c')]).toEqual([
    ['new-a', 'again'],
    ['old'],
    undefined,
  ]);
});

test('a topic that the document names, or that had partitions, is waited for and not made', async () => {
  await start();
  answer(44);
  await producer.deliver('t', [{ value: 'before' }]);
  kafka.cluster.deleteTopic('t');
  send('t', 'meanwhile');
  producer.append('named', [{ value: 'named' }], { named: true });
  await kafka.faults.add({ api: 'Metadata', times: 12 }).met(12);
  expect(failures()).toEqual([]);
  kafka.cluster.createTopic('t', 1);
  kafka.cluster.createTopic('named', 1);
  await producer.outcome();
  expect([failures(), valuesOf('named'), valuesOf('t')]).toEqual([[], ['named'], ['meanwhile']]);
});
