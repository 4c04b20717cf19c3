/** Limits of CONNACK that are others than those before: at a failover, or after a change of the server's configuration. */
import { describe, expect, test } from 'vitest';
import { LimitsPatience } from '../../../bridge/mqtt/publisher/limits-patience.ts';
import { until } from '../../real/until.ts';
import {
  failures,
  greeted,
  next,
  puback,
  publish,
  publisher,
  server,
  start,
  told,
  toldAre,
  usePublisher,
} from './support/publishing.ts';
import { type Peer, ScriptedServer } from './support/scripted-server.ts';

usePublisher();

/** What a message may not fit, and the failure of one that does not. */
const misfits = [
  ['Maximum Packet Size', { maximumPacketSize: 60 }, { contentType: 'x'.repeat(60) }, 'mqtt-publish-too-large'],
  ['Maximum QoS', { maximumQoS: 0 }, { qos: 1 }, 'mqtt-publish-refused'],
  ['Maximum QoS, for QoS 2', { maximumQoS: 0 }, { qos: 2 }, 'mqtt-publish-refused'],
  ['Retain Available', { retainAvailable: false }, { retain: true, qos: 0 }, 'mqtt-publish-refused'],
] as const;
/** A connection with these limits, known to the publisher, that is lost. */
async function lose(limits = {}): Promise<void> {
  const peer = await greeted(limits);
  await until('the connection', () => publisher.connected);
  peer.cut();
  await until('the loss', () => !publisher.connected);
}

/** Answers everything until all messages have an outcome. Returns them in order. */
async function takeAll(peer: Peer): Promise<string[]> {
  const taken: string[] = [];
  while (publisher.load > 0) {
    await until('a packet or the end', () => peer.pending.length > 0 || publisher.load === 0, { everyMs: 1 });
    if (publisher.load === 0) break;
    const packet = await peer.next();
    const { messageId } = packet;
    if (packet.cmd === 'publish') taken.push(String(packet.payload));
    if (packet.cmd === 'publish' && packet.qos === 1) puback(peer, messageId!);
    if (packet.cmd === 'publish' && packet.qos === 2) peer.send({ cmd: 'pubrec', messageId, reasonCode: 0 });
    if (packet.cmd === 'pubrel') peer.send({ cmd: 'pubcomp', messageId, reasonCode: 0 });
    if (packet.cmd === 'pingreq') peer.send({ cmd: 'pingresp' });
  }
  return taken;
}

const waits = 'problem mqtt-publish-waits-for-limits';

// What waited at a failover became dead letters at once, although the next server took it a minute later.
describe.each(misfits)('what does not fit a smaller %s', (_, smaller, fields, code) => {
  test('waits for the server to take it again, in its place, and other lanes go on', async () => {
    start();
    await lose();
    publish('a1', fields);
    publish('a2', { qos: 0 });
    publish('b1', { qos: 0 });
    const strict = await greeted(smaller);
    expect(await next(strict)).toMatch(/^b1 /);
    await until('the report', () => told.includes(waits));
    expect(publisher.waiting(token => token === 'a1')).toBe('an MQTT server whose limits allow a message to a/b');
    expect(failures).toEqual([]);
    strict.cut();
    const taken = await takeAll(await greeted());
    expect(taken.filter(token => token.startsWith('a'))).toEqual(['a1', 'a2']);
    expect(failures).toEqual([]);
  });

  test('is a dead letter when the limits stay, which names limit and server', async () => {
    start({ limitsPatienceMs: 50 });
    await lose();
    publish('a1', fields);
    publish('a2', { qos: 0 });
    const strict = await greeted(smaller);
    expect(await next(strict)).toMatch(/^a2 /);
    await until('the failure', () => failures.length > 0);
    expect(told[0]).toBe(waits);
    expect(told).toContain(`failed a1 ${code}`);
    expect(failures[0]!.message).toContain(server.url);
    expect(failures[0]!.message).toMatch(/\(60\)|not supported/);
  });

  test('of the only server is a dead letter at once, since nobody else will take it', async () => {
    start();
    await lose(smaller);
    const peer = await greeted(smaller);
    publish('a1', fields);
    publish('a2', { qos: 0 });
    expect(await next(peer)).toMatch(/^a2 /);
    expect(told[0]).toBe(`failed a1 ${code}`);
  });

  test('waits for the other server of the list, which takes it', async () => {
    const other = await ScriptedServer.start();
    try {
      start({ more: [other.url] });
      const strict = await greeted(smaller);
      publish('a1', fields);
      await until('the report', () => told.includes(waits));
      const left = server.stop();
      strict.cut();
      await left;
      const peer = await greeted({}, other);
      expect(await next(peer)).toMatch(/^a1 /);
      expect(failures).toEqual([]);
      peer.cut();
    } finally {
      await publisher.close();
      await other.stop();
    }
  });
});

test('what waits for limits is forgotten when nobody wants it, and its lane goes on', async () => {
  start();
  await lose();
  publish('a1', { retain: true });
  publish('a2');
  const strict = await greeted({ retainAvailable: false });
  await until('the report', () => told.includes(waits));
  publisher.forget(token => token === 'a1');
  expect(await next(strict)).toMatch(/^a2 /);
  puback(strict, 1);
  await toldAre(waits, 'published a2');
  expect(publisher.load).toBe(0);
});

describe('how long a message waits that does not fit', () => {
  const minute = 60_000;
  const limits = (maximumPacketSize: number) => ({
    receiveMaximum: 10,
    maximumPacketSize,
    maximumQos: 2,
    retainAvailable: true,
    topicAliasMaximum: 0,
    wildcardsAvailable: true,
    sharedAvailable: true,
    identifiersAvailable: true,
  });
  let now = 0;
  const patience = (servers: number) => {
    now = 0;
    return new LimitsPatience({ urls: Array.from({ length: servers }, () => 'mqtt://h') }, () => now);
  };

  test('not at all for the only server, until its limits change', () => {
    const only = patience(1);
    expect(only.welcomed(limits(9))).toBe(false);
    expect(only.left(now)).toBeLessThanOrEqual(0);
    now = minute;
    expect([only.welcomed(limits(9)), only.welcomed({ ...limits(9), receiveMaximum: 1 })]).toEqual([false, false]);
    expect(only.left(now)).toBeLessThanOrEqual(0);
    expect(only.welcomed(limits(8))).toBe(true);
    expect(only.left(now)).toBe(5 * minute);
  });

  test('five minutes from the change, and nothing afterwards, so that dead letters hold nothing up', () => {
    const list = patience(2);
    list.welcomed(limits(9));
    now = 4 * minute;
    expect(list.left(now)).toBe(minute);
    now = 6 * minute;
    expect(list.left(now)).toBeLessThanOrEqual(0);
  });

  test('five minutes from its first refusal, however often servers take turns', () => {
    const list = patience(2);
    for (let turn = 0; turn < 10; turn++) {
      list.welcomed(limits(8 + (turn % 2)));
      now += minute;
    }
    expect(list.left(now - 5 * minute)).toBeLessThanOrEqual(0);
    expect(list.left(now)).toBe(4 * minute);
  });
});
