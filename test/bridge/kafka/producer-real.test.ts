import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Compression } from '../../../bridge/kafka/compression.ts';
import { createTopics } from '../../../bridge/kafka/topic-admin.ts';
import type { KafkaSecurity } from '../../../network/kafka/security.ts';
import { type RunningKafka, startKafka, unsecuredToken } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';
import { producerFor, readTopic } from './support/producing.ts';

describeReal('kafka', 'kcat')('the producer and a real Kafka', () => {
  let kafka: RunningKafka;
  beforeAll(async () => {
    kafka = await startKafka({ sasl: true, tls: true });
  });
  afterAll(() => kafka?.stop());

  test.each<Compression>([
    'none',
    'gzip',
    'snappy',
    'lz4',
    'zstd',
  ])('%s batches are read by another client', async compression => {
    const producer = await producerFor(kafka.bootstrap, { compression });
    const topic = `compression-${compression}`;
    await kafka.createTopic(topic, { partitions: 3 });
    const sent = Array.from({ length: 1000 }, (_, index) => ({ key: `k${index % 7}`, value: `value ${index}` }));
    await producer.deliver(topic, sent);
    producer.close();
    const read = await readTopic(kafka.bootstrap, topic);
    expect(read.map(({ value }) => value).sort()).toEqual(sent.map(({ value }) => value).sort());
    for (const key of new Set(sent.map(record => record.key))) {
      const inOrder = read.filter(record => record.key === key).map(({ value }) => value);
      expect(inOrder).toEqual(sent.filter(record => record.key === key).map(({ value }) => value));
    }
  });

  test('a missing topic of the document is created as asked, and an existing one is left as it is', async () => {
    const producer = await producerFor(kafka.bootstrap);
    const spec = { name: 'made', partitions: 4, replicas: 1, config: { 'retention.ms': '86400000' } };
    await createTopics(producer.cluster, [spec]);
    await createTopics(producer.cluster, [{ ...spec, partitions: 9 }]);
    const admin = kafka.client().admin();
    await admin.connect();
    const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] });
    await admin.disconnect();
    producer.close();
    expect(topics[0]?.partitions.length).toBe(4);
  });

  test('a topic that cannot be created is named with the broker’s reason', async () => {
    const producer = await producerFor(kafka.bootstrap);
    const spec = { name: 'too-many-replicas', partitions: 1, replicas: 5, config: {} };
    await expect(createTopics(producer.cluster, [spec])).rejects.toMatchObject({
      code: 'kafka-topic-not-created',
      message: expect.stringContaining('replication factor'),
    });
    producer.close();
  });

  describe('a login', () => {
    const login = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password?: string): KafkaSecurity => ({
      sasl: { mechanism, username: kafka.user.username, password: password ?? kafka.user.password },
    });

    test.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('with %s lets records through', async mechanism => {
      const producer = await producerFor(kafka.bootstrapSasl, { security: login(mechanism) });
      await kafka.createTopic(`login-${mechanism}`);
      expect(await producer.deliver(`login-${mechanism}`, [{ key: 'k', value: 'v' }])).toBe(1);
      producer.close();
    });

    test('with OAUTHBEARER asks for the token again for each connection', async () => {
      let asked = 0;
      const token = async () => {
        asked++;
        return unsecuredToken(kafka.user.username);
      };
      const security: KafkaSecurity = { sasl: { mechanism: 'oauthbearer', source: { token } } };
      const producer = await producerFor(kafka.bootstrapSasl, { security });
      await kafka.createTopic('login-oauth');
      expect(await producer.deliver('login-oauth', [{ key: 'k', value: 'v' }])).toBe(1);
      expect(asked).toBeGreaterThan(0);
      producer.close();
    });

    test('with a token of two months, which no timer can hold, connects no more often than with another', async () => {
      let asked = 0;
      const token = async () => {
        asked++;
        return unsecuredToken(kafka.user.username, 60 * 24 * 3600);
      };
      const producer = await producerFor(kafka.bootstrapSasl, {
        security: { sasl: { mechanism: 'oauthbearer', source: { token } } },
      });
      await kafka.createTopic('long-login');
      for (let count = 1; count <= 20; count++) await producer.deliver('long-login', [{ key: 'k', value: `${count}` }]);
      producer.close();
      expect(asked).toBe(1);
    });

    test.each([
      'plain',
      'scram-sha-512',
    ] as const)('with a wrong password (%s) is refused permanently, and says so', async mechanism => {
      const refused = producerFor(kafka.bootstrapSasl, { security: login(mechanism, 'wrong') });
      await expect(refused).rejects.toMatchObject({ code: 'kafka-authentication-failed', kind: 'permanent' });
    });
  });

  describe('TLS', () => {
    test('is verified against the given authority, and with it the login goes through', async () => {
      const { username, password } = kafka.user;
      const producer = await producerFor(kafka.bootstrapSaslTls, {
        security: { tls: { ca: kafka.certificates!.ca }, sasl: { mechanism: 'scram-sha-512', username, password } },
      });
      await kafka.createTopic('tls');
      expect(await producer.deliver('tls', [{ key: 'k', value: 'v' }])).toBe(1);
      producer.close();
    });

    test('of an authority that is not trusted is refused permanently', async () => {
      const refused = producerFor(kafka.bootstrapTls, { security: { tls: {} } });
      await expect(refused).rejects.toMatchObject({ code: 'tls-untrusted', kind: 'permanent' });
    });

    test('with a client certificate is what a listener with mTLS takes', async () => {
      const { ca, clientCert: cert, clientKey: key } = kafka.certificates!;
      const producer = await producerFor(kafka.bootstrapMtls, { security: { tls: { ca, cert, key } } });
      await kafka.createTopic('mtls');
      expect(await producer.deliver('mtls', [{ key: 'k', value: 'v' }])).toBe(1);
      producer.close();
    });
  });
});
