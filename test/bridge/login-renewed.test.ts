// A password was changed in its Secret, and the bridge went on with the old one until somebody restarted it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { completeDocument } from '../../api/complete.ts';
import { RegistryClient } from '../../bridge/registry/client.ts';
import { sessionOptions } from '../../bridge/settings.ts';
import { EmqxApi } from '../../exporter/emqx/api.ts';
import { kafkaLogin } from '../../network/kafka/settings.ts';
import { makeCertificates } from '../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { describeReal } from '../real/require.ts';
import { Recording } from './mqtt/support/recording.ts';
import { ScriptedServer } from './mqtt/support/scripted-server.ts';

let folder: string;
const file = (name: string) => join(folder, name);
const from = (name: string) => ({ valueFrom: { file: file(name) } });
const secrets = { secretsDir: '/nowhere' };
beforeEach(() => {
  folder = temporaryFolder('login');
  writeFileSync(file('password'), 'old\n');
});
afterEach(() => removeFolder(folder));

const documentOf = (mqtt: object) =>
  completeDocument({
    apiVersion: 'mqttkafka.dev/v1alpha1',
    kind: 'MqttKafkaBridge',
    metadata: { name: 'cars' },
    spec: { mqtt, kafka: { bootstrapServers: ['k:9092'] }, rules: [] },
  });

describe('the MQTT session', () => {
  let server: ScriptedServer;
  let recording: Recording;
  beforeEach(async () => {
    server = await ScriptedServer.start();
  });
  afterEach(async () => {
    recording.session.abandon();
    await server.stop();
  });

  const begin = async () => {
    const auth = { username: 'cars', password: from('password') };
    const reconnect = { minDelay: '1ms', maxDelay: '20ms' };
    const document = documentOf({ url: server.url, auth, reconnect });
    const options = await sessionOptions(document, [{ filter: 'a', qos: 1 }], secrets, 0);
    recording = new Recording({ ...options }).start();
  };

  test('logs in with the password that is in the file now', async () => {
    await begin();
    const first = await server.accept();
    expect(await first.greet()).toMatchObject({ password: Buffer.from('old') });
    await recording.connectedTimes(1);
    writeFileSync(file('password'), 'new\n');
    first.cut();
    expect(await (await server.accept()).greet()).toMatchObject({ password: Buffer.from('new') });
    await recording.connectedTimes(2);
  });

  test('waits for a file that is being replaced', async () => {
    await begin();
    const first = await server.accept();
    await first.greet();
    await recording.connectedTimes(1);
    rmSync(file('password'));
    first.cut();
    const missing = await recording.lostTimes(2);
    expect(missing).toMatchObject({ code: 'mqtt-refused-for-now', kind: 'retryable' });
    expect(missing.message).toContain(file('password'));
    writeFileSync(file('password'), 'new');
    expect(await (await server.accept()).greet()).toMatchObject({ password: Buffer.from('new') });
  });

  test('does not start without it, and says where it should be', async () => {
    rmSync(file('password'));
    recording = new Recording({ urls: [server.url] });
    await expect(begin()).rejects.toMatchObject({ code: 'secret-unreadable', kind: 'permanent' });
  });
});

describe('a login to Kafka', () => {
  test('reads the password for each connection', async () => {
    const auth = { mechanism: 'plain', username: 'u', password: from('password') } as const;
    const login = await kafkaLogin({ auth }, secrets, 'spec.kafka');
    const password = async () => (await login()).sasl!.password as () => Promise<string>;
    expect(await (await password())()).toBe('old');
    writeFileSync(file('password'), 'new');
    expect(await (await password())()).toBe('new');
  });

  test('with a token of a file that is missing names the file, not the login', async () => {
    const auth = { mechanism: 'oauthbearer', token: from('token') } as const;
    const error = await kafkaLogin({ auth }, secrets, 'spec.kafka').catch(reason => reason);
    expect(error).toMatchObject({ code: 'secret-unreadable' });
    expect(error.message).toContain(file('token'));
  });
});

describeReal('openssl')('certificates', () => {
  test('are read for each connection: of Kafka, the schema registry and the API of EMQX', async () => {
    const own = makeCertificates(folder);
    const otherFolder = temporaryFolder('others');
    const others = makeCertificates(otherFolder);
    const [cert, key] = [readFileSync(own.serverCertFile), readFileSync(own.serverKeyFile)];
    const answer = '{"id": 1}';
    const server = createServer({ cert, key }, socket => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
    writeFileSync(file('trusted'), others.ca);
    const login = await kafkaLogin({ tls: { ca: from('trusted'), insecureSkipVerify: false } }, secrets, 'spec.kafka');
    const tls = async () => {
      const { ca } = (await login()).tls!;
      return { ca: String(ca), insecureSkipVerify: false };
    };
    const registry = new RegistryClient({ url, tls, requestTimeoutMs: 5000 });
    const emqx = new EmqxApi({ url, apiKey: 'k', apiSecret: async () => 's', tls });
    const both = () =>
      Promise.all([
        registry.get('/').then(
          () => 'answered',
          ({ code }) => code,
        ),
        emqx.get('/', AbortSignal.timeout(5000)).then(
          () => 'answered',
          ({ code }) => code,
        ),
      ]);
    expect(await both()).toEqual(['tls-untrusted', 'tls-untrusted']);
    writeFileSync(file('trusted'), own.ca);
    expect(await both()).toEqual(['answered', 'answered']);
    writeFileSync(file('trusted'), others.ca);
    expect(await both()).toEqual(['tls-untrusted', 'tls-untrusted']);
    registry.close();
    emqx.close();
    server.close();
    removeFolder(otherFolder);
  });
});
