import { Admin, Consumer as PlatformaticConsumer, Producer as PlatformaticProducer } from '@platformatic/kafka';
import { CompressionTypes, Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { startEmbeddedKafka } from '../../../demo/embedded/kafka.ts';
import { until } from '../../real/until.ts';
import { clientContract, compressions, type Driver } from './client-contract.ts';

const kafkajs = (bootstrap: string): Kafka => new Kafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING });

const kafkajsDriver: Driver = {
  compressions: ['none', 'gzip'],

  async produce(bootstrap, topic, values, compression) {
    const producer = kafkajs(bootstrap).producer({ idempotent: true });
    await producer.connect();
    const messages = values.map(value => ({ key: 'key', value }));
    await producer.send({ topic, messages, compression: CompressionTypes[compression === 'gzip' ? 'GZIP' : 'None'] });
    await producer.disconnect();
  },

  async read(bootstrap, topic, count) {
    const member = await kafkajsDriver.join(bootstrap, topic, 'one-reader');
    await until(`${count} records`, () => member.seen.length >= count);
    await member.leave();
    return member.seen;
  },

  async join(bootstrap, topic, groupId) {
    const consumer = kafkajs(bootstrap).consumer({ groupId, heartbeatInterval: 100, maxWaitTimeInMs: 100 });
    const seen: string[] = [];
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.push(String(message.value)) });
    return { seen, leave: () => consumer.disconnect() };
  },
};

const platformaticDriver: Driver = {
  compressions,

  async produce(bootstrap, topic, values, compression) {
    const producer = new PlatformaticProducer({
      clientId: 'test',
      bootstrapBrokers: bootstrap.split(','),
      idempotent: true,
    });
    const messages = values.map(value => ({ topic, key: Buffer.from('key'), value: Buffer.from(value) }));
    // One send at a time: with several at once this producer loses acknowledged messages.
    await producer.send({ messages, compression });
    await producer.close();
  },

  async read(bootstrap, topic, count) {
    const member = await platformaticDriver.join(bootstrap, topic, 'one-reader');
    await until(`${count} records`, () => member.seen.length >= count);
    await member.leave();
    return member.seen;
  },

  async join(bootstrap, topic, groupId) {
    const consumer = new PlatformaticConsumer({
      clientId: 'test',
      bootstrapBrokers: bootstrap.split(','),
      groupId,
      heartbeatInterval: 100,
      maxWaitTime: 100,
    });
    const seen: string[] = [];
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: 10,
    });
    stream.on('data', message => seen.push(String(message.value)));
    stream.on('error', () => {});
    return {
      seen,
      leave: async () => {
        await stream.close();
        await consumer.close(true);
      },
    };
  },
};

clientContract('kafkajs', kafkajsDriver);
clientContract('@platformatic/kafka', platformaticDriver);

it("kafkajs's admin creates, grows, describes and deletes topics, and sees groups and offsets", async () => {
  const kafka = await startEmbeddedKafka();
  const admin = kafkajs(kafka.bootstrap).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: 'made', numPartitions: 2 }] });
  await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 3 }] });
  const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] });
  expect(topics[0]!.partitions.length).toBe(3);
  kafka.cluster.groups.open('readers');
  kafka.cluster.groups.commit('readers', { topic: 'made', partition: 1, offset: 5, leaderEpoch: 0, metadata: '' });
  expect(await admin.fetchOffsets({ groupId: 'readers', topics: ['made'] })).toMatchObject([
    { topic: 'made', partitions: expect.arrayContaining([expect.objectContaining({ partition: 1, offset: '5' })]) },
  ]);
  expect((await admin.listGroups()).groups).toMatchObject([{ groupId: 'readers' }]);
  expect((await admin.describeGroups(['readers'])).groups).toMatchObject([{ groupId: 'readers', state: 'Empty' }]);
  await admin.deleteTopics({ topics: ['made'] });
  expect(await admin.listTopics()).toEqual([]);
  await admin.disconnect();
  await kafka.stop();
});

it("@platformatic/kafka's admin creates and deletes topics", async () => {
  const kafka = await startEmbeddedKafka();
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [kafka.bootstrap] });
  await admin.createTopics({ topics: ['made'], partitions: 2, replicas: 1 });
  expect(await admin.listTopics()).toEqual(['made']);
  expect(kafka.cluster.topic('made')!.partitions.length).toBe(2);
  await admin.deleteTopics({ topics: ['made'] });
  expect(kafka.cluster.topics).toEqual([]);
  await admin.close();
  await kafka.stop();
});
