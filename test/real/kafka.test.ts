import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { type Kafka, type KafkaConfig, logLevel, Partitioners, Kafka as PlainKafka, type SASLOptions } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningKafka, startKafka, unsecuredToken } from './kafka.ts';
import { describeReal } from './require.ts';
import { until } from './until.ts';

/** Sends one record, and throws what Kafka has against it. */
async function produce(kafka: Kafka, topic: string, value: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  try {
    await producer.send({ topic, messages: [{ value }] });
  } finally {
    await producer.disconnect();
  }
}

/** Reads with librdkafka, so that what one client wrote another one sees. */
async function read(bootstrap: string, topic: string): Promise<string[]> {
  const args = ['-C', '-q', '-e', '-o', 'beginning', '-b', bootstrap, '-t', topic];
  const { stdout } = await promisify(execFile)('kcat', args);
  return stdout.trim().split('\n').filter(Boolean);
}

const connectTo = (bootstrap: string, config: Partial<KafkaConfig>) =>
  new PlainKafka({ brokers: bootstrap.split(','), logLevel: logLevel.NOTHING, retry: { retries: 0 }, ...config });

describeReal('kafka', 'kcat')('one broker', () => {
  let kafka: RunningKafka;

  beforeAll(async () => {
    kafka = await startKafka({ proxied: true });
    await kafka.createTopic('letters', { partitions: 1 });
  });
  afterAll(() => kafka?.stop());

  test('what one client produces, another reads', async () => {
    await produce(kafka.client(), 'letters', 'a');
    expect(await read(kafka.bootstrap, 'letters')).toEqual(['a']);
  });

  test('what was acknowledged is still there after kill -9 and start', async () => {
    await produce(kafka.client(), 'letters', 'b');
    await kafka.brokers[0]!.kill();
    expect(kafka.brokers[0]!.running).toBe(false);
    await kafka.brokers[0]!.start();
    await until('the partition to have its leader again', async () =>
      (await read(kafka.bootstrap, 'letters')).includes('b'),
    );
  });

  test('a client that starts behind the proxy stays behind it', async () => {
    const { proxy } = kafka.brokers[0]!;
    const admin = connectTo(kafka.bootstrapProxied, {}).admin();
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    await admin.disconnect();
    expect(brokers.map(({ port }) => port)).toEqual([proxy!.port]);

    proxy!.refuse();
    await expect(produce(connectTo(kafka.bootstrapProxied, {}), 'letters', 'never')).rejects.toThrow();
    proxy!.accept();
    await produce(connectTo(kafka.bootstrapProxied, {}), 'letters', 'c');
  });

  test('a paused broker answers nothing until it is resumed', async () => {
    kafka.brokers[0]!.pause();
    const admin = connectTo(kafka.bootstrap, { requestTimeout: 300, connectionTimeout: 300 }).admin();
    await expect(admin.connect()).rejects.toThrow();
    kafka.brokers[0]!.resume();
    await until('an answer', () => produce(kafka.client(), 'letters', 'd').then(() => true));
  });

  test('a second one runs beside it, and leaves no process when it stops', async () => {
    const second = await startKafka();
    await second.createTopic('letters');
    expect(await read(second.bootstrap, 'letters')).toEqual([]);
    const { pid } = second.brokers[0]!;
    await second.stop();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describeReal('kafka', 'kcat')('three brokers', () => {
  let kafka: RunningKafka;

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 });
    await kafka.createTopic('letters', { partitions: 3 });
  });
  afterAll(() => kafka?.stop());

  async function leaders(): Promise<number[]> {
    const admin = kafka.client({ retry: { retries: 3, initialRetryTime: 50 } }).admin();
    await admin.connect();
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: ['letters'] });
      return topics[0]!.partitions.map(({ leader }) => leader);
    } finally {
      await admin.disconnect();
    }
  }

  test('every partition gets a living leader when one broker is killed, and takes records', async () => {
    const [first, second, third] = kafka.brokers;
    await until('leaders on all brokers', async () => new Set(await leaders()).size === 3);
    await first!.kill();
    const living = [second!.id, third!.id];
    await until('leaders elsewhere', async () => (await leaders()).every(leader => living.includes(leader)));
    await Promise.all(['a', 'b', 'c'].map(value => produce(kafka.client(), 'letters', value)));
    expect((await read(kafka.bootstrap, 'letters')).sort()).toEqual(['a', 'b', 'c']);
    await first!.start();
  });
});

describeReal('kafka', 'openssl')('a secured broker', () => {
  let kafka: RunningKafka;

  beforeAll(async () => {
    kafka = await startKafka({ sasl: true, tls: true });
    await kafka.createTopic('letters', { partitions: 1 });
  });
  afterAll(() => kafka?.stop());

  const logins = (password: string): SASLOptions[] => [
    { mechanism: 'plain', username: kafka.user.username, password },
    { mechanism: 'scram-sha-256', username: kafka.user.username, password },
    { mechanism: 'scram-sha-512', username: kafka.user.username, password },
  ];

  test('each mechanism takes the right password and refuses a wrong one', async () => {
    for (const sasl of logins(kafka.user.password)) {
      await produce(connectTo(kafka.bootstrapSasl, { sasl }), 'letters', sasl.mechanism);
    }
    for (const sasl of logins('wrong')) {
      const refused = produce(connectTo(kafka.bootstrapSasl, { sasl }), 'letters', 'never');
      await expect(refused, sasl.mechanism).rejects.toThrow(/authenticat/i);
    }
  });

  test('an unsecured token is taken, and an old one is refused', async () => {
    const login = (value: string): SASLOptions => ({
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value }),
    });
    const good = login(unsecuredToken('anybody'));
    await produce(connectTo(kafka.bootstrapSasl, { sasl: good }), 'letters', 'token');
    const bad = login(unsecuredToken('anybody', -60));
    await expect(produce(connectTo(kafka.bootstrapSasl, { sasl: bad }), 'letters', 'never')).rejects.toThrow();
  });

  test('a login goes through TLS too', async () => {
    const [, , sasl] = logins(kafka.user.password);
    const ssl = { ca: kafka.certificates!.ca };
    await produce(connectTo(kafka.bootstrapSaslTls, { sasl, ssl }), 'letters', 'sasl over tls');
  });

  test('TLS is verified against its authority', async () => {
    const ssl = { ca: kafka.certificates!.ca };
    await produce(connectTo(kafka.bootstrapTls, { ssl }), 'letters', 'tls');
    await expect(produce(connectTo(kafka.bootstrapTls, { ssl: true }), 'letters', 'never')).rejects.toThrow();
  });

  test('the listener for client certificates takes one, and refuses none', async () => {
    const { ca, clientCert: cert, clientKey: key } = kafka.certificates!;
    await produce(connectTo(kafka.bootstrapMtls, { ssl: { ca, cert, key } }), 'letters', 'mtls');
    await expect(produce(connectTo(kafka.bootstrapMtls, { ssl: { ca } }), 'letters', 'never')).rejects.toThrow();
  });
});
