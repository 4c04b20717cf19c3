import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until } from '../real/until.ts';
import { type ChaosProxy, startChaosProxy } from './chaos-proxy.ts';

let target: Server;
let proxy: ChaosProxy;
const sockets: Socket[] = [];

beforeEach(async () => {
  target = createServer(socket => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  proxy = await startChaosProxy((target.address() as { port: number }).port);
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  target.close();
});

/** A connected client that keeps what comes back, and how it ended. */
async function client() {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  const seen = { socket, text: '', ended: undefined as string | undefined };
  socket.on('data', chunk => {
    seen.text += chunk;
  });
  socket.on('end', () => {
    seen.ended ??= 'end';
  });
  socket.on('error', error => {
    seen.ended ??= (error as NodeJS.ErrnoException).code;
  });
  // Refused ones may be reset before they know that they were connected.
  await until('an answer', () => !socket.connecting, { everyMs: 1 });
  return seen;
}

async function roundTrip(seen: Awaited<ReturnType<typeof client>>, text: string): Promise<number> {
  const start = performance.now();
  seen.socket.write(text);
  await until(`"${text.slice(0, 20)}" to come back`, () => seen.text.endsWith(text), { everyMs: 2 });
  return performance.now() - start;
}

test('what goes in comes out, in order, both ways', async () => {
  const seen = await client();
  const text = Array.from({ length: 100_000 }, (_, index) => `${index},`).join('');
  await roundTrip(seen, text);
  expect(seen.text).toBe(text);
});

test('a reset reaches the client as ECONNRESET, and the next connection works', async () => {
  const seen = await client();
  await roundTrip(seen, 'before');
  proxy.cut('reset');
  await until('the reset', () => seen.ended);
  expect(seen.ended).toBe('ECONNRESET');
  await until('both ends to be gone', () => proxy.open === 0);
  await roundTrip(await client(), 'after');
});

test('an end reaches the client as the end of the stream', async () => {
  const seen = await client();
  await roundTrip(seen, 'before');
  proxy.cut('end');
  await until('the end', () => seen.ended);
  expect(seen.ended).toBe('end');
});

test('while it refuses, new connections are reset and open ones go on', async () => {
  const open = await client();
  await roundTrip(open, 'open');
  proxy.refuse();
  const refused = await client();
  await until('the refusal', () => refused.ended);
  expect(refused.ended).toBe('ECONNRESET');
  await roundTrip(open, 'still open');
  proxy.accept();
  await roundTrip(await client(), 'accepted');
});

test('a delay in one direction is added to each round trip, and taken away again', async () => {
  const seen = await client();
  await roundTrip(seen, 'warm');
  proxy.delay(2000, 'down');
  expect(await roundTrip(seen, 'slow')).toBeGreaterThan(1995);
  proxy.delay(0);
  expect(await roundTrip(seen, 'quick')).toBeLessThan(1900);
});

test('a limit spaces bytes out, and clear lets what still waits go at once', async () => {
  const seen = await client();
  await roundTrip(seen, 'warm');
  proxy.limit(10_000, 'up');
  expect(await roundTrip(seen, `${'x'.repeat(2000)}!`)).toBeGreaterThan(180);
  const slow = roundTrip(seen, `${'x'.repeat(200_000)}?`);
  await until('the first bytes of twenty seconds', () => seen.text.length > 2100);
  proxy.clear();
  expect(await slow).toBeLessThan(10_000);
});

test('a frozen connection stays open and silent, and loses nothing when it thaws', async () => {
  const seen = await client();
  await roundTrip(seen, 'warm');
  proxy.freeze();
  const late = roundTrip(seen, 'through the ice');
  const other = await client();
  await until('the proxy to hold both', () => proxy.open === 2);
  expect([seen.text, seen.ended, other.ended]).toEqual(['warm', undefined, undefined]);
  proxy.thaw();
  await late;
});

test('an end that the target sends is not seen while the way down is frozen', async () => {
  const seen = await client();
  await roundTrip(seen, 'warm');
  proxy.freeze('down');
  seen.socket.end('last words');
  await until('the client to have sent its end', () => seen.socket.writableFinished);
  expect(seen.ended).toBeUndefined();
  proxy.thaw('down');
  await until('the end', () => seen.ended === 'end');
  expect(seen.text).toBe('warmlast words');
});

test('a target that resets resets the client, and one that is away refuses it', async () => {
  const seen = await client();
  // The proxy has reached the target for it, so the next connection there is the victim's.
  await roundTrip(seen, 'warm');
  target.once('connection', socket => socket.on('data', () => socket.resetAndDestroy()));
  const victim = await client();
  victim.socket.write('x');
  await until('the reset', () => victim.ended);
  expect(victim.ended).toBe('ECONNRESET');
  await roundTrip(seen, 'others go on');
  target.close();
  const late = await client();
  await until('the refusal', () => late.ended);
  expect(late.ended).toBe('ECONNRESET');
});
