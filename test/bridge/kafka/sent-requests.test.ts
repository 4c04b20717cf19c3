import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freeSentRequests } from '../../../bridge/kafka/sent-requests.ts';
import { until } from '../../real/until.ts';

let server: Server;
let socket: Socket;
let received: Buffer[];

beforeEach(async () => {
  received = [];
  server = createServer(peer => peer.on('data', chunk => received.push(chunk))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  socket = connect((server.address() as { port: number }).port, '127.0.0.1');
  await once(socket, 'connect');
  freeSentRequests(socket);
});
afterEach(() => {
  socket.destroy();
  server.close();
});

const arrived = (bytes: number) =>
  until('all that was written', () => received.reduce((sum, chunk) => sum + chunk.length, 0) === bytes);

// A bridge at QoS 0 spent a third of its CPU time on looking for requests that were long sent.
it('frees a large request as soon as it is written, and what is written is whole', async () => {
  const requests = [1, 2, 3].map(fill => Buffer.alloc(5_000_000, fill));
  for (const request of requests) socket.write(request);
  await arrived(15_000_000);
  await until('its memory to be free', () => requests.every(request => request.buffer.byteLength === 0));
  const whole = Buffer.concat(received);
  expect([1, 2, 3].map(fill => whole.indexOf(fill))).toEqual([0, 5_000_000, 10_000_000]);
});

it('leaves alone what shares its memory, and what is small', async () => {
  const memory = Buffer.alloc(1_000_000, 7);
  const small = Buffer.alloc(1000, 8);
  socket.write(memory.subarray(0, 500_000));
  socket.write(small);
  await arrived(501_000);
  await new Promise(resolve => socket.write(Buffer.alloc(1), resolve as () => void));
  expect(memory.every(byte => byte === 7)).toBe(true);
  expect(small.every(byte => byte === 8)).toBe(true);
});
