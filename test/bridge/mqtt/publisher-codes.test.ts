/** Every reason code that a server may acknowledge a message with: nothing is lost, nothing stalls, and what is not taken is reported. */
import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { greeted, next, publish, publisher, start, told, toldAre, usePublisher } from './support/publishing.ts';
import type { Peer } from './support/scripted-server.ts';

usePublisher();

const codes = Array.from({ length: 256 }, (_, code) => code);
/** Those by which the server says what a person has to change. */
const final = [0x87, 0x90, 0x99];
const noSubscribers = 0x10;

const types = { puback: 0x40, pubrec: 0x50, pubcomp: 0x70 };
type Type = keyof typeof types;
/** By hand: `mqtt-packet` refuses codes that MQTT does not have. */
const answer = (peer: Peer, type: Type, id: number, code: number) =>
  peer.write(Buffer.of(types[type], 3, id >> 8, id & 255, code));

/** A lane of its own for each. */
const tokenOf = (code: number) => String.fromCharCode(0x100 + code);
const codeOf = (token: string) => token.charCodeAt(0) - 0x100;

/** Answers all until each message has an outcome: `type` has its code the first time. Returns how often each was sent. */
async function serve(peer: Peer, type: Type): Promise<Map<number, number>> {
  const sent = new Map<number, number>();
  const byId = new Map<number, number>();
  const first = (id: number, of: Type) => (of === type && sent.get(byId.get(id)!) === 1 ? byId.get(id)! : 0);
  for (;;) {
    await until('a packet or the end', () => peer.pending.length > 0 || publisher.load === 0, { everyMs: 1 });
    if (publisher.load === 0) return sent;
    const packet = await peer.next();
    const id = packet.messageId!;
    if (packet.cmd === 'pubrel') answer(peer, 'pubcomp', id, first(id, 'pubcomp'));
    if (packet.cmd !== 'publish') continue;
    const code = codeOf(String((packet as IPublishPacket).payload));
    byId.set(id, code);
    sent.set(code, (sent.get(code) ?? 0) + 1);
    if (type === 'puback') answer(peer, 'puback', id, first(id, 'puback'));
    else answer(peer, 'pubrec', id, first(id, 'pubrec'));
  }
}

describe.each([
  ['PUBACK', 'puback', 1],
  ['PUBACK to a message of QoS 2', 'puback', 2],
  ['PUBREC', 'pubrec', 2],
  ['PUBCOMP', 'pubcomp', 2],
] as const)('%s', (_, type, qos) => {
  test('of every code: the message is taken, refused, or published again and reported', async () => {
    start({ sessionExpirySeconds: 100 });
    const peer = await greeted();
    for (const code of codes) publish(tokenOf(code), { qos });
    const sent = await serve(peer, type);
    const outcomes = codes.map(code => {
      const outcome = told.find(each => each.includes(` ${tokenOf(code)}`))!.split(' ')[0];
      return [code, outcome, sent.get(code)];
    });
    const expected = codes.map(code => {
      if (code < 0x80) return [code, code === noSubscribers && type !== 'pubcomp' ? 'unheard' : 'published', 1];
      return final.includes(code) && type !== 'pubcomp' ? [code, 'failed', 1] : [code, 'published', 2];
    });
    expect(outcomes).toEqual(expected);
    const again = expected.filter(([, , times]) => times === 2);
    expect(told.filter(each => each === 'problem mqtt-publish-put-off')).toHaveLength(again.length);
  });
});

// The message was in no queue, and counted as published: the server had forgotten it between PUBREC and PUBREL.
test('a PUBCOMP by which the server does not know what its PUBREC took is asked about a few times, then it is a failure', async () => {
  start({ sessionExpirySeconds: 100 });
  const peer = await greeted();
  publish('a1', { qos: 2 });
  publish('b1', { qos: 2 });
  let sent = 0;
  for (let b1 = 0; publisher.load > 0; ) {
    await until('a packet or the end', () => peer.pending.length > 0 || publisher.load === 0, { everyMs: 1 });
    if (publisher.load === 0) break;
    const packet = await peer.next();
    const id = packet.messageId!;
    if (packet.cmd === 'pubrel') answer(peer, 'pubcomp', id, id === b1 ? 0 : 0x92);
    if (packet.cmd !== 'publish') continue;
    if (String(packet.payload) === 'b1') b1 = id;
    else sent++;
    answer(peer, 'pubrec', id, 0);
  }
  expect(sent).toBe(10);
  expect(told.filter(each => !each.startsWith('problem'))).toEqual(['published b1', 'failed a1 mqtt-publish-refused']);
});

test('an answer to what is acknowledged already changes nothing, whatever its code', async () => {
  start({ sessionExpirySeconds: 100 });
  const peer = await greeted();
  publish('m1', { qos: 2 });
  await next(peer);
  answer(peer, 'puback', 1, 0);
  await toldAre('published m1');
  for (const code of codes) for (const type of ['puback', 'pubcomp'] as const) answer(peer, type, 1, code);
  publish('m2', { qos: 2 });
  await next(peer);
  answer(peer, 'puback', 2, 0);
  await toldAre('published m1', 'published m2');
});
