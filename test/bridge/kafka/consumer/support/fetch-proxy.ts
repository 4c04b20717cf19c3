/** A proxy between a consumer and a broker that changes Fetch answers, and nothing else. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Changes an answer, its four bytes of size among it. */
export type Change = (answer: Buffer) => void;

const fetchKey = 1;

/** Cuts a stream into messages that follow their size. */
function* messagesOf(pieces: { rest: Buffer }, chunk: Buffer): Generator<Buffer> {
  pieces.rest = Buffer.concat([pieces.rest, chunk]);
  while (pieces.rest.length >= 4 && pieces.rest.length >= 4 + pieces.rest.readInt32BE(0)) {
    const bytes = 4 + pieces.rest.readInt32BE(0);
    yield pieces.rest.subarray(0, bytes);
    pieces.rest = pieces.rest.subarray(bytes);
  }
}

export interface FetchProxy {
  readonly port: number;
  close(): void;
}

/** @param change is called with each Fetch answer */
export async function startFetchProxy(targetPort: number, change: Change): Promise<FetchProxy> {
  const sockets = new Set<Socket>();
  const server: Server = createServer(client => {
    const target = connect(targetPort, '127.0.0.1');
    const fetches = new Set<number>();
    const up = { rest: Buffer.alloc(0) };
    const down = { rest: Buffer.alloc(0) };
    client.on('data', chunk => {
      for (const request of messagesOf(up, chunk))
        if (request.readInt16BE(4) === fetchKey) fetches.add(request.readInt32BE(8));
      target.write(chunk);
    });
    target.on('data', chunk => {
      for (const answer of messagesOf(down, chunk)) {
        const copy = Buffer.from(answer);
        if (fetches.delete(answer.readInt32BE(4))) change(copy);
        client.write(copy);
      }
    });
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
