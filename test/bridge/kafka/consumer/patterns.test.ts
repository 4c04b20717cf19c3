import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ConsumerOptions } from '../../../../bridge/kafka/consumer/options.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
import { parseTopicPattern, type TopicPattern } from '../../../../rules/topic-pattern.ts';
import { until } from '../../../real/until.ts';
import { recordWriter } from '../../support/record-writer.ts';
import { startConsumer, type TestConsumer } from './support/consuming.ts';

let kafka: EmbeddedKafka;
const started: TestConsumer[] = [];
beforeEach(async () => {
  kafka = await startEmbeddedKafka({ autoCreateTopics: false });
});
afterEach(async () => {
  for (const { consumer } of started.splice(0)) consumer.close();
  await kafka.stop();
});

async function reading(
  pattern: string,
  { discoverEveryMs = 50, ...more }: Partial<ConsumerOptions> & { discoverEveryMs?: number } = {},
): Promise<TestConsumer> {
  const wanted = {
    names: [],
    patterns: new Map([[pattern, parseTopicPattern(pattern) as TopicPattern]]),
    except: new Set(['t-dead']),
    discoverEveryMs,
  };
  const self = { bridge: 'b', ordinal: started.length, host: 'h', instance: `${started.length}` };
  const test = await startConsumer(kafka.bootstrap, 'g', { wanted, self, heartbeatMs: 20, ...more }, 20_000);
  started.push(test);
  await until('it to join', () => test.consumer.joined);
  return test;
}

const write = (topic: string, ...values: string[]) =>
  recordWriter(
    kafka.bootstrap,
    topic,
    values.map(value => ({ value })),
  );
const topics = ({ consumer }: TestConsumer) => consumer.partitions.map(({ topic }) => topic).sort();
const codes = ({ problems }: TestConsumer) => problems.map(({ code }) => code);

test('topics that a pattern matches are read, and no others: internal ones and dead letters neither', async () => {
  for (const topic of ['t-1', 't-2', 'x', 't-dead', '__t', 'xt-1']) kafka.cluster.createTopic(topic);
  const all = await reading('*');
  expect(topics(all)).toEqual(['t-1', 't-2', 'x', 'xt-1']);
  const some = await reading('t-*', { groupId: 'other' });
  expect(topics(some)).toEqual(['t-1', 't-2']);
  await write('t-2', 'a');
  await until('the record', () => some.handed.length === 1);
});

test('a topic that is made later is read from its first record, even where a group starts with what comes next', async () => {
  kafka.cluster.createTopic('t-1');
  const { handed, ...rest } = await reading('t-*', { offsetReset: 'latest' });
  kafka.cluster.createTopic('t-2', 2);
  await write('t-2', 'before anybody knew');
  await until('the record', () => handed.length === 1);
  expect(topics({ handed, ...rest })).toEqual(['t-1', 't-2', 't-2']);
});

test('a pattern that matches nothing is reported once, and is no error', async () => {
  const test = await reading('t-*');
  await until('the report', () => codes(test).includes('kafka-pattern-unmatched'));
  const looks = kafka.faults.add({ api: 'Metadata', times: Number.POSITIVE_INFINITY });
  await looks.met(3);
  expect(codes(test)).toEqual(['kafka-pattern-unmatched']);
  expect(test.problems[0]!.message).toBe('The pattern $kafka/t-* matches no topic yet.');
  kafka.cluster.createTopic('t-1');
  await write('t-1', 'a');
  await until('the record', () => test.handed.length === 1);
});

test('a topic that is deleted is let go, and one that is made again is read from its beginning', async () => {
  for (const topic of ['t-1', 't-2']) kafka.cluster.createTopic(topic);
  const test = await reading('t-*');
  await write('t-1', 'old');
  await until('the record', () => test.handed.length === 1);
  kafka.cluster.deleteTopic('t-1');
  await until('it to be let go', () => topics(test).join() === 't-2');
  kafka.cluster.createTopic('t-1');
  await write('t-1', 'new');
  await until('the new record', () => test.handed.at(-1) === 'new@0');
});

test('two members share what a pattern matches, and a new topic makes the group up once', async () => {
  kafka.cluster.createTopic('t-1', 2);
  const members = [await reading('t-*'), await reading('t-*')];
  const shared = () => members.map(({ consumer }) => consumer.partitions.length);
  await until('each to have one', () => shared().join() === '1,1');
  const joins = kafka.faults.add({ api: 'JoinGroup', times: Number.POSITIVE_INFINITY });
  kafka.cluster.createTopic('t-2', 2);
  await until('each to have two', () => shared().join() === '2,2');
  expect(joins.hits).toBe(2);
});

// Metadata of all topics, with an object for each partition, would be read at every change of a leader.
test('of ten thousand topics, metadata is kept and refreshed of the three that match', async () => {
  for (let number = 0; number < 10_000; number++) kafka.cluster.createTopic(`other-${number}`);
  for (const topic of ['t-1', 't-2', 't-3']) kafka.cluster.createTopic(topic);
  const ofOthers = kafka.faults.add({ api: 'Metadata', topic: 'other-1', times: Number.POSITIVE_INFINITY });
  const ofMatching = kafka.faults.add({ api: 'Metadata', topic: 't-1', times: Number.POSITIVE_INFINITY });
  const test = await reading('t-*', { discoverEveryMs: 60_000 });
  expect(topics(test)).toEqual(['t-1', 't-2', 't-3']);
  test.consumer.cluster.refresh();
  await ofMatching.met(2);
  expect(ofOthers.hits).toBe(0);
  expect([...(await test.consumer.cluster.list(topic => topic.startsWith('t-'))).keys()]).toHaveLength(3);
});
