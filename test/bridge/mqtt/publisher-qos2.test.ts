/** Messages of QoS 2: once at the server, whatever happens to connections. */
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { next, publish, publisher, server, start, told, toldAre, usePublisher } from './support/publishing.ts';
import type { Greeting, Peer } from './support/scripted-server.ts';

usePublisher();

const twice = { qos: 2 as const };

/** Lets the publisher in. Returns whether it begins a new session. */
async function letIn(greeting: Greeting = {}): Promise<{ readonly peer: Peer; readonly clean: boolean }> {
  const peer = await server.accept();
  const { clean } = (await peer.next()) as IConnectPacket;
  peer.connack(greeting);
  return { peer, clean: clean === true };
}

const pubrec = (peer: Peer, messageId: number, reasonCode = 0) => peer.send({ cmd: 'pubrec', messageId, reasonCode });
const pubcomp = (peer: Peer, messageId: number, reasonCode = 0) => peer.send({ cmd: 'pubcomp', messageId, reasonCode });

test('a message is settled by PUBCOMP, and not before', async () => {
  start({ sessionExpirySeconds: 100 });
  const { peer } = await letIn();
  publish('m1', twice);
  expect(await next(peer)).toBe('m1 1');
  pubrec(peer, 1);
  expect(await peer.take(1)).toEqual(['pubrel 1']);
  expect(told).toEqual([]);
  pubcomp(peer, 1);
  await toldAre('published m1');
});

test.each([
  ['PUBREC', async (peer: Peer) => pubrec(peer, 1, 0x10)],
  [
    'PUBACK, as a server without QoS 2 does',
    async (peer: Peer) => peer.send({ cmd: 'puback', messageId: 1, reasonCode: 0x10 }),
  ],
])('that nobody subscribes may be said by %s', async (what, answer) => {
  start({ sessionExpirySeconds: 100 });
  const { peer } = await letIn();
  publish('m1', twice);
  await next(peer);
  await answer(peer);
  if (what === 'PUBREC') {
    await peer.take(1);
    pubcomp(peer, 1);
  }
  await toldAre('unheard m1');
});

describe('after a lost connection', () => {
  test('what has no PUBREC is sent again with its identifier, and of the others only PUBREL', async () => {
    start({ sessionExpirySeconds: 100 });
    const first = await letIn();
    for (const token of ['m1', 'm2', 'm3']) publish(token, twice);
    for (let sent = 0; sent < 3; sent++) await next(first.peer);
    pubrec(first.peer, 1);
    expect(await first.peer.take(1)).toEqual(['pubrel 1']);
    first.peer.cut();
    const second = await letIn({ sessionPresent: true });
    expect([first.clean, second.clean]).toEqual([true, false]);
    expect(await second.peer.take(1)).toEqual(['pubrel 1']);
    expect([await next(second.peer), await next(second.peer)]).toEqual(['m2 2 dup', 'm3 3 dup']);
    // It was through before: "packet identifier not found" is no error then.
    pubcomp(second.peer, 1, 0x92);
    for (const id of [2, 3]) pubrec(second.peer, id);
    expect(await second.peer.take(2)).toEqual(['pubrel 2', 'pubrel 3']);
    for (const id of [2, 3]) pubcomp(second.peer, id);
    await toldAre('published m1', 'published m2', 'published m3');
  });

  test('at a server that has no session any more, all is sent again as new, and that is reported', async () => {
    // A message whose PUBREL was on its way would otherwise be nowhere.
    start({ sessionExpirySeconds: 100 });
    const first = await letIn();
    for (const token of ['m1', 'm2']) publish(token, twice);
    for (let sent = 0; sent < 2; sent++) await next(first.peer);
    pubrec(first.peer, 1);
    await first.peer.take(1);
    first.peer.cut();
    const second = await letIn({ sessionPresent: false });
    const packets = [(await second.peer.next()) as IPublishPacket, (await second.peer.next()) as IPublishPacket];
    expect(packets.map(({ payload }) => String(payload))).toEqual(['m1', 'm2']);
    for (const { messageId } of packets) pubrec(second.peer, messageId!);
    await second.peer.take(2);
    for (const { messageId } of packets) pubcomp(second.peer, messageId!);
    await toldAre('problem mqtt-publisher-session-lost', 'published m1', 'published m2');
  });

  test.each([
    ['forgotten', () => publisher.forget(token => token === 'm1')],
    ['not of use any more', () => undefined],
  ])('the identifier of a message that is %s is freed, and used for no other before', async (why, give) => {
    // The server took the next message with this identifier for a repetition of the first, and threw it away.
    start({ sessionExpirySeconds: 100 });
    const first = await letIn();
    const expiry = why === 'forgotten' ? undefined : { seconds: 0.2, from: Date.now() };
    publish('m1', { ...twice, expiry });
    await next(first.peer);
    give();
    first.peer.cut();
    const arrivedAt = Date.now();
    await until('its time to be over', () => Date.now() > arrivedAt + 200);
    publish('m2', twice);
    const second = await letIn({ sessionPresent: true });
    const packets = await second.peer.take(2);
    expect(packets.toSorted()).toEqual(['publish 2', 'pubrel 1']);
    pubcomp(second.peer, 1);
    pubrec(second.peer, 2);
    await second.peer.take(1);
    pubcomp(second.peer, 2);
    await until('m2 to be published', () => told.includes('published m2'));
    expect(told.includes('published m1')).toBe(false);
    expect(told.includes('expired m1')).toBe(why !== 'forgotten');
  });

  test('with MQTT 3.1.1 the session is one that outlives its connection, and a new one all the same', async () => {
    start({ sessionExpirySeconds: 100, version: '3.1.1' });
    const first = await letIn();
    expect(await first.peer.take(1)).toEqual(['disconnect']);
    first.peer.end();
    const second = await letIn();
    publish('m1', twice);
    expect(await next(second.peer)).toBe('m1 1');
    second.peer.cut();
    const third = await letIn({ sessionPresent: true });
    expect(await next(third.peer)).toBe('m1 1 dup');
    expect([first.clean, second.clean, third.clean]).toEqual([true, false, false]);
  });
});

