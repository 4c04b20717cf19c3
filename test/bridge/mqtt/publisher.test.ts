import type { IPublishPacket } from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MkbError } from '../../../api/errors.ts';
import type { Publication } from '../../../bridge/mqtt/publisher/publication.ts';
import { Publisher } from '../../../bridge/mqtt/publisher/publisher.ts';
import { until } from '../../real/until.ts';
import { type Peer, ScriptedServer } from './support/scripted-server.ts';

let server: ScriptedServer;
let publisher: Publisher<string>;
/** What was told, in order: 'published m1', 'failed m2 mqtt-publish-refused'. */
const told: string[] = [];

beforeEach(async () => {
  told.length = 0;
  server = await ScriptedServer.start();
});

afterEach(async () => {
  const closed = publisher.close();
  await server.stop();
  await closed;
});

function start({ window = 100, version = '5' as '5' | '3.1.1', delayMs = 1 } = {}): void {
  const of = (token: string, error?: MkbError) => (error ? `${token} ${error.code}` : token);
  publisher = new Publisher<string>(
    {
      urls: [server.url],
      version,
      clientId: 'b-out',
      cleanStart: true,
      subscriptions: [],
      keepAliveMs: 0,
      sessionExpirySeconds: 0,
      receiveMaximum: 100,
      maximumPacketSize: 1000,
      connectTimeoutMs: 5000,
      reconnect: { minDelayMs: delayMs, maxDelayMs: 2 * delayMs },
      windowCapacity: 128,
      window,
    },
    {
      laneOf: token => token[0],
      published: (token, heard) => told.push(`${heard ? 'published' : 'unheard'} ${token}`),
      failed: (token, error) => told.push(`failed ${of(token, error)}`),
      settled: () => undefined,
      connected: () => undefined,
      disconnected: () => undefined,
      problem: error => told.push(`problem ${error.code}`),
      stopped: error => told.push(`stopped ${error.code}`),
    },
  );
  publisher.start();
}

/** The server's end of a new connection, which has let us in. */
async function greeted(properties = {}): Promise<Peer> {
  const peer = await server.accept();
  await peer.next();
  peer.connack({ properties });
  return peer;
}

const publish = (token: string, fields: Partial<Publication> = {}) =>
  publisher.publish(
    { topic: 'a/b', payload: Buffer.from(token), qos: 1, retain: false, userProperties: [], ...fields },
    token,
  );

/** The next PUBLISH: its payload and identifier, and 'dup' if it says so. */
async function next(peer: Peer): Promise<string> {
  const { payload, messageId, dup } = (await peer.next()) as IPublishPacket;
  return `${payload} ${messageId}${dup ? ' dup' : ''}`;
}

/** Acknowledges messages until `poison` comes, and then ends the connection. */
async function acceptAllBut(poison: string, peer: Peer, accepted: Set<string>): Promise<void> {
  for (;;) {
    const packet = await Promise.race([peer.next(), peer.closed.then(() => undefined)]);
    if (packet?.cmd !== 'publish' || String(packet.payload) === poison) break;
    accepted.add(String(packet.payload));
    puback(peer, packet.messageId!);
  }
  peer.end();
}

const puback = (peer: Peer, messageId: number, reasonCode = 0) => peer.send({ cmd: 'puback', messageId, reasonCode });
const toldAre = (...expected: string[]) =>
  until(`${expected} to be told, not ${told}`, () => told.length >= expected.length).then(() =>
    expect(told).toEqual(expected),
  );

