/** What a client may send to a port of HTTP: raw bytes, as no library would send them. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const end = '\r\n\r\n';
const head = (line: string, ...fields: string[]): string => [line, 'Host: a', ...fields].join('\r\n') + end;

/** Bytes by what they are. */
export const attacks: Readonly<Record<string, string | Buffer>> = {
  'two slashes': head('GET // HTTP/1.1'),
  'two slashes, and a host with a wrong port': head('GET //a:99999999/ HTTP/1.1'),
  'three slashes': head('GET ///metrics HTTP/1.1'),
  'HEAD of two slashes': head('HEAD // HTTP/1.1'),
  'a whole URL': head('GET http://example.com/metrics HTTP/1.1'),
  'a whole URL with a host that is none': head('GET http://[ HTTP/1.1'),
  'a URL without a host': head('GET http:// HTTP/1.1'),
  'an asterisk': head('OPTIONS * HTTP/1.1'),
  'GET of an asterisk': head('GET * HTTP/1.1'),
  'a name without a slash': head('GET metrics HTTP/1.1'),
  'half a percent-encoding': head('GET /% HTTP/1.1'),
  'a percent-encoding that is no UTF-8': head('GET /%E0%A4%A/%FF HTTP/1.1'),
  'only a query': head('GET ? HTTP/1.1'),
  'only a fragment': head('GET # HTTP/1.1'),
  backslashes: head('GET \\\\a\\b HTTP/1.1'),
  'a path up and out': head('GET /../../etc/passwd HTTP/1.1'),
  'bytes that are no ASCII': Buffer.from(head('GET /\xff\xfe\x80 HTTP/1.1'), 'latin1'),
  'a NUL in the path': head('GET /\0 HTTP/1.1'),
  'a method nobody knows': head('BREW /metrics HTTP/1.1'),
  'a tunnel': head('CONNECT a:443 HTTP/1.1'),
  'a tunnel to a place that is none': head('CONNECT // HTTP/1.1'),
  'another protocol, please': head(
    'GET /metrics HTTP/1.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: x',
  ),
  'HTTP/2, please': head(
    'GET /metrics HTTP/1.1',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAM',
  ),
  'HTTP/2 without asking': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/0.9': 'GET /\r\n',
  'HTTP/9.9': head('GET / HTTP/9.9'),
  'no host': `GET /metrics HTTP/1.1${end}`,
  'a head of a megabyte': head('GET /metrics HTTP/1.1', `X: ${'x'.repeat(1 << 20)}`),
  'ten thousand fields': head('GET / HTTP/1.1', ...Array.from({ length: 10_000 }, (_, n) => `X${n}: 1`)),
  'a path of a megabyte': head(`GET /${'x'.repeat(1 << 20)} HTTP/1.1`),
  'a field without a name': `GET / HTTP/1.1\r\n: x${end}`,
  'two lengths': `POST /validate HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2${end}x`,
  'a length below zero': head('POST /validate HTTP/1.1', 'Content-Length: -1'),
  'a length and chunks': `${head('POST /validate HTTP/1.1', 'Content-Length: 3', 'Transfer-Encoding: chunked')}0${end}`,
  'chunks that are none': `${head('POST /validate HTTP/1.1', 'Transfer-Encoding: chunked')}zz\r\n`,
  'a body that was not asked for': `${head('GET /metrics HTTP/1.1', 'Content-Length: 5')}hello`,
  'a body that does not come': head('POST /validate HTTP/1.1', 'Content-Length: 1000000000'),
  'a body that is no JSON': `${head('POST /validate HTTP/1.1', 'Content-Length: 2')}{]`,
  'a body that is null': `${head('POST /validate HTTP/1.1', 'Content-Length: 4')}null`,
  'a review of nothing': `${head('POST /validate HTTP/1.1', 'Content-Length: 14')}{"request":{}}`,
  'a body as deep as a well': `${head('POST /validate HTTP/1.1', 'Content-Length: 200000')}${'['.repeat(200_000)}`,
  'an answer of 100 first, please': head('POST /validate HTTP/1.1', 'Expect: 100-continue', 'Content-Length: 5'),
  'an answer of 999 first, please': head('POST /validate HTTP/1.1', 'Expect: tea', 'Content-Length: 5'),
  'half a line': 'GET /met',
  'half a head': 'GET /metrics HTTP/1.1\r\nHost: a\r\nX:',
  'only the end of lines': '\r\n\r\n\r\n\r\n',
  'a hundred requests at once': head('GET /metrics HTTP/1.1').repeat(100),
  'a greeting of TLS': Buffer.from(`16030100c8010000c40303${'00'.repeat(180)}`, 'hex'),
  zeros: Buffer.alloc(100_000),
  MQTT: Buffer.from('101000044d5154540402003c000474657374', 'hex'),
};

/** Ways to leave after having sent. */
export const leavings = ['reads the answer', 'closes its half', 'is gone at once'] as const;

export interface Port {
  readonly port: number;
  readonly tls: boolean;
}

/** A connection; its errors are nobody's business. */
export async function open({ port, tls }: Port): Promise<Socket> {
  const socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }) : connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, tls ? 'secureConnect' : 'connect');
  return socket;
}

/** Sends bytes, and leaves. Waits for an answer, or for the end of the connection, for `patienceMs` at most. */
export async function attack(
  target: Port,
  bytes: string | Buffer,
  leaving: (typeof leavings)[number],
  patienceMs = 150,
): Promise<void> {
  const socket = await open(target);
  const over = new Promise<void>(resolve => {
    socket.once('close', () => resolve()).once('data', () => resolve());
    setTimeout(resolve, patienceMs);
  });
  socket.write(bytes);
  if (leaving === 'closes its half') socket.end();
  if (leaving === 'is gone at once') target.tls ? socket.destroy() : socket.resetAndDestroy();
  await over;
  socket.destroy();
}

/** The status of a plain request, which needs no library either; NaN if there is no answer. */
export async function statusOf(target: Port, request: string): Promise<number> {
  const socket = await open(target);
  socket.write(`${request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const answer = await new Promise<string>(resolve => {
    socket.once('data', data => resolve(String(data))).once('close', () => resolve(''));
  });
  socket.destroy();
  return Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
}
