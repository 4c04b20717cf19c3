/** Topics made on demand, of a real Kafka. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { producerFor, readTopic, type TestProducer } from './support/producing.ts';

/** MKB_LONG=1 makes 10,000: a minute and a half, most of it Kafka's. */
const many = process.env.MKB_LONG === '1' ? 10_000 : 300;

describeReal('kafka')('topics of templates, made by a real Kafka', () => {
  let kafka: RunningKafka;
  let producer: TestProducer;
  const defaults = { partitions: 1, replicas: -1, config: { 'retention.ms': '3600000' }, maxTopics: 20_000 };

  beforeAll(async () => {
    kafka = await startKafka({ config: { 'auto.create.topics.enable': 'false', 'num.partitions': '3' } });
  });
  afterAll(async () => {
    await kafka?.stop();
  });

  // A device sent its first message, and nobody had made its topic.
  test(`${many} names that come at once are all made, and no record is lost or copied twice`, async () => {
    producer = await producerFor(kafka.bootstrap, { topicDefaults: defaults, requestTimeoutMs: 60_000 });
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    for (let each = 0; each < many; each++) producer.append(`device-${each}`, [{ key: 'k', value: `${each}` }]);
    await producer.outcome();
    const grown = (process.memoryUsage().rss - before) / 2 ** 20;
    expect(producer.failures).toEqual([]);
    expect([producer.producer.topicsMade, producer.producer.bufferedBytes]).toEqual([many, 0]);
    const last = `device-${many - 1}`;
    expect(await readTopic(kafka.bootstrap, last)).toEqual([{ key: 'k', value: `${many - 1}`, partition: 0 }]);
    expect(grown).toBeLessThan(512);
    producer.close();
  }, 300_000);

  test('defaults that it cannot meet are reported, the record waits, and others are not held up', async () => {
    await kafka.createTopic('there');
    const wrong = { ...defaults, replicas: 3 };
    producer = await producerFor(kafka.bootstrap, { topicDefaults: wrong });
    producer.append('waits', [{ value: 'v' }]);
    await until('a report', () => producer.problems.some(({ code }) => code === 'kafka-topic-defaults-refused'));
    producer.append('there', [{ value: 'other' }]);
    await until('the other', () => producer.delivered.length === 1);
    expect(producer.failures).toEqual([]);
    producer.close();
    producer = await producerFor(kafka.bootstrap, { topicDefaults: { ...defaults, config: { 'no.such': '1' } } });
    producer.append('waits', [{ value: 'v' }]);
    await until('a report', () => producer.problems.some(({ code }) => code === 'kafka-topic-defaults-refused'));
    producer.close();
    producer = await producerFor(kafka.bootstrap, { topicDefaults: { ...defaults, partitions: -1 } });
    await producer.deliver('waits', [{ value: 'v' }]);
    expect(producer.producer.topic('waits').lanes.length).toBe(3);
    producer.close();
  });
});
