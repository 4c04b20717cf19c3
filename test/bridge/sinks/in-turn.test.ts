/** An MQTT sink with `queryMode: sync`. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MqttSink } from '../../../bridge/sinks/mqtt.ts';
import { compileRule } from '../../../rules/compile.ts';
import { until } from '../../real/until.ts';
import { greeted, next, puback } from '../mqtt/support/publishing.ts';
import { ScriptedServer } from '../mqtt/support/scripted-server.ts';

let server: ScriptedServer;
let sink: MqttSink;
const told: string[] = [];

beforeEach(async () => {
  told.length = 0;
  server = await ScriptedServer.start();
  sink = new MqttSink(
    {
      bridge: 'b',
      maxBytes: 1_000_000,
      publisher: {
        urls: [server.url],
        version: '5',
        clientId: 'b-out',
        cleanStart: true,
        subscriptions: [],
        keepAliveMs: 0,
        sessionExpirySeconds: 0,
        receiveMaximum: 100,
        maximumPacketSize: 1000,
        connectTimeoutMs: 30_000,
        reconnect: { minDelayMs: 1, maxDelayMs: 2 },
        windowCapacity: 128,
        window: 100,
      },
    },
    { connected: () => undefined, problem: () => undefined, stopped: () => undefined },
  );
  sink.use({
    retryOf: () => undefined,
    receivedAt: () => 0,
    delivered: tokens => told.push(...tokens.map(token => `delivered ${token}`)),
    fate: () => undefined,
    unheard: () => undefined,
    failed: (token, { code }) => told.push(`failed ${token} ${code}`),
    expired: token => told.push(`expired ${token}`),
    dropped: token => told.push(`dropped ${token}`),
    settled: () => undefined,
  });
});

afterEach(async () => {
  const closed = sink.close(1000);
  await server.stop();
  await closed;
});

const rule = compileRule('SELECT * FROM "$kafka/t"');

/** Writes a message of one sink, with the token as its payload. Each record is of a partition of its own. */
function writerOf(fields: object = {}) {
  const document = { topic: 'a', payload: '${value}', qos: 1, retain: false, mqttProperties: false, ...fields };
  const writer = sink.bind(document as never, 'r', rule);
  return (token: number) => {
    const value = Buffer.from(String(token));
    const record = {
      topic: 't',
      partition: token,
      offset: 0n,
      ts: 0,
      value,
      key: undefined,
      headers: {},
      rawHeaders: [],
    };
    writer.write(record as never, [], { value } as never, token);
  };
}

async function connected() {
  const starts = sink.start();
  const peer = await greeted({}, server);
  await starts;
  return peer;
}

test('each message is sent when the broker has the one before it, and other sinks go on', async () => {
  const [inTurn, other] = [writerOf({ queryMode: 'sync' }), writerOf()];
  const peer = await connected();
  for (const token of [1, 2, 3]) inTurn(token);
  for (const token of [11, 12]) other(token);
  // All of a turn of the event loop are sent at its end.
  expect([await next(peer), await next(peer), await next(peer)]).toEqual(['1 1', '11 2', '12 3']);
  expect(sink.waiting(token => token === 2)).toBe('the MQTT broker to acknowledge the message of its sink before it');
  puback(peer, 1);
  expect(await next(peer)).toMatch(/^2 /);
  puback(peer, 2);
  puback(peer, 3);
  await until('the others', () => told.length === 3);
  expect(peer.pending).toEqual([]);
  expect(told).toEqual(['delivered 1', 'delivered 11', 'delivered 12']);
});

test('a message that is refused gives its turn to the next, and one that is put off keeps it', async () => {
  const inTurn = writerOf({ queryMode: 'sync' });
  const peer = await connected();
  for (const token of [1, 2, 3]) inTurn(token);
  const sent = async () => {
    const [payload, packetId] = (await next(peer)).split(' ');
    return { payload, packetId: Number(packetId) };
  };
  const first = await sent();
  // Quota exceeded.
  puback(peer, first.packetId, 0x97);
  const again = await sent();
  expect(again.payload).toBe('1');
  // Payload format invalid.
  puback(peer, again.packetId, 0x99);
  const second = await sent();
  expect(second.payload).toBe('2');
  puback(peer, second.packetId);
  expect((await sent()).payload).toBe('3');
  expect(told).toEqual(['failed 1 mqtt-publish-refused', 'delivered 2']);
});

test('after a lost connection the order is kept', async () => {
  const inTurn = writerOf({ queryMode: 'sync' });
  let peer = await connected();
  for (const token of [1, 2]) inTurn(token);
  await next(peer);
  peer.end();
  peer = await greeted({}, server);
  const [payload, packetId, dup] = (await next(peer)).split(' ');
  expect([payload, dup]).toEqual(['1', 'dup']);
  puback(peer, Number(packetId));
  expect(await next(peer)).toMatch(/^2 /);
});

test('messages that a rebalance took away are dropped before their turn, and those behind them have theirs', async () => {
  const inTurn = writerOf({ queryMode: 'sync' });
  const peer = await connected();
  for (const token of [1, 2, 3, 4]) inTurn(token);
  expect(await next(peer)).toMatch(/^1 /);
  sink.withdraw(token => token < 4);
  expect(told).toEqual(['dropped 2', 'dropped 3']);
  puback(peer, 1);
  expect(await next(peer)).toMatch(/^4 /);
  expect(told).toEqual(['dropped 2', 'dropped 3', 'dropped 1']);
});

test('so are they while there is no connection, when the first of them is not sent yet', async () => {
  const inTurn = writerOf({ queryMode: 'sync' });
  for (const token of [1, 2, 3, 4]) inTurn(token);
  sink.withdraw(token => token < 4);
  expect(told.toSorted()).toEqual(['dropped 1', 'dropped 2', 'dropped 3']);
  const peer = await connected();
  expect(await next(peer)).toMatch(/^4 /);
  expect(peer.pending).toEqual([]);
});

test('a long line goes on to its end, and its memory is given back', async () => {
  const inTurn = writerOf({ queryMode: 'sync' });
  const peer = await connected();
  const count = 1500;
  for (let token = 1; token <= count; token++) inTurn(token);
  for (let token = 1; token <= count; token++) {
    const [payload, packetId] = (await next(peer)).split(' ');
    expect(payload).toBe(String(token));
    puback(peer, Number(packetId));
  }
  await until('the last', () => told.length === count);
  expect(sink.bufferedBytes).toBe(0);
});
