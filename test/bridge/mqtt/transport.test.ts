import { readFileSync } from 'node:fs';
import { createServer as createTcpServer, type Server } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { openTransport } from '../../../bridge/mqtt/open-transport.ts';
import { prepareTls } from '../../../bridge/mqtt/tls.ts';
import type { Transport } from '../../../bridge/mqtt/transport.ts';
import { makeCertificates } from '../../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../../real/cleanup.ts';
import { describeReal } from '../../real/require.ts';

/** What a server sends as soon as a client is there: a count in each four bytes, so that a byte out of place is seen. */
const stream = Buffer.alloc(4_000_000);
for (let at = 0; at < stream.length; at += 4) stream.writeUInt32BE(at, at);

let stop: () => void;
let transport: Transport | undefined;

async function listen(server: Server): Promise<number> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  stop = () => server.close();
  return (server.address() as { port: number }).port;
}

async function tcp(): Promise<string> {
  return `mqtt://127.0.0.1:${await listen(createTcpServer(socket => socket.on('error', () => {}).end(stream)))}`;
}

async function tls(): Promise<string> {
  const folder = temporaryFolder('tls');
  const { serverCertFile, serverKeyFile } = makeCertificates(folder);
  const [cert, key] = [readFileSync(serverCertFile), readFileSync(serverKeyFile)];
  removeFolder(folder);
  const server = createTlsServer({ cert, key }, socket => socket.on('error', () => {}).end(stream));
  return `mqtts://127.0.0.1:${await listen(server)}`;
}

async function webSocket(): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket: WebSocket) => {
    for (let at = 0; at < stream.length; at += 10_000) socket.send(stream.subarray(at, at + 10_000));
    socket.close();
  });
  await new Promise(resolve => server.once('listening', resolve));
  stop = () => server.close();
  return `ws://127.0.0.1:${(server.address() as { port: number }).port}`;
}

const keepsItsBytes = (serve: () => Promise<string>) => () => {
  afterEach(() => {
    transport?.destroy();
    stop();
  });

  // Over TLS, records that came together were written one over the other while reading was paused, and messages were spoilt.
  it('a chunk keeps its bytes until reading goes on, and every byte comes once', async () => {
    const url = new URL(await serve());
    const { promise: closed, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Buffer[] = [];
    let position = 0;
    const use = () => {
      for (const chunk of waiting.splice(0)) {
        if (!chunk.equals(stream.subarray(position, position + chunk.length)))
          reject(new Error(`wrong at ${position}`));
        position += chunk.length;
      }
      transport?.resume();
    };
    transport = openTransport(
      { url, security: prepareTls({ insecureSkipVerify: true }), headers: {} },
      {
        opened: () => {},
        data: chunk => {
          waiting.push(chunk);
          transport?.pause();
          setImmediate(use);
        },
        closed: error => (error ? reject(error) : resolve()),
      },
    );
    await closed;
    expect(position).toBe(stream.length);
  });
};

describe('tcp', keepsItsBytes(tcp));
describeReal('openssl')('tls', keepsItsBytes(tls));
describe('WebSocket', keepsItsBytes(webSocket));
