// `GET //` ended the bridge, the exporter, the operator, the simulator and the demo: one request of anybody stopped all messages.
import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { Agent, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Counter, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveHttp } from '../../bridge/observe/http.ts';
import { servePage } from '../../demo/page/server.ts';
import { listenHttp, pathOf, reply } from '../../network/http-server.ts';
import { serveWebhook } from '../../operator/webhook/server.ts';
import { quietLog } from '../operator/support/quiet-log.ts';
import { makeCertificates } from '../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import { program } from '../real/install.ts';
import { until } from '../real/until.ts';
import { attack, attacks, leavings, open, type Port, statusOf } from './support/attacks.ts';

interface Served extends Port {
  readonly close: () => Promise<void>;
}

interface ServerCase {
  readonly name: string;
  readonly start: () => Promise<Served>;
  /** A request and its status, when all is well. */
  readonly well: readonly [request: string, status: number];
}

const local = { host: '127.0.0.1', port: 0 };

const servers: ServerCase[] = [
  {
    name: 'metrics and health',
    well: ['GET /healthz', 200],
    start: async () => {
      const registry = new Registry();
      new Counter({ name: 'a_total', help: 'A.', registers: [registry] }).inc(3);
      const endpoint = await serveHttp(local, registry, () => [{ name: 'b', missing: () => [] }]);
      return { port: Number(new URL(endpoint.url).port), tls: false, close: endpoint.close };
    },
  },
  {
    name: 'the page of the demo',
    well: ['GET /', 200],
    start: async () => {
      const topic = { name: 't', partitions: 1 };
      const facts = { mqttPort: 1883, kafkaPort: 9092, topic, sql: '', vehicles: 1 };
      const page = await servePage({ port: 0, kafka: { onBatch: () => () => undefined }, facts });
      return { port: page.port, tls: false, close: () => page.close() };
    },
  },
];

if (program('openssl')) {
  servers.push({
    name: 'the webhook',
    well: ['GET /', 404],
    start: async () => {
      const folder = temporaryFolder('attacked-webhook');
      const made = makeCertificates(folder);
      const certificates = join(folder, 'mounted');
      mkdirSync(certificates);
      cpSync(made.serverCertFile, join(certificates, 'tls.crt'));
      cpSync(made.serverKeyFile, join(certificates, 'tls.key'));
      const webhook = await serveWebhook({
        ...local,
        certificates,
        settings: { replicas: 1, trustedOverrides: [] },
        log: quietLog(),
      });
      return { port: webhook.port, tls: true, close: () => webhook.close() };
    },
  });
}

describe.each(servers)('$name', ({ start, well: [request, status] }) => {
  let server: Served;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.close());

  test.each(Object.keys(attacks))('goes on after %s', async name => {
    await Promise.all(leavings.map(leaving => attack(server, attacks[name]!, leaving)));
    expect(await statusOf(server, request)).toBe(status);
  });

  test('goes on after bytes at random', async () => {
    // The same at each run: a stream cipher's.
    const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16));
    const bytes = () => cipher.update(Buffer.alloc(2000));
    await Promise.all(
      Array.from({ length: 50 }, () => attack({ ...server, tls: false }, bytes(), 'reads the answer', 50)),
    );
    expect(await statusOf(server, request)).toBe(status);
  });
});

/** @param localAddress which of this machine's the request comes from */
async function statusFrom(localAddress: string, port: number, agent?: Agent): Promise<number> {
  const asked = get({ host: '127.0.0.1', port, localAddress, agent: agent ?? false });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
  return response.statusCode!;
}

