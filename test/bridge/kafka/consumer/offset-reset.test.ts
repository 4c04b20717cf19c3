import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OffsetReset, offsetResetOf, timestampOf } from '../../../../bridge/kafka/consumer/offset-reset.ts';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../../demo/embedded/kafka.ts';
import { until } from '../../../real/until.ts';
import { recordWriter } from '../../support/record-writer.ts';
import { startConsumer, type TestConsumer } from './support/consuming.ts';

let kafka: EmbeddedKafka;
let running: TestConsumer | undefined;
beforeEach(async () => {
  kafka = await startEmbeddedKafka({ autoCreateTopics: false, topics: [{ name: 't', partitions: 1 }] });
});
afterEach(async () => {
  running?.consumer.close();
  await kafka.stop();
});

async function reading(offsetReset: OffsetReset): Promise<TestConsumer> {
  running = await startConsumer(kafka.bootstrap, 't', { offsetReset });
  const { consumer } = running;
  await until('it to join', () => consumer.joined);
  return running;
}

const hour = 3_600_000;
const write = (value: string, hoursAgo = 0) =>
  recordWriter(kafka.bootstrap, 't', [{ value, timestamp: String(Date.now() - hoursAgo * hour) }]);
const committed = () => kafka.cluster.groups.committed('of-t', 't', 0)?.offset;

test('a document has a word, a time or a duration', () => {
  expect(['earliest', 'latest', 'none'].map(offsetResetOf)).toEqual(['earliest', 'latest', 'none']);
  const now = Date.UTC(2026, 10, 29, 12);
  const begins = (text: string) => timestampOf(offsetResetOf(text) as { at: number }, now);
  expect(begins('24h')).toBe(BigInt(now - 24 * hour));
  expect(begins('2026-11-29T10:00:00Z')).toBe(BigInt(Date.UTC(2026, 10, 29, 10)));
  expect(begins('2026-11-29T10:00+02:00')).toBe(BigInt(Date.UTC(2026, 10, 29, 8)));
  expect([begins('earliest'), begins('latest'), begins('999999d')]).toEqual([-2n, -1n, 0n]);
});

describe('a group without an offset begins', () => {
  test.each<[string, OffsetReset, string[]]>([
    ['with the first record', 'earliest', ['old@0', 'new@1', 'next@2']],
    ['with what comes next', 'latest', ['next@2']],
    ['with the first record that is not older', { agoMs: 2 * hour }, ['new@1', 'next@2']],
    ['with the first record since a time', { at: Date.now() - 2 * hour }, ['new@1', 'next@2']],
    ['with what comes next where no record is as late', { at: Date.now() + hour }, ['next@2']],
  ])('%s', async (_what, offsetReset, expected) => {
    await write('old', 3);
    await write('new', 1);
    const { handed } = await reading(offsetReset);
    await until('its offset', () => committed() !== undefined);
    await write('next');
    await until('the records', () => handed.length === expected.length);
    expect(handed).toEqual(expected);
  });

  test('nowhere, and says so, where there is to be an offset: until somebody sets it', async () => {
    await write('a');
    await write('b');
    const { handed, problems, consumer } = await reading('none');
    await until('the report', () => problems.some(({ code }) => code === 'kafka-offset-missing'));
    expect(problems[0]).toMatchObject({ kind: 'permanent', details: { group: 'of-t', topic: 't', partition: 0 } });
    expect(consumer.partitions[0]!.trouble!.code).toBe('kafka-offset-missing');
    kafka.cluster.groups.commit('of-t', { topic: 't', partition: 0, offset: 1, leaderEpoch: -1, metadata: '' });
    await until('the record', () => handed.length === 1);
    expect(handed).toEqual(['b@1']);
    expect(consumer.partitions[0]!.trouble).toBeUndefined();
  });
});

describe('where the group is behind the end of a partition', () => {
  const commit = (offset: number) =>
    kafka.cluster.groups.commit('of-t', { topic: 't', partition: 0, offset, leaderEpoch: -1, metadata: '' });

  test.each<[OffsetReset, string[]]>([
    ['earliest', ['old@0', 'new@1', 'next@2']],
    ['latest', ['next@2']],
    [{ agoMs: 2 * hour }, ['new@1', 'next@2']],
  ])('it goes on by %j', async (offsetReset, expected) => {
    await write('old', 3);
    await write('new', 1);
    commit(50);
    const { handed, problems } = await reading(offsetReset);
    await until('the report', () => problems.some(({ code }) => code === 'kafka-records-gone'));
    await write('next');
    await until('the records', () => handed.length === expected.length);
    expect(handed).toEqual(expected);
  });

  test('it reads nothing with none, and says so', async () => {
    commit(50);
    const { problems } = await reading('none');
    await until('the report', () => problems.some(({ code }) => code === 'kafka-offset-missing'));
    expect(problems.at(-1)!.message).toContain('does not have offset 50');
  });
});

// A topic was deleted and made again while the bridge ran: what was written before the bridge noticed was never read.
describe('a topic that is deleted and made again is read from its beginning, although a group starts with what comes next', () => {
  const remake = async (...values: string[]) => {
    kafka.cluster.deleteTopic('t');
    kafka.cluster.createTopic('t');
    for (const value of values) await write(value);
  };

  test('shorter than it was', async () => {
    const { handed } = await reading('latest');
    await until('its offset', () => committed() === 0);
    for (const value of ['a', 'b', 'c']) await write(value);
    await until('the records', () => handed.length === 3);
    await remake('d');
    await until('the record', () => handed.at(-1) === 'd@0');
  });

  test('longer than it was', async () => {
    const { handed } = await reading('latest');
    await until('its offset', () => committed() === 0);
    await write('a');
    await until('the record', () => handed.length === 1);
    await remake('d', 'e', 'f');
    await until('the records', () => ['d@0', 'e@1', 'f@2'].every(record => handed.includes(record)));
    await until('their offset', () => committed() === 3);
  });

  test('while another member takes over, and Kafka still has the old offset', async () => {
    const { handed, consumer } = await reading('latest');
    await until('its offset', () => committed() === 0);
    await write('a');
    await until('the offset', () => committed() === 1);
    const { leaderEpoch, metadata } = kafka.cluster.groups.committed('of-t', 't', 0)!;
    consumer.close();
    await remake('d', 'e');
    kafka.cluster.groups.commit('of-t', { topic: 't', partition: 0, offset: 1, leaderEpoch, metadata });
    const next = await reading('latest');
    await until('the records', () => next.handed.length === 2);
    expect([handed, next.handed]).toEqual([['a@0'], ['d@0', 'e@1']]);
  });
});
