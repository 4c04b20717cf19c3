// mqtt:// at a TLS port, mqtts:// at a plain one and a missing client certificate all read "connection lost", with OpenSSL's text as advice.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import type { SessionOptions } from '../../../bridge/mqtt/options.ts';
import { type Certificates, makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { type RunningMosquitto, startMosquitto } from '../../real/mosquitto.ts';
import { describeReal } from '../../real/require.ts';
import { until } from '../../real/until.ts';
import { Recording } from './support/recording.ts';

const recordings: Recording[] = [];
afterEach(() => {
  for (const recording of recordings.splice(0)) recording.session.abandon();
});

function start(options: Partial<SessionOptions> & { urls: readonly string[] }): Recording {
  const recording = new Recording({ version: 'auto', connectTimeoutMs: 30_000, ...options });
  recordings.push(recording.start());
  return recording;
}

/** The failure that ends the session. */
async function failure(options: Partial<SessionOptions> & { urls: readonly string[] }): Promise<MkbError> {
  const recording = start(options);
  const error = await until('a failure', () => recording.failure, { everyMs: 5 });
  checkAdvice([error, ...recording.losses]);
  return error;
}

/** The first error that is retried, when the session goes on. */
async function loss(options: Partial<SessionOptions> & { urls: readonly string[] }): Promise<MkbError> {
  const recording = start(options);
  await recording.lostTimes(4);
  expect(recording.failure).toBeUndefined();
  checkAdvice(recording.losses);
  return recording.losses[0]!;
}

/** Advice is ours, never OpenSSL's or Node's. */
function checkAdvice(errors: readonly MkbError[]): void {
  for (const { message } of errors)
    expect(message).not.toMatch(/SSL routines|ECONN|ENOTFOUND|EPROTO|:error:|socket hang up|network socket/);
}

describeReal('mosquitto', 'openssl')('first contact with a real Mosquitto', () => {
  let mosquitto: RunningMosquitto;
  let others: Certificates;
  let folder: string;
  beforeAll(async () => {
    folder = temporaryFolder('others');
    others = makeCertificates(folder);
    mosquitto = await startMosquitto({ tls: true, websockets: true });
  });
  afterAll(async () => {
    removeFolder(folder);
    await mosquitto?.stop();
  });

  const as = (scheme: string, url: string) => url.replace(/^[a-z]+:/, `${scheme}:`);
  const ca = () => mosquitto.certificates!.ca;

  type Case = [what: string, code: string, url: () => string, tls: () => SessionOptions['tls'], says?: RegExp];
  const cases: Case[] = [
    ['mqtt:// at a port of TLS', 'mqtt-not-spoken', () => as('mqtt', mosquitto.urlTls), () => undefined, /speaks TLS/],
    ['mqtt:// at a port of WebSocket', 'mqtt-not-spoken', () => as('mqtt', mosquitto.urlWs), () => undefined, /HTTP/],
    ['mqtts:// at a port without TLS', 'mqtt-not-spoken', () => as('mqtts', mosquitto.url), () => ({}), /without TLS/],
    ['ws:// at a port of MQTT', 'mqtt-not-spoken', () => as('ws', mosquitto.url), () => undefined, /MQTT without/],
    ['ws:// at a port of wss', 'mqtt-not-spoken', () => as('ws', mosquitto.urlWss), () => undefined, /speaks TLS/],
    ['wss:// at a port of ws', 'tls-not-spoken', () => as('wss', mosquitto.urlWs), () => ({}), /does not speak it/],
    ['a wrong authority', 'tls-untrusted', () => mosquitto.urlTls, () => ({ ca: others.ca })],
    ['the well-known authorities', 'tls-untrusted', () => mosquitto.urlTls, () => undefined],
    ['the well-known authorities at wss', 'tls-untrusted', () => mosquitto.urlWss, () => undefined],
    [
      'another name',
      'tls-name-mismatch',
      () => mosquitto.urlTls,
      () => ({ ca: ca(), serverName: 'b.example' }),
      /localhost.*b\.example/,
    ],
    ['no client certificate', 'tls-certificate-demanded', () => mosquitto.urlMtls, () => ({ ca: ca() })],
    [
      'a client certificate of others',
      'tls-certificate-refused',
      () => mosquitto.urlMtls,
      () => ({ ca: ca(), cert: others.clientCert, key: others.clientKey }),
    ],
  ];

  test.each(cases)('%s is %s, which no retry helps', async (_, code, url, tls, says = /./) => {
    const texts = tls();
    const error = await failure({ urls: [url()], ...(texts && { tls: texts }) });
    expect(error).toMatchObject({ code, kind: 'permanent' });
    expect(error.message).toMatch(says);
  });
});

describe('first contact with', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const listen = async (made: Server, scheme = 'mqtt'): Promise<string> => {
    server = made;
    await new Promise<void>(resolve => made.listen(0, '127.0.0.1', resolve));
    return `${scheme}://127.0.0.1:${(made.address() as AddressInfo).port}`;
  };
  const ignore = () => undefined;

  test.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['AMQP', 'AMQP\0\0\x09\x01'],
  ])('a server of %s names it', async (spoken, says) => {
    const url = await listen(
      createServer(socket => void socket.on('error', ignore).once('data', () => socket.end(says))),
    );
    const error = await failure({ urls: [url] });
    expect(error).toMatchObject({ code: 'mqtt-not-spoken' });
    expect(error.message).toContain(`speaks ${spoken}`);
  });

  test.each([
    [404, 'mqtt-websocket-refused', 'retryable'],
    [503, 'mqtt-websocket-refused', 'retryable'],
  ])('a gateway that answers ws:// with HTTP %d waits for what is behind it', async (status, code, kind) => {
    const gateway = createHttpServer();
    gateway.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
    const error = await loss({ urls: [await listen(gateway, 'ws')] });
    expect(error).toMatchObject({ code, kind });
    expect(error.message).toContain(`HTTP ${status}`);
  });

  test('a gateway that answers ws:// with HTTP 401 refuses the login', async () => {
    const gateway = createHttpServer();
    gateway.on('upgrade', (_, socket) => socket.end('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n'));
    const error = await failure({ urls: [await listen(gateway, 'ws')] });
    expect(error).toMatchObject({ code: 'mqtt-not-authorised' });
    expect(error.message).toContain('spec.mqtt.webSocket.headers');
  });

  test('a port where nothing listens is retried, and so is a name that does not exist', async () => {
    const url = await listen(createServer());
    server!.close();
    expect(await loss({ urls: [url] })).toMatchObject({ code: 'mqtt-connect-failed', kind: 'retryable' });
    const error = await loss({ urls: ['mqtt://no-such-host.invalid:1883'] });
    expect(error).toMatchObject({ code: 'mqtt-connect-failed', kind: 'retryable' });
    expect(error.message).toMatch(/no host no-such-host\.invalid|name server/);
  });

  // A broker behind a proxy closes so while it is being rolled out, and the bridge must not end by it.
  test('a proxy without its broker is retried, with TLS and without', async () => {
    const closes = () => createServer(socket => void socket.on('error', ignore).on('data', ignore).end());
    expect(await loss({ urls: [await listen(closes())] })).toMatchObject({ kind: 'retryable' });
    server!.close();
    const error = await loss({ urls: [await listen(closes(), 'mqtts')], tls: {} });
    expect(error).toMatchObject({ code: 'tls-failed', kind: 'retryable' });
  });

  // What stands before a broker may answer with a page of its own while the broker is rolled out.
  test('a page of HTTP after a success is retried', async () => {
    let letsIn = true;
    const url = await listen(
      createServer(socket => {
        socket.on('error', ignore).on('data', bytes => {
          if (bytes[0] === 0x10 && !letsIn) socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
          else if (bytes[0] === 0x10) socket.write(Buffer.from([0x20, 3, 1, 0, 0]));
          else if (bytes[0] === 0x82) {
            socket.write(Buffer.from([0x90, 4, bytes[2]!, bytes[3]!, 0, 1]));
            letsIn = false;
            setTimeout(() => socket.destroy(), 100);
          }
        });
      }),
    );
    const recording = start({ urls: [url] });
    await recording.connectedTimes(1);
    const error = await recording.lostTimes(3);
    expect(error).toMatchObject({ code: 'mqtt-refused-for-now', kind: 'retryable' });
    expect(recording.failure).toBeUndefined();
  });
});
