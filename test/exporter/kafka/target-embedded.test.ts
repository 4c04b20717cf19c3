/** Faults of Kafka, one by one, by the embedded broker. */
import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { type EmbeddedKafka, startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { until } from '../../real/until.ts';
import { startChaosProxy } from '../../support/chaos-proxy.ts';
import { startExporter } from '../support/running.ts';

let kafka: EmbeddedKafka;
beforeEach(async () => {
  kafka = await startEmbeddedKafka({ nodes: 2, topics: [{ name: 'cars', partitions: 2 }], autoCreateTopics: false });
});
afterEach(() => kafka.stop());

const start = (changes: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
  startExporter({
    kafka: [{ name: 'k', bootstrapServers: kafka.bootstrap.split(','), partitions: { include: ['c*'] }, ...changes }],
    ...more,
  });

const client = () => new Kafka({ brokers: kafka.bootstrap.split(','), logLevel: logLevel.NOTHING });

/** Sends records to partition 0 of `cars`. */
async function send(count: number): Promise<void> {
  const producer = client().producer();
  await producer.connect();
  await producer.send({ topic: 'cars', messages: Array.from({ length: count }, () => ({ value: 'x', partition: 0 })) });
  await producer.disconnect();
}

/** A group that has read partition 0 of `cars` up to here. */
async function commit(groupId: string, offset: number): Promise<void> {
  const admin = client().admin();
  await admin.connect();
  await admin.setOffsets({ groupId, topic: 'cars', partitions: [{ partition: 0, offset: `${offset}` }] });
  await admin.disconnect();
}

const topic = { topic: 'cars' };
const leader = { topic: 'cars', partition: '0' };
const group = { topic: 'cars', group: 'readers' };

test('a partition that its leader knows nothing of has no ends, and the others have theirs', async () => {
  await send(3);
  kafka.cluster.moveLeader('cars', 1, 2);
  kafka.faults.add({
    api: 'ListOffsets',
    topic: 'cars',
    partition: 1,
    error: 'NOT_LEADER_OR_FOLLOWER',
    times: Number.POSITIVE_INFINITY,
  });
  const exporter = await start();
  await exporter.shows('the end', scrape => scrape.value('kafka_topic_partition_end_offset', leader) === 3);
  const scrape = await exporter.scrape();
  expect(scrape.value('kafka_topic_partition_end_offset', { topic: 'cars', partition: '1' })).toBeUndefined();
  // Nor has the topic, whose sum would fall short: as soon as it were known, rate() would see a burst that never was.
  expect(scrape.value('kafka_topic_end_offset', topic)).toBeUndefined();
  expect(scrape.value('kafka_up')).toBe(1);
  await until('the error', () => exporter.errors.length > 0);
  expect(exporter.errors[0]?.message).toContain('give the offsets of cars, partition 1');
});

test('lag grows while a group stands still, in messages and in seconds, and is 0 when it has read all', async () => {
  await send(2);
  await commit('readers', 2);
  const exporter = await start();
  await exporter.shows('no lag', scrape => scrape.value('kafka_consumer_group_lag_messages', group) === 0);
  expect((await exporter.scrape()).value('kafka_consumer_group_lag_seconds', group)).toBe(0);
  await send(5);
  await exporter.shows('the lag', scrape => scrape.value('kafka_consumer_group_lag_messages', group) === 5);
  await exporter.shows('two seconds of it', scrape => scrape.value('kafka_consumer_group_lag_seconds', group)! >= 2);
  await commit('readers', 7);
  await exporter.shows('no seconds', scrape => scrape.value('kafka_consumer_group_lag_seconds', group) === 0);
});

test('topics and groups that are left out are neither shown nor asked about', async () => {
  await send(1);
  await commit('readers', 1);
  await commit('others', 1);
  kafka.cluster.createTopic('bikes', 1);
  const exporter = await start({ topics: { include: ['c*'] }, groups: { exclude: ['other*'] } });
  await exporter.shows('the group', scrape => scrape.value('kafka_consumer_group_lag_messages', group) === 0);
  const scrape = await exporter.scrape();
  expect(scrape.series('kafka_topic_partitions', { topic: 'bikes' })).toEqual([]);
  expect(scrape.series('kafka_consumer_group_lag_messages', { group: 'others' })).toEqual([]);
});

test('a broker that dies costs a round, and its partitions are shown with their next leader', async () => {
  const exporter = await start();
  await exporter.shows('both brokers', scrape => scrape.value('kafka_brokers') === 2);
  const node = (await exporter.scrape()).value('kafka_topic_partition_leader', leader)!;
  await kafka.cluster.node(node).stop();
  await exporter.shows('one broker', scrape => scrape.value('kafka_brokers') === 1);
  expect((await exporter.scrape()).value('kafka_up')).toBe(1);
});

test('a cluster that is away is down, and up when it is back', async () => {
  const exporter = await start({}, { timeout: '1s' });
  await exporter.shows('up', scrape => scrape.value('kafka_up') === 1);
  const nodes = [1, 2].map(id => kafka.cluster.node(id));
  await Promise.all(nodes.map(node => node.stop()));
  await exporter.shows('down', scrape => scrape.value('kafka_up') === 0);
  await exporter.shows('no old values', scrape => scrape.series('kafka_topic_partitions').length === 0);
  expect(exporter.errors.map(({ code }) => code)).toContain('kafka-unreachable');
  await Promise.all(nodes.map(node => node.start()));
  await exporter.shows('up again', scrape => scrape.value('kafka_up') === 1);
});

test('a cluster that answers nothing is down after the timeout, and asked again when it answers again', async () => {
  const proxy = await startChaosProxy(kafka.cluster.node(1).port);
  onTestFinished(() => proxy.close());
  const exporter = await start({ bootstrapServers: [`127.0.0.1:${proxy.port}`] }, { timeout: '1s' });
  const answered = Promise.withResolvers<void>();
  onTestFinished(() => answered.resolve());
  await exporter.shows('up', scrape => scrape.value('kafka_up') === 1);
  const fault = kafka.faults.add({ api: 'Metadata', until: answered.promise, times: Number.POSITIVE_INFINITY });
  await exporter.shows('down', scrape => scrape.value('kafka_up') === 0);
  await until('the next rounds', () => fault.hits >= 2);
  fault.remove();
  answered.resolve();
  await exporter.shows('up again', scrape => scrape.value('kafka_up') === 1);
});

test('a frozen connection is given up, and a new one is made', async () => {
  const proxy = await startChaosProxy(kafka.cluster.node(1).port);
  onTestFinished(() => proxy.close());
  proxy.freeze();
  const exporter = await start({ bootstrapServers: [`127.0.0.1:${proxy.port}`] }, { timeout: '1s' });
  await exporter.shows('down', scrape => scrape.value('kafka_up') === 0);
  await until('several attempts', () => proxy.taken >= 3);
  proxy.thaw();
  await exporter.shows('up', scrape => scrape.value('kafka_up') === 1);
  await until('one connection, and no others left behind', () => proxy.open === 1);
});

test('a group whose offsets cannot be had costs no other value', async () => {
  await send(1);
  await commit('readers', 1);
  kafka.faults.add({ api: 'OffsetFetch', error: 'COORDINATOR_NOT_AVAILABLE', times: Number.POSITIVE_INFINITY });
  const exporter = await start();
  await exporter.shows('the end', scrape => scrape.value('kafka_topic_end_offset', topic) === 1);
  await until('the error', () => exporter.errors.some(({ code }) => code === 'kafka-request-failed'));
  expect((await exporter.scrape()).series('kafka_consumer_group_lag_messages')).toEqual([]);
});

test('a partition that loses its leader keeps its place in the sum of its topic', async () => {
  await send(3);
  const exporter = await start();
  await exporter.shows('the end', scrape => scrape.value('kafka_topic_end_offset', topic) === 3);
  const fault = kafka.faults.add({
    api: 'ListOffsets',
    topic: 'cars',
    partition: 0,
    error: 'NOT_LEADER_OR_FOLLOWER',
    times: Number.POSITIVE_INFINITY,
  });
  await until('two rounds', () => fault.hits >= 4);
  expect((await exporter.scrape()).value('kafka_topic_end_offset', topic)).toBe(3);
});

test('of topics that are not named, only sums are shown', async () => {
  await send(3);
  await commit('readers', 1);
  const exporter = await start({ partitions: {} });
  await exporter.shows('the lag', scrape => scrape.value('kafka_consumer_group_lag_messages', group) === 2);
  const scrape = await exporter.scrape();
  expect(scrape.value('kafka_topic_partitions', topic)).toBe(2);
  expect(scrape.value('kafka_topic_end_offset', topic)).toBe(3);
  for (const name of ['kafka_topic_partition_leader', 'kafka_topic_partition_end_offset']) {
    expect(scrape.series(name), name).toEqual([]);
  }
  expect(scrape.series('kafka_consumer_group_partition_lag_messages')).toEqual([]);
});

test('of a topic that `topics` names without a star, each partition is shown', async () => {
  const exporter = await start({ topics: { include: ['cars'] }, partitions: {} });
  await exporter.shows('both', scrape => scrape.series('kafka_topic_partition_end_offset', topic).length === 2);
});
