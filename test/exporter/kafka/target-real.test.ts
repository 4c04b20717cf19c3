import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { startExporter } from '../support/running.ts';
import type { Scrape } from '../support/scrape.ts';

describeReal('kafka')('three brokers', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 });
    await kafka.createTopic('copied', { partitions: 3, replicas: 3 });
    await kafka.createTopic('single', { partitions: 3, replicas: 1 });
  });
  afterAll(() => kafka?.stop());

  test('a consumer that reads has its lag shown, and one that was stopped falls behind', async () => {
    const exporter = await startExporter({ kafka: [{ name: 'k', bootstrapServers: kafka.bootstrap.split(',') }] });
    const producer = kafka.client().producer();
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    const send = () => producer.send({ topic: 'copied', messages: [{ value: 'x', partition: 0 }] });
    await send();
    const consumer = kafka.client().consumer({ groupId: 'readers' });
    await consumer.connect();
    onTestFinished(() => consumer.disconnect());
    await consumer.subscribe({ topic: 'copied', fromBeginning: true });
    await consumer.run({ eachMessage: async () => undefined });
    const lag = { group: 'readers', topic: 'copied' };
    await exporter.shows('no lag', scrape => scrape.value('kafka_consumer_group_lag_messages', lag) === 0);
    await consumer.stop();
    await send();
    await send();
    await exporter.shows('the lag', scrape => scrape.value('kafka_consumer_group_lag_messages', lag) === 2);
    await exporter.shows('a second of it', scrape => scrape.value('kafka_consumer_group_lag_seconds', lag)! >= 1);
    const scrape = await exporter.scrape();
    expect(scrape.value('kafka_consumer_group_committed_offset', lag)).toBe(1);
    expect(scrape.value('kafka_topic_end_offset', { topic: 'copied' })).toBe(3);
    expect(scrape.series('kafka_topic_partitions', { topic: '__consumer_offsets' })).toEqual([]);
  });

  test('a broker that is killed leaves partitions under-replicated, and those with one copy without a leader', async () => {
    const exporter = await startExporter({ kafka: [{ name: 'k', bootstrapServers: kafka.bootstrap.split(',') }] });
    const underReplicated = (scrape: Scrape) =>
      scrape.value('kafka_topic_under_replicated_partitions', { topic: 'copied' });
    await exporter.shows('all copies', scrape => underReplicated(scrape) === 0);
    expect((await exporter.scrape()).series('kafka_topic_partition_leader')).toEqual([]);
    const victim = kafka.brokers[2]!;
    await victim.kill();
    onTestFinished(() => victim.start());
    await exporter.shows('under-replicated partitions', scrape => underReplicated(scrape) === 3);
    await exporter.shows('a partition without a leader', scrape => {
      const leaders = scrape.series('kafka_topic_partition_leader', { topic: 'single' });
      return leaders.length === 1 && leaders[0] === -1;
    });
    expect((await exporter.scrape()).value('kafka_topic_leaderless_partitions', { topic: 'single' })).toBe(1);
    await exporter.shows('two brokers', scrape => scrape.value('kafka_brokers') === 2);
    await exporter.shows(
      'the ends',
      scrape => scrape.value('kafka_topic_end_offset', { topic: 'copied' }) !== undefined,
    );
    expect((await exporter.scrape()).value('kafka_up')).toBe(1);
  });
});

describeReal('kafka')('a cluster that asks who one is', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka({ sasl: true, tls: true, config: { 'connections.max.reauth.ms': '500' } });
  });
  afterAll(() => kafka?.stop());

  test('lets the right password in over TLS, and the error of a wrong one says what to fix', async () => {
    const { username, password } = kafka.user;
    const target = (name: string, secret: string) => ({
      name,
      bootstrapServers: [kafka.bootstrapSaslTls],
      tls: { ca: { value: kafka.certificates!.ca } },
      auth: { mechanism: 'scram-sha-512', username, password: { value: secret } },
    });
    const exporter = await startExporter({ kafka: [target('right', password), target('wrong', 'no')] });
    await exporter.shows('the right one', scrape => scrape.value('kafka_up', { target: 'right' }) === 1);
    await exporter.shows('the wrong one', scrape => scrape.value('kafka_up', { target: 'wrong' }) === 0);
    await until('the error', () => exporter.errors.some(({ code }) => code === 'kafka-authentication-failed'));
  });

  test('is asked on fresh connections when logins expire, and no question fails', async () => {
    const { username, password } = kafka.user;
    const auth = { mechanism: 'plain', username, password: { value: password } };
    const bootstrapServers = [kafka.bootstrapSasl];
    const exporter = await startExporter({
      interval: '4s',
      timeout: '4s',
      kafka: [{ name: 'k', bootstrapServers, auth }],
    });
    let rounds = 0;
    let last: number | undefined;
    await exporter.shows('four rounds', scrape => {
      const now = scrape.value('exporter_collection_seconds');
      if (now !== last) rounds++;
      last = now;
      return rounds > 4;
    });
    expect(exporter.errors).toEqual([]);
  });
});
