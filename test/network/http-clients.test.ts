// A server that answers with anything must not end the process that asked: a schema registry, EMQX's API.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import { RegistryClient } from '../../bridge/registry/client.ts';
import { EmqxApi } from '../../exporter/emqx/api.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** What a server does with a connection once a request came. */
const answers: Readonly<Record<string, (socket: Socket) => void>> = {
  'closes at once': socket => socket.destroy(),
  'resets the connection': socket => socket.resetAndDestroy(),
  'sends no HTTP': socket => socket.end('hello\n'),
  'sends bytes': socket => socket.end(Buffer.alloc(1000, 0xff)),
  'sends half a head': socket => socket.end('HTTP/1.1 200 O'),
  'sends a head of a megabyte': socket => socket.end(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1 << 20)}\r\n\r\n`),
  'cuts its answer short': socket =>
    socket.write(`${ok}Content-Length: 100\r\n\r\n{"a"`, () => socket.resetAndDestroy()),
  'ends its answer early': socket => socket.end(`${ok}Content-Length: 100\r\n\r\n{"a"`),
  'sends chunks that are none': socket => socket.end(`${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n`),
  'sends two answers': socket => socket.end(`${ok}Content-Length: 4\r\n\r\nnull${ok}Content-Length: 4\r\n\r\nnull`),
  'sends a status that is none': socket => socket.end('HTTP/1.1 99999 What\r\n\r\n'),
  'changes the protocol': socket =>
    socket.write('HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nbytes'),
  'sends it somewhere else': socket => socket.end('HTTP/1.1 302 Found\r\nLocation: //\r\nContent-Length: 0\r\n\r\n'),
  'sends JSON that is null': socket => socket.end(`${ok}Content-Length: 4\r\n\r\nnull`),
  'sends JSON as deep as a well': socket => socket.end(`${ok}Connection: close\r\n\r\n${'['.repeat(1_000_000)}`),
  'sends without an end': socket => {
    socket.write(`${ok}\r\n`);
    const more = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(1 << 16, 0x20)));
      socket.once('drain', more);
    };
    more();
  },
  'says nothing': () => undefined,
};

let server: Server;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server.close();
});

const serve = async (answer: (socket: Socket) => void): Promise<string> => {
  server = createServer(socket => {
    sockets.add(socket.on('error', () => undefined));
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
};

const clients = {
  'the client of a schema registry': async (url: string) => {
    const client = new RegistryClient({ url, requestTimeoutMs: 1000 });
    await client.get('/schemas/ids/1').finally(() => client.close());
  },
  "the client of EMQX's API": async (url: string) => {
    const api = new EmqxApi({ url, apiKey: 'k', apiSecret: async () => 's' });
    await api.get('/nodes', AbortSignal.timeout(1000)).finally(() => api.close());
  },
};

describe.each(Object.keys(clients) as (keyof typeof clients)[])('%s', name => {
  test.each(Object.keys(answers))('has an error of the table, or an answer, when the server %s', async what => {
    const url = await serve(answers[what]!);
    const outcome = await clients[name](url).then(
      () => 'an answer',
      (error: unknown) => error,
    );
    expect(outcome === 'an answer' || MkbError.is(outcome), String(outcome)).toBe(true);
    // What comes after it has nobody who waits for it.
    await new Promise(resolve => setTimeout(resolve, 20));
  });
});