describe('a message of QoS 1', () => {
  test('is settled by its PUBACK, and not before', async () => {
    start();
    const peer = await greeted();
    publish('m1');
    publish('m2');
    expect([await next(peer), await next(peer)]).toEqual(['m1 1', 'm2 2']);
    expect(told).toEqual([]);
    puback(peer, 2);
    await toldAre('published m2');
    expect(publisher.load).toBe(1);
  });

  test('that nobody subscribes to is settled, and that is told', async () => {
    start();
    const peer = await greeted();
    publish('m1');
    await next(peer);
    puback(peer, 1, 0x10);
    await toldAre('unheard m1');
  });

  test('waits while as many are under way as the server takes', async () => {
    start();
    const peer = await greeted({ receiveMaximum: 2 });
    for (const token of ['m1', 'm2', 'm3']) publish(token);
    expect([await next(peer), await next(peer)]).toEqual(['m1 1', 'm2 2']);
    // What is sent at once comes at once.
    expect(peer.pending).toEqual([]);
    puback(peer, 1);
    expect(await next(peer)).toBe('m3 3');
  });

  test('waits while as many are under way as we want', async () => {
    start({ window: 1 });
    const peer = await greeted();
    for (const token of ['m1', 'm2']) publish(token);
    await next(peer);
    // What is sent at once comes at once.
    expect(peer.pending).toEqual([]);
  });

  test('is sent again with DUP after a reconnect, in order and before anything new', async () => {
    start();
    const first = await greeted({ receiveMaximum: 3 });
    for (const token of ['m1', 'm2', 'm3', 'm4']) publish(token);
    for (let sent = 0; sent < 3; sent++) await next(first);
    puback(first, 2);
    await toldAre('published m2');
    first.cut();
    publish('m5');
    const second = await greeted();
    const packets = [];
    for (let sent = 0; sent < 4; sent++) packets.push((await next(second)).replace(/ \d+/, ''));
    expect(packets).toEqual(['m1 dup', 'm3 dup', 'm4 dup', 'm5']);
  });

  test('is published again when the server is over a quota', async () => {
    start();
    const peer = await greeted();
    publish('m1');
    await next(peer);
    puback(peer, 1, 0x97);
    expect(await next(peer)).toBe('m1 2 dup');
    puback(peer, 2);
    await toldAre('problem mqtt-publish-put-off', 'published m1');
  });

  test.each([
    ['not authorised', 0x87],
    ['topic name invalid', 0x90],
    ['payload format invalid', 0x99],
  ])('fails when the server says: %s', async (_name, reasonCode) => {
    start();
    const peer = await greeted();
    publish('m1');
    await next(peer);
    puback(peer, 1, reasonCode);
    await toldAre('failed m1 mqtt-publish-refused');
  });

  test('fails after ten refusals without a reason', async () => {
    start();
    const peer = await greeted();
    publish('m1');
    for (let attempt = 1; attempt <= 10; attempt++) {
      await next(peer);
      puback(peer, attempt, 0x80);
    }
    await until('the failure', () => told.includes('failed m1 mqtt-publish-refused'));
    expect(told.filter(each => each === 'problem mqtt-publish-put-off')).toHaveLength(9);
  });

  test('that is larger than the server takes fails, and the next one goes', async () => {
    start();
    const peer = await greeted({ maximumPacketSize: 50 });
    publish('m1', { payload: Buffer.alloc(60) });
    publish('m2');
    expect(await next(peer)).toMatch(/^m2 /);
    await toldAre('failed m1 mqtt-publish-too-large');
  });

  test('fails where the server has QoS 0 only', async () => {
    start();
    await greeted({ maximumQoS: 0 });
    publish('m1');
    await toldAre('failed m1 mqtt-publish-refused');
  });

  test('that makes the server end the connection each time fails at last, and those around it do not', async () => {
    start();
    for (const token of ['m1', 'poison', 'm2']) publish(token);
    const accepted = new Set<string>();
    let done = false;
    void (async () => {
      while (!done) await acceptAllBut('poison', await greeted(), accepted);
    })();
    await until('all outcomes', () => publisher.load === 0);
    done = true;
    expect([...accepted]).toEqual(['m1', 'm2']);
    expect(told.filter(each => each.startsWith('failed'))).toEqual(['failed poison mqtt-publish-refused']);
  });

  test('that is forgotten is not sent again, and nothing is told of it', async () => {
    start();
    const first = await greeted({ receiveMaximum: 1 });
    for (const token of ['m1', 'm2', 'm3']) publish(token);
    await next(first);
    publisher.forget(token => token !== 'm3');
    first.cut();
    const second = await greeted();
    expect(await next(second)).toMatch(/^m3 /);
    puback(second, 2);
    await toldAre('published m3');
  });
});

/** Answers each PUBLISH with what `code` says; stops when all is settled. Returns the tokens that the server took, in order. */
async function serve(peer: Peer, code: (token: string) => number): Promise<string[]> {
  const taken: string[] = [];
  while (publisher.load > 0) {
    if (peer.pending.length === 0) {
      await until('a packet or the end', () => peer.pending.length > 0 || publisher.load === 0, { everyMs: 1 });
      continue;
    }
    const { payload, messageId } = (await peer.next()) as IPublishPacket;
    const reasonCode = code(String(payload));
    if (reasonCode === 0) taken.push(String(payload));
    // As an answer of the server, whatever the code; `mqtt-packet` refuses some.
    peer.write(Buffer.from([0x40, 3, messageId! >> 8, messageId! & 255, reasonCode]));
  }
  return taken;
}