test('a message is refused by PUBREC as by PUBACK, and its identifier is free', async () => {
  start({ sessionExpirySeconds: 100 });
  const { peer } = await letIn();
  publish('m1', twice);
  await next(peer);
  pubrec(peer, 1, 0x87);
  await toldAre('failed m1 mqtt-publish-refused');
  expect(publisher.load).toBe(0);
});

test('as many are under way as the server takes, until PUBCOMP', async () => {
  start({ sessionExpirySeconds: 100 });
  const { peer } = await letIn({ properties: { receiveMaximum: 1 } });
  for (const token of ['m1', 'm2']) publish(token, twice);
  await next(peer);
  pubrec(peer, 1);
  expect(await peer.take(1)).toEqual(['pubrel 1']);
  expect(peer.pending).toEqual([]);
  pubcomp(peer, 1);
  expect(await next(peer)).toBe('m2 2');
});

test('a message of QoS 2 is sent once, though one before it in its lane is put off', async () => {
  start({ sessionExpirySeconds: 100 });
  const { peer } = await letIn();
  for (const token of ['a1', 'a2']) publish(token, twice);
  for (let sent = 0; sent < 2; sent++) await next(peer);
  pubrec(peer, 1, 0x97);
  pubrec(peer, 2);
  const packets = await peer.take(2);
  expect(packets.toSorted()).toEqual(['publish 3', 'pubrel 2']);
  pubcomp(peer, 2);
  pubrec(peer, 3);
  await peer.take(1);
  pubcomp(peer, 3);
  await until('both', () => publisher.load === 0);
  expect(told).toEqual(['problem mqtt-publish-put-off', 'published a2', 'published a1']);
});

test('a server that is away for long gives no reason for a new session', async () => {
  // After six attempts to reach it, messages that it had were published again.
  start({ sessionExpirySeconds: 100 });
  publish('m1', twice);
  const first = await letIn();
  await next(first.peer);
  pubrec(first.peer, 1);
  await first.peer.take(1);
  first.peer.cut();
  for (let attempt = 0; attempt < 15; attempt++) (await server.accept()).cut();
  const last = await letIn({ sessionPresent: true });
  expect(last.clean).toBe(false);
  expect(await last.peer.take(1)).toEqual(['pubrel 1']);
});

test('a PUBREL that makes the server end the connection each time ends with a new session', async () => {
  start({ sessionExpirySeconds: 100 });
  publish('m1', twice);
  const first = await letIn();
  await next(first.peer);
  pubrec(first.peer, 1);
  await first.peer.take(1);
  first.peer.cut();
  let last = await letIn({ sessionPresent: true });
  for (let connections = 0; !last.clean && connections < 20; connections++) {
    last.peer.end();
    last = await letIn({ sessionPresent: true });
  }
  expect(last.clean).toBe(true);
});
