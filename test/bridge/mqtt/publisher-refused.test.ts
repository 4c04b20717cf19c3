/** What a publisher makes of refusals, of servers that misbehave, and in which order messages are there in the end. */
import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { greeted, next, puback, publish, publisher, start, told, toldAre, usePublisher } from './support/publishing.ts';
import type { Peer } from './support/scripted-server.ts';

usePublisher();

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

describe('a server that misbehaves', () => {
  const bytes = (...values: number[]) => Buffer.from(values);

  test.each([
    ['PUBREC for a message of QoS 1', bytes(0x50, 2, 0, 1)],
    ['PUBCOMP', bytes(0x70, 2, 0, 1)],
    ['SUBACK', bytes(0x90, 4, 0, 1, 0, 0)],
    ['UNSUBACK', bytes(0xb0, 4, 0, 1, 0, 0)],
    ['a second CONNACK', bytes(0x20, 3, 0, 0, 0)],
    ['a PUBACK that is cut off', bytes(0x40, 1, 0)],
    ['a packet of type 0', bytes(0, 0)],
    ['DISCONNECT', bytes(0xe0, 2, 0x97, 0)],
    ['DISCONNECT with a code that is unknown', bytes(0xe0, 2, 0xf7, 0)],
  ])('by %s has the message sent again on the next connection', async (_, packet) => {
    start();
    const peer = await greeted();
    publish('m1');
    await next(peer);
    peer.write(packet);
    const second = await greeted();
    expect(await next(second)).toBe('m1 2 dup');
    puback(second, 2);
    await toldAre('published m1');
  });

  test('by acknowledging what was never sent settles nothing', async () => {
    start();
    const peer = await greeted();
    publish('m1');
    await next(peer);
    for (const messageId of [2, 0, 65_535]) peer.write(bytes(0x40, 2, messageId >> 8, messageId & 255));
    puback(peer, 1);
    puback(peer, 1);
    await toldAre('published m1');
    publish('m2');
    expect(await next(peer)).toBe('m2 2');
    puback(peer, 2);
    await toldAre('published m1', 'published m2');
  });

  test('by sending messages to a publisher does no harm', async () => {
    start();
    const peer = await greeted();
    peer.send({ cmd: 'publish', topic: 'x', payload: 'y', qos: 0, dup: false, retain: false });
    publish('m1');
    await next(peer);
    puback(peer, 1);
    await toldAre('published m1');
  });
});
