// A user whose Kafka wanted TLS read "Connection closed" for an hour; a wrong port, a missing login and a missing certificate read the same.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { metadataV9 } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { Cluster } from '../../../bridge/kafka/cluster.ts';
import { Brokers } from '../../../exporter/kafka/brokers.ts';
import { type KafkaSecurity, securityOptions } from '../../../network/kafka/security.ts';
import { type Certificates, makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { describeReal } from '../../real/require.ts';

const timeouts = { connectTimeout: 30_000, requestTimeout: 30_000 };
const nothing = () => undefined;

/** First contact as the bridge has it, and as the exporter. Each gives the error that a person reads. */
const contacts: Record<string, (address: string, security: KafkaSecurity) => Promise<unknown>> = {
  bridge: async (address, security) => {
    const cluster = new Cluster(
      {
        clientId: 'test',
        bootstrapServers: [address],
        metadataMaxAgeMs: 60_000,
        requestTimeoutMs: 30_000,
        retry: { minDelayMs: 10, maxDelayMs: 50 },
        connection: timeouts,
        login: async () => securityOptions(security),
      },
      { linkChanged: nothing, metadataRead: nothing, problem: nothing },
    );
    const outcome = await cluster.connect().then(nothing, error => error);
    cluster.close();
    return outcome;
  },
  exporter: async (address, security) => {
    const brokers = new Brokers('test', [address], timeouts, async () => securityOptions(security));
    const outcome = await brokers.askAny('give metadata', metadataV9.api, [], false).then(nothing, error => error);
    brokers.reset();
    return outcome;
  },
};

const fails = async (contact: string, address: string, security: KafkaSecurity = {}): Promise<MkbError> => {
  const error = await contacts[contact]!(address, security);
  if (!MkbError.is(error)) throw new Error(`expected an error of the table, got ${error}`);
  // Advice is ours, never OpenSSL's or Node's.
  expect(error.message).not.toMatch(/SSL routines|ECONN|ENOTFOUND|EPROTO|PLT_KFK|:error:/);
  return error;
};

describeReal('kafka')('first contact with a real Kafka', () => {
  let kafka: RunningKafka;
  let others: Certificates;
  let folder: string;
  beforeAll(async () => {
    folder = temporaryFolder('others');
    others = makeCertificates(folder);
    kafka = await startKafka({
      tls: true,
      sasl: true,
      config: { 'listener.name.sasl_tls.sasl.enabled.mechanisms': 'SCRAM-SHA-512' },
    });
  });
  afterAll(async () => {
    removeFolder(folder);
    await kafka?.stop();
  });

  const ca = () => kafka.certificates!.ca;
  const login = (mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512', password = kafka.user.password) =>
    ({ mechanism, username: kafka.user.username, password }) as const;
  const token = (text: string) => ({ mechanism: 'oauthbearer', source: { token: async () => text } }) as const;

  type Case = [what: string, code: string, address: () => string, security: () => KafkaSecurity, says?: RegExp];
  const cases: Case[] = [
    ['without TLS at a listener with it', 'kafka-tls-wanted', () => kafka.bootstrapTls, () => ({})],
    ['without TLS at one with TLS and a login', 'kafka-tls-wanted', () => kafka.bootstrapSaslTls, () => ({})],
    [
      'with a login, without TLS at one with both',
      'kafka-tls-wanted',
      () => kafka.bootstrapSaslTls,
      () => ({ sasl: login('plain') }),
    ],
    [
      'without a login at one that wants it',
      'kafka-login-wanted',
      () => kafka.bootstrapSasl,
      () => ({}),
      /plain.*scram-sha-256/,
    ],
    [
      'with TLS, without the login',
      'kafka-login-wanted',
      () => kafka.bootstrapSaslTls,
      () => ({ tls: { ca: ca() } }),
      /has: scram-sha-512\./,
    ],
    ['with TLS at one without', 'tls-not-spoken', () => kafka.bootstrap, () => ({ tls: {} })],
    [
      'with TLS and a login at one without TLS',
      'tls-not-spoken',
      () => kafka.bootstrapSasl,
      () => ({ tls: {}, sasl: login('plain') }),
    ],
    [
      'with a login at one that takes none',
      'kafka-login-not-wanted',
      () => kafka.bootstrap,
      () => ({ sasl: login('plain') }),
    ],
    [
      'with a mechanism that it has not',
      'kafka-mechanism-refused',
      () => kafka.bootstrapSaslTls,
      () => ({ tls: { ca: ca() }, sasl: login('plain') }),
      /plain; it has: scram-sha-512/,
    ],
    [
      'with a wrong password (plain)',
      'kafka-authentication-failed',
      () => kafka.bootstrapSasl,
      () => ({ sasl: login('plain', 'x') }),
    ],
    [
      'with a wrong password (scram)',
      'kafka-authentication-failed',
      () => kafka.bootstrapSasl,
      () => ({ sasl: login('scram-sha-256', 'x') }),
    ],
    [
      'with a token that is none',
      'kafka-token-rejected',
      () => kafka.bootstrapSasl,
      () => ({ sasl: token('rubbish') }),
    ],
    [
      'with an authority that did not sign',
      'tls-untrusted',
      () => kafka.bootstrapTls,
      () => ({ tls: { ca: others.ca } }),
    ],
    ['with the well-known authorities', 'tls-untrusted', () => kafka.bootstrapTls, () => ({ tls: {} })],
    [
      'expecting another name',
      'tls-name-mismatch',
      () => kafka.bootstrapTls,
      () => ({ tls: { ca: ca(), serverName: 'kafka.example' } }),
      /localhost.*not for kafka\.example/,
    ],
    [
      'without a client certificate',
      'tls-certificate-demanded',
      () => kafka.bootstrapMtls,
      () => ({ tls: { ca: ca() } }),
    ],
    [
      'with a client certificate of others',
      'tls-certificate-refused',
      () => kafka.bootstrapMtls,
      () => ({ tls: { ca: ca(), cert: others.clientCert, key: others.clientKey } }),
    ],
  ];

  describe.each(Object.keys(contacts))('of the %s', contact => {
    test.each(cases)('%s is %s', async (_, code, address, security, says = /./) => {
      const error = await fails(contact, address(), security());
      expect(error).toMatchObject({ code, kind: 'permanent' });
      expect(error.message).toMatch(says);
    });
  });

  test('a broker that is being started is waited for', async () => {
    const [broker] = kafka.brokers;
    await broker!.kill();
    const error = await fails('bridge', kafka.bootstrapSasl, { sasl: login('plain') });
    expect(error).toMatchObject({ code: 'kafka-unreachable', kind: 'retryable' });
    expect(error.message).toContain('nothing listens at this port');
    await broker!.start();
  });
});

describe('first contact with what is no Kafka', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const listen = async (made: Server): Promise<string> => {
    server = made;
    await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(made.address() as AddressInfo).port}`;
  };

  const strangers: Record<string, () => Server> = {
    HTTP: () => createHttpServer((_, response) => response.end()),
    SSH: () => createServer(socket => socket.on('error', nothing).write('SSH-2.0-OpenSSH_9.2\r\n')),
    MQTT: () =>
      createServer(socket =>
        socket.on('error', nothing).on('data', bytes => {
          if (bytes[0] === 0x10) socket.write(Buffer.from([0x20, 2, 0, 0]));
          else socket.destroy();
        }),
      ),
    Redis: () => createServer(socket => socket.on('error', nothing).on('data', () => socket.end('-ERR unknown\r\n'))),
  };

  describe.each(Object.keys(contacts))('of the %s', contact => {
    test.each(Object.keys(strangers))('%s is named', async spoken => {
      const error = await fails(contact, await listen(strangers[spoken]!()));
      expect(error).toMatchObject({ code: 'kafka-not-spoken', kind: 'permanent' });
      expect(error.message).toContain(`speaks ${spoken}`);
    });

    test('HTTP is named before TLS and a login are tried', async () => {
      const security: KafkaSecurity = { sasl: { mechanism: 'plain', username: 'u', password: 'p' } };
      expect(await fails(contact, await listen(strangers.HTTP!()), security)).toMatchObject({
        code: 'kafka-not-spoken',
      });
    });

    test('what closes without a word may be a proxy without its Kafka, and is retried', async () => {
      const address = await listen(createServer(socket => void socket.on('error', nothing).end()));
      expect(await fails(contact, address)).toMatchObject({ kind: 'retryable' });
      // It was taken for a refused login, and the bridge ended.
      const sasl = { mechanism: 'plain', username: 'u', password: 'p' } as const;
      expect(await fails(contact, address, { sasl })).toMatchObject({ code: 'kafka-unreachable', kind: 'retryable' });
      const secure = await fails(contact, address, { tls: {} });
      expect(secure).toMatchObject({ code: 'tls-failed', kind: 'retryable' });
    });

    test('a name that does not exist is said to be the reason', async () => {
      const error = await fails(contact, 'no-such-host.invalid:9092');
      expect(error).toMatchObject({ code: 'kafka-unreachable', kind: 'retryable' });
      expect(error.message).toMatch(/no host no-such-host\.invalid|name server/);
    });
  });
});