/** Each token where it came last. */
const lastOf = (tokens: readonly string[]) => [...new Set(tokens.toReversed())].toReversed();

describe('a message that the server refuses for now', () => {
  // Those behind it were there already: the newest state of a device was overwritten by an older one.
  test('is sent again with what overtook it in its lane, so that the last copies are in order', async () => {
    start();
    const peer = await greeted();
    const tokens = ['a1', 'a2', 'b1', 'a3', 'b2', 'a4'];
    for (const token of tokens) publish(token);
    let refusals = 0;
    const taken = await serve(peer, token => (token === 'a2' && refusals++ < 3 ? 0x97 : 0));
    expect(taken).toEqual(['a1', 'b1', 'a3', 'b2', 'a4', 'a2', 'a3', 'a4']);
    expect(told.filter(each => each.startsWith('published')).map(each => each.slice(10))).toEqual([
      'a1',
      'b1',
      'b2',
      'a2',
      'a3',
      'a4',
    ]);
  });

  test('keeps the order of its lane whatever is refused how often', async () => {
    let seed = 7;
    const chance = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    start();
    const peer = await greeted({ receiveMaximum: 7 });
    const tokens = Array.from({ length: 120 }, (_, index) => `${'abc'[index % 3]}${index}`);
    for (const token of tokens) publish(token);
    const taken = await serve(peer, () => (chance() < 0.3 ? 0x97 : 0));
    for (const lane of 'abc') {
      const ofLane = (all: readonly string[]) => all.filter(token => token.startsWith(lane));
      expect(lastOf(ofLane(taken))).toEqual(ofLane(tokens));
    }
    expect(told.filter(each => each.startsWith('published'))).toHaveLength(120);
  });

  test.each(
    Array.from({ length: 128 }, (_, index) => 0x80 + index),
  )('with %i is a failure only where a person has to act', async code => {
    start();
    const peer = await greeted();
    for (const token of ['a1', 'a2']) publish(token);
    let refusals = 0;
    const taken = await serve(peer, token => (token === 'a1' && refusals++ < 3 ? code : 0));
    const isFinal = [0x87, 0x90, 0x99].includes(code);
    expect(told.includes('failed a1 mqtt-publish-refused')).toBe(isFinal);
    expect(lastOf(taken)).toEqual(isFinal ? ['a2'] : ['a1', 'a2']);
  });

  test('stops no other lane', async () => {
    start({ delayMs: 60_000 });
    const peer = await greeted();
    for (const token of ['a1', 'a2', 'b1']) publish(token);
    const answer = async () => {
      const { payload, messageId } = (await peer.next()) as IPublishPacket;
      puback(peer, messageId!, String(payload) === 'a1' ? 0x97 : 0);
    };
    for (let count = 0; count < 3; count++) await answer();
    await until('the answers', () => told.length === 2);
    publish('a3');
    publish('b2');
    await answer();
    await until('the other lane', () => told.includes('published b2'));
    expect(told).toEqual(['problem mqtt-publish-put-off', 'published b1', 'published b2']);
    expect(publisher.load).toBe(3);
  });
});

describe('a message of QoS 0', () => {
  test('is settled when the server has shown that it read it', async () => {
    start();
    const peer = await greeted();
    publish('m1', { qos: 0 });
    expect(await peer.take(2)).toEqual(['publish', 'pingreq']);
    expect(told).toEqual([]);
    peer.send({ cmd: 'pingresp' });
    await toldAre('published m1');
  });

  test('is sent again when the connection ended before', async () => {
    start();
    const first = await greeted();
    publish('m1', { qos: 0 });
    await first.take(2);
    first.cut();
    const second = await greeted();
    expect(await second.take(2)).toEqual(['publish', 'pingreq']);
  });
});

test('user properties and retain are sent', async () => {
  start();
  const peer = await greeted();
  publish('m1', {
    retain: true,
    userProperties: [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ],
  });
  const packet = (await peer.next()) as IPublishPacket;
  expect(packet.retain).toBe(true);
  expect({ ...packet.properties?.userProperties }).toEqual({ a: ['1', '3'], b: '2' });
});