describe('a server', () => {
  const serving = async (answer: Parameters<typeof listenHttp>[0]['answer'], more = {}) => {
    const server = await listenHttp({ ...local, answer, ...more });
    return { ...server, tls: false };
  };

  test.each([
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    [
      'throws later',
      async () => {
        await null;
        throw new Error('no');
      },
    ],
  ] as const)('answers 500 when a handler %s', async (_, answer) => {
    const server = await serving(answer);
    expect(await statusOf(server, 'GET /')).toBe(500);
    await server.close();
  });

  test('cuts off who does not end a head, and who says nothing, and answers others meanwhile', async () => {
    const server = await serving((_path, _request, response) => reply(response, 200, 'ok\n'), { headMs: 2000 });
    const slow = await open(server);
    const silent = await open(server);
    const ended = [slow, silent].map(socket => new Promise<void>(resolve => socket.once('close', () => resolve())));
    slow.resume();
    silent.resume();
    slow.write('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    const drip = setInterval(() => slow.write('x'), 50);
    expect(await statusOf(server, 'GET /')).toBe(200);
    await Promise.all(ended);
    clearInterval(drip);
    await server.close();
  });

  test.runIf(program('openssl'))('cuts off who never begins TLS', async () => {
    const folder = temporaryFolder('silent-tls');
    const { serverCertFile, serverKeyFile } = makeCertificates(folder);
    const tls = { cert: readFileSync(serverCertFile), key: readFileSync(serverKeyFile) };
    const server = await serving((_path, _request, response) => reply(response, 200, 'ok\n'), { headMs: 2000, tls });
    const silent = await open(server);
    await new Promise<void>(resolve => silent.resume().once('close', () => resolve()));
    expect(await statusOf({ port: server.port, tls: true }, 'GET /')).toBe(200);
    await server.close();
    removeFolder(folder);
  });

  test('has room again when a crowd that says nothing has been cut off', async () => {
    const server = await serving((_path, _request, response) => reply(response, 200, 'ok\n'), {
      headMs: 2000,
      connections: 20,
    });
    const crowd = await Promise.all(Array.from({ length: 60 }, () => open(server)));
    const ended = crowd.map(socket => new Promise<void>(resolve => socket.resume().once('close', () => resolve())));
    await Promise.all(ended);
    expect(await statusOf(server, 'GET /')).toBe(200);
    await server.close();
  });

  // Answers to requests that were sent ahead waited in memory: gigabytes of them, for anybody who reached the port.
  test('cuts off who sends thousands of requests and reads no answer, and answers others', async () => {
    let asked = 0;
    const held: ServerResponse[] = [];
    const server = await serving((_path, { url }, response) => {
      if (url === '/well') return reply(response, 200, 'ok\n');
      asked++;
      held.push(response);
    });
    const greedy = await open(server);
    const ended = new Promise<void>(resolve => greedy.resume().once('close', () => resolve()));
    greedy.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5000));
    await ended;
    expect(asked).toBeLessThanOrEqual(16);
    expect(await statusOf(server, 'GET /well')).toBe(200);
    await server.close();
  });

  test('answers any number of requests of a connection, one after the other', async () => {
    const server = await serving((_path, _request, response) => reply(response, 200, 'ok\n'));
    let connections = 0;
    server.server.on('connection', () => connections++);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let at = 0; at < 100; at++) expect(await statusFrom('127.0.0.1', server.port, agent)).toBe(200);
    // So at least one of them had more than may wait at once.
    expect(connections).toBeLessThan(6);
    agent.destroy();
    await server.close();
  });

  // Somebody who opened all connections kept the kubelet out, which then ended the bridge.
  test('keeps connections for others than the one address that takes all it gets', async () => {
    const server = await serving((_path, _request, response) => reply(response, 200, 'ok\n'), { connectionsOfOne: 5 });
    const crowd = Array.from({ length: 50 }, () => connect({ port: server.port, host: '127.0.0.1' }));
    let left = crowd.length;
    for (const socket of crowd) socket.on('error', () => undefined).once('close', () => left--);
    await until('the crowd is cut off', () => left === 5);
    expect(await statusFrom('127.0.0.2', server.port)).toBe(200);
    for (const socket of crowd) socket.destroy();
    await until('there is room again', async () => (await statusFrom('127.0.0.1', server.port)) === 200);
    await server.close();
  });

  test('does not read a body that nobody wants', async () => {
    const server = await serving((_path, _request, response) => reply(response, 405, 'no\n'));
    const socket = await open(server);
    const ended = new Promise<void>(resolve => socket.resume().once('close', () => resolve()));
    socket.write('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000000\r\n\r\n');
    await ended;
    await server.close();
  });

  test('waits for answers under way as long as it is given, and no longer', async () => {
    const server = await serving((_path, _request, response) => void response.write('begun'));
    const socket = await open(server);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise(resolve => socket.once('data', resolve));
    const start = performance.now();
    await server.close(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(190);
    socket.destroy();
  });
});

test.each([
  [undefined, '/'],
  ['', '/'],
  ['/', '/'],
  ['//', '//'],
  ['/metrics?x=/y#z', '/metrics'],
  ['http://a.example:9400/metrics?x', '/metrics'],
  ['HTTPS://a.example', '/'],
  ['http://[', '/'],
  ['*', '*'],
  ['/%', '/%'],
  ['?x', '/'],
])('the path of the target %j is %s', (target, path) => {
  expect(pathOf(target)).toBe(path);
});
