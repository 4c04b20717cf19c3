/** Handing over, settling, acknowledging and back-pressure on one connection, and what of it survives to the next. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Recording } from './support/recording.ts';
import { publish, ScriptedServer } from './support/scripted-server.ts';

let server: ScriptedServer;
let recording: Recording;

beforeEach(async () => {
  server = await ScriptedServer.start();
});

afterEach(async () => {
  recording.session.abandon();
  await server.stop();
});

async function connect(options: ConstructorParameters<typeof Recording>[0] | object = {}) {
  recording = new Recording({ urls: [server.url], ...options }).start();
  const peer = await server.accept();
  await peer.greet();
  await recording.connectedTimes(1);
  return peer;
}

it('a PUBLISH is handed over with what it says', async () => {
  const peer = await connect();
  peer.send(publish(7, { topic: 'a/ü', payload: 'hello', qos: 1, retain: true, dup: true }));
  await recording.messagesCame(1);
  expect(recording.messages[0]).toMatchObject({ topic: 'a/ü', payload: 'hello', qos: 1, retain: true, dup: true });
});

it('nothing is acknowledged before it is settled', async () => {
  const peer = await connect();
  peer.send(publish(1), publish(2));
  await recording.messagesCame(2);
  recording.session.acknowledge();
  expect(await peer.settled()).toEqual([]);
  expect(recording.session.unsettled).toBe(2);
});

it('PUBACKs leave in the order received, although the messages are settled in another', async () => {
  const peer = await connect();
  peer.send(publish(3), publish(1), publish(2));
  await recording.messagesCame(3);
  recording.settle('m2');
  recording.settle('m1');
  expect(await peer.settled()).toEqual([]);
  recording.settle('m3');
  expect(await peer.settled()).toEqual(['puback 3', 'puback 1', 'puback 2']);
});

it('the acknowledgements of a batch go out in one write', async () => {
  const peer = await connect();
  peer.send(...Array.from({ length: 50 }, (_, index) => publish(index + 1)));
  await recording.messagesCame(50);
  recording.settle(...recording.payloads);
  expect(await peer.take(50)).toEqual(Array.from({ length: 50 }, (_, index) => `puback ${index + 1}`));
});

it('the end of a read is told once, after its messages', async () => {
  const peer = await connect();
  const seen: number[] = [];
  recording.onReadEnd = () => seen.push(recording.messages.length);
  peer.send(publish(1), publish(2), publish(3));
  await recording.messagesCame(3);
  expect(seen).toEqual([3]);
});

it('a full window stops the reading until its head is free, and loses nothing', async () => {
  const peer = await connect({ windowCapacity: 4 });
  peer.send(...Array.from({ length: 10 }, (_, index) => publish(index + 1)));
  await recording.messagesCame(4);
  recording.settle('m2', 'm3');
  expect(recording.payloads).toEqual(['m1', 'm2', 'm3', 'm4']);
  recording.settle('m1');
  await recording.messagesCame(7);
  expect(recording.payloads).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
  recording.onReadEnd = () => recording.settle(...recording.payloads);
  recording.settle(...recording.payloads);
  await recording.messagesCame(10);
  expect(await peer.take(10)).toEqual(Array.from({ length: 10 }, (_, index) => `puback ${index + 1}`));
});

it('messages that are settled while they are handed over never fill the window', async () => {
  const peer = await connect({ windowCapacity: 4 });
  recording.onMessage = (_, arrival) => recording.session.settle(arrival);
  recording.onReadEnd = () => recording.session.acknowledge();
  peer.send(...Array.from({ length: 90 }, (_, index) => publish(index + 1)));
  expect(await peer.take(90)).toHaveLength(90);
});

it('QoS 0 messages take part in the window', async () => {
  const peer = await connect({ windowCapacity: 2 });
  peer.send(...Array.from({ length: 5 }, (_, index) => publish(index + 1, { qos: 0 })));
  await recording.messagesCame(2);
  expect(recording.session.unsettled).toBe(2);
  recording.onReadEnd = () => recording.settle(...recording.payloads);
  recording.settle('m1', 'm2');
  await recording.messagesCame(5);
  expect(recording.payloads).toEqual(['m1', 'm2', 'm3', 'm4', 'm5']);
});

it('nothing is handed over while paused, not even what was read already', async () => {
  const peer = await connect();
  recording.onMessage = () => recording.session.pause();
  peer.send(publish(1), publish(2));
  await recording.messagesCame(1);
  peer.send(publish(3));
  recording.settle('m1');
  expect(await peer.take(1)).toEqual(['puback 1']);
  expect(recording.payloads).toEqual(['m1']);
  recording.onMessage = () => {};
  recording.session.resume();
  expect(recording.payloads).toEqual(['m1']);
  await recording.messagesCame(3);
  expect(recording.payloads).toEqual(['m1', 'm2', 'm3']);
});

it('a PUBACK is never sent on a later connection than the one that delivered the message', async () => {
  const first = await connect();
  first.send(publish(1), publish(2));
  await recording.messagesCame(2);
  recording.session.settle(recording.messages[0]?.arrival as number);
  first.cut();
  const second = await server.accept();
  await second.greet({ sessionPresent: true });
  await recording.connectedTimes(2);
  recording.settle('m1', 'm2');
  expect(await second.settled()).toEqual([]);
  expect(recording.session.unsettled).toBe(0);
});

it('a redelivery is a new arrival, and the only one that is acknowledged', async () => {
  const first = await connect();
  first.send(publish(1));
  await recording.messagesCame(1);
  first.cut();
  const second = await server.accept();
  await second.greet({ sessionPresent: true });
  second.send(publish(1, { dup: true }));
  await recording.messagesCame(2);
  const [original, redelivery] = recording.messages.map(({ arrival }) => arrival) as [number, number];
  expect(redelivery).toBeGreaterThan(original);
  recording.session.settle(original);
  recording.session.acknowledge();
  expect(await second.settled()).toEqual([]);
  recording.session.settle(redelivery);
  recording.session.acknowledge();
  expect(await second.settled()).toEqual(['puback 1']);
});

it('the end of a connection leaves nothing of a split packet to the next one', async () => {
  const first = await connect();
  first.write(first.encode(publish(1)).subarray(0, 6));
  first.send();
  first.end();
  const second = await server.accept();
  await second.greet({ sessionPresent: true });
  second.send(publish(2));
  await recording.messagesCame(1);
  expect(recording.payloads).toEqual(['m2']);
});

it('close sends what is due and DISCONNECT, and hands nothing over any more', async () => {
  const peer = await connect();
  peer.send(publish(1), publish(2));
  await recording.messagesCame(2);
  recording.session.settle(recording.messages[0]?.arrival as number);
  const closing = recording.session.close();
  peer.send(publish(3));
  expect(await peer.take(2)).toEqual(['puback 1', 'disconnect']);
  peer.end();
  await closing;
  expect(recording.session.close()).toBeInstanceOf(Promise);
  expect(recording.payloads).toEqual(['m1', 'm2']);
  expect(recording.events).toEqual(['connected']);
  recording.settle('m2');
  expect(recording.session.connected).toBe(false);
});

it('close says that the session is to be kept', async () => {
  const peer = await connect();
  const closing = recording.session.close();
  const packet = await peer.next();
  expect(packet).toMatchObject({ cmd: 'disconnect', reasonCode: 0 });
  expect(packet).not.toHaveProperty('properties');
  peer.end();
  await closing;
});

it('close does not wait for ever for a server that keeps its side open', async () => {
  const peer = await connect({ connectTimeoutMs: 1000 });
  await recording.session.close();
  await peer.closed;
  expect(peer.pending).toEqual(['disconnect']);
});

it('close ends the waiting for a server that is away', async () => {
  const peer = await connect({ reconnect: { minDelayMs: 60_000, maxDelayMs: 60_000 } });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const lost = new Promise<void>(resolve => {
    recording.onLoss = () => setImmediate(resolve);
  });
  peer.cut();
  await lost;
  expect(vi.getTimerCount()).toBe(1);
  await recording.session.close();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

it('abandon closes without a word', async () => {
  const peer = await connect();
  peer.send(publish(1));
  await recording.messagesCame(1);
  recording.session.settle(recording.messages[0]?.arrival as number);
  recording.session.abandon();
  await peer.closed;
  expect(peer.pending).toEqual([]);
});

it('a handler may abandon the session in the middle of a read', async () => {
  const peer = await connect();
  recording.onMessage = () => recording.session.abandon();
  peer.send(publish(1), publish(2));
  await peer.closed;
  expect(recording.payloads).toEqual(['m1']);
  expect(recording.readEnds).toBe(0);
});

it('message ids differ and are in the order of arrival', async () => {
  const peer = await connect({ now: () => 1_700_000_000_000 });
  peer.send(...Array.from({ length: 20 }, (_, index) => publish(index + 1)));
  await recording.messagesCame(20);
  const ids = recording.messages.map(({ id }) => id);
  expect(new Set(ids).size).toBe(20);
  expect([...ids].sort()).toEqual(ids);
  expect(ids[0]).toMatch(/^[0-9A-F]{32}$/);
});

// Mosquitto 2.0 sends more than the Receive Maximum whenever it has a queue. A session that left because of it came back to the same
// queue, again and again, and never got through it.
it('a server that ignores our Receive Maximum is read no further until enough is settled, and is not left', async () => {
  const peer = await connect({ receiveMaximum: 2 });
  peer.send(publish(1), publish(2), publish(3), publish(4), publish(5));
  await recording.messagesCame(3);
  expect(recording.events).toEqual(['connected', 'mqtt-receive-maximum-exceeded']);
  expect(recording.payloads).toEqual(['m1', 'm2', 'm3']);
  recording.settle('m1');
  await recording.messagesCame(4);
  recording.settle('m2', 'm3', 'm4');
  await recording.messagesCame(5);
  recording.settle('m5');
  expect(await peer.take(5)).toEqual(['puback 1', 'puback 2', 'puback 3', 'puback 4', 'puback 5']);
  expect(recording.events).toEqual(['connected', 'mqtt-receive-maximum-exceeded']);
});

it('the Receive Maximum counts what is unacknowledged, not what came', async () => {
  const peer = await connect({ receiveMaximum: 2 });
  for (let round = 0; round < 5; round++) {
    peer.send(publish(round * 2 + 1), publish(round * 2 + 2), publish(0, { qos: 0 }));
    await recording.messagesCame(round * 3 + 3);
    recording.settle(...recording.payloads, recording.payloads.at(-1) as string);
    for (const { arrival } of recording.messages) recording.session.settle(arrival);
    recording.session.acknowledge();
    await peer.take(2);
  }
  expect(recording.losses).toEqual([]);
});
