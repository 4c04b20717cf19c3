/** SUBSCRIBE and UNSUBSCRIBE: how they are split, and what each reason code of their answers leads to. */
import { describe, expect, it, test } from 'vitest';
import { reactionToSuback, reactionToUnsuback } from '../../../bridge/mqtt/subscribe-reasons.ts';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';
import { until } from '../../real/until.ts';
import { type Greeting, type Peer, publish } from './support/scripted-server.ts';
import { recording, server, start, startOld, useStage } from './support/stage.ts';

useStage();

const plan = (filters: string[], share?: string) => planSubscriptions(filters, { share, qos: 1 }).subscriptions;
const numbered = (count: number) => Array.from({ length: count }, (_, index) => `f/${index}`);

async function welcome(greeting: Greeting = {}): Promise<Peer> {
  const peer = await server.accept();
  await peer.next();
  peer.connack(greeting);
  return peer;
}

interface Subscribe {
  messageId: number;
  properties?: { subscriptionIdentifier?: number };
  subscriptions: { topic: string; qos: number }[];
}
const subscribe = async (peer: Peer) => (await peer.next()) as unknown as Subscribe;
/** SUBACK with codes that `mqtt-packet` would not write. */
const suback = (peer: Peer, messageId: number, ...codes: number[]) =>
  peer.write(Buffer.from([0x90, 3 + codes.length, messageId >> 8, messageId & 255, 0, ...codes]));
const unsuback = (peer: Peer, messageId: number, ...codes: number[]) =>
  peer.write(Buffer.from([0xb0, 3 + codes.length, messageId >> 8, messageId & 255, 0, ...codes]));

describe('SUBSCRIBE is split', () => {
  it('to a filter a packet, each with its identifier, and few are unanswered', async () => {
    const subscriptions = plan(numbered(25));
    start({ subscriptions });
    const peer = await welcome();
    const seen: Subscribe[] = [];
    for (let round = 0; round < 25; round++) {
      if (round === 0) await until('ten packets', () => peer.pending.length === 10);
      expect(peer.pending.length).toBeLessThanOrEqual(10);
      const packet = await subscribe(peer);
      seen.push(packet);
      suback(peer, packet.messageId, 1);
    }
    await recording.connectedTimes(1);
    expect(
      seen.map(({ subscriptions: [only], properties }) => [only!.topic, properties?.subscriptionIdentifier]),
    ).toEqual(subscriptions.map(({ filter, identifier }) => [filter, identifier]));
  });

  // AWS IoT closes the connection for more than eight filters in one SUBSCRIBE.
  it.each(['5', '3.1.1'] as const)('to eight filters where there are no identifiers (MQTT %s)', async version => {
    const options = { subscriptions: plan(numbered(20)) };
    if (version === '5') start(options);
    else await startOld(options);
    const peer = await welcome({ properties: { subscriptionIdentifiersAvailable: false } });
    const sizes = [];
    for (let round = 0; round < 3; round++) {
      const { messageId, subscriptions, properties } = await subscribe(peer);
      expect(properties?.subscriptionIdentifier).toBeUndefined();
      sizes.push(subscriptions.length);
      peer.send({ cmd: 'suback', messageId, granted: subscriptions.map(() => 1) });
    }
    expect(sizes).toEqual([8, 8, 4]);
    await recording.connectedTimes(1);
  });

  it("within the server's Maximum Packet Size", async () => {
    const long = Array.from({ length: 8 }, (_, index) => `${index}/${'x'.repeat(60)}`);
    start({ subscriptions: plan(long) });
    const peer = await welcome({ properties: { subscriptionIdentifiersAvailable: false, maximumPacketSize: 160 } });
    let filters = 0;
    while (filters < 8) {
      const packet = await subscribe(peer);
      expect(peer.encode(packet).length).toBeLessThanOrEqual(160);
      filters += packet.subscriptions.length;
      suback(peer, packet.messageId, ...packet.subscriptions.map(() => 1));
    }
    await recording.connectedTimes(1);
  });
});

describe('what the server does not have is not asked for, and is a permanent failure that says so', () => {
  it.each([
    ['wildcards', { wildcardSubscriptionAvailable: false }, 'a/+', undefined, '0xA2'],
    ['shared subscriptions', { sharedSubscriptionAvailable: false }, 'a', 'g', '0x9E'],
    ['packets large enough', { maximumPacketSize: 40 }, 'a'.repeat(50), undefined, '0x95'],
  ])('%s', async (_, properties, filter, share, code) => {
    start({ subscriptions: plan([filter], share) });
    const peer = await welcome({ properties });
    const error = await recording.failed();
    expect(error).toMatchObject({ code: 'mqtt-subscription-refused', message: expect.stringContaining(code) });
    expect((await peer.next()).cmd).toBe('disconnect');
  });
});

describe('a SUBACK', () => {
  const codes = Array.from({ length: 256 }, (_, code) => code).filter(code => code > 2);
  const final = codes.filter(code => reactionToSuback(code, '5') === 'refused');

  test('is final for what only a person changes, and for no code that is unknown', () => {
    expect(final).toEqual([0x87, 0x8f, 0x9e, 0xa2]);
    expect(codes.filter(code => reactionToUnsuback(code) === 'refused')).toEqual([0x87, 0x8f]);
  });

  it.each(final)('of 0x%s ends the session', async code => {
    start({ subscriptions: plan(['a', 'b']) });
    const peer = await welcome();
    const { messageId } = await subscribe(peer);
    suback(peer, messageId, code);
    expect(await recording.failed()).toMatchObject({ code: 'mqtt-subscription-refused', details: { filter: 'a' } });
  });

  it.each(
    codes.filter(code => !final.includes(code)),
  )('of %i is asked again, and messages flow meanwhile', async code => {
    start({ subscriptions: plan(['a', 'b']) });
    const peer = await welcome();
    const [first, second] = [await subscribe(peer), await subscribe(peer)];
    suback(peer, first.messageId, code);
    suback(peer, second.messageId, 1);
    peer.send(publish(1));
    await recording.messagesCame(1);
    recording.settle('m1');
    const answers = [await peer.next(), await peer.next()] as unknown as (Subscribe & { cmd: string })[];
    const again = answers.find(({ cmd }) => cmd === 'subscribe')!;
    expect(answers.map(({ cmd }) => cmd).sort()).toEqual(['puback', 'subscribe']);
    expect(again.subscriptions.map(({ topic }) => topic)).toEqual(['a']);
    expect(again.messageId).not.toBe(first.messageId);
    expect(recording.session.connected).toBe(false);
    suback(peer, again.messageId, 1);
    await recording.connectedTimes(1);
    expect(recording.losses).toEqual([]);
  });

  // It ended the bridge: the server took our identifier for one of its own messages.
  it('of 0x91 is asked again at once with other identifiers, and then with pauses, which are reported', async () => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome();
    const identifiers = new Set<number>();
    for (let attempt = 0; attempt < 8; attempt++) {
      const { messageId } = await subscribe(peer);
      identifiers.add(messageId);
      suback(peer, messageId, 0x91);
    }
    const { messageId } = await subscribe(peer);
    suback(peer, messageId, 1);
    await recording.connectedTimes(1);
    expect(identifiers.size).toBe(8);
    expect(recording.events.filter(event => event === 'mqtt-subscription-put-off')).toHaveLength(2);
  });

  it('of 0xA1 has the subscription made without its identifier', async () => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome();
    const first = await subscribe(peer);
    expect(first.properties?.subscriptionIdentifier).toBeGreaterThan(0);
    suback(peer, first.messageId, 0xa1);
    const second = await subscribe(peer);
    expect(second.properties?.subscriptionIdentifier).toBeUndefined();
    suback(peer, second.messageId, 1);
    await recording.connectedTimes(1);
  });

  // Some servers end the connection instead, and have not said that they have no identifiers.
  it('that never comes, because of the identifier, has the subscription made without one on the next connection', async () => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome();
    await subscribe(peer);
    peer.send({ cmd: 'disconnect', reasonCode: 0xa1 });
    const next = await welcome();
    const { messageId, properties } = await subscribe(next);
    expect(properties?.subscriptionIdentifier).toBeUndefined();
    suback(next, messageId, 1);
    await recording.connectedTimes(1);
  });

  it.each([
    ['to nothing', (id: number) => [0x90, 4, 0, id === 5 ? 6 : 5, 0, 1]],
    ['with too few codes', (id: number) => [0x90, 3, id >> 8, id & 255, 0]],
    ['that is cut off', (id: number) => [0x90, 2, id >> 8, id & 255]],
    ['with foreign properties', (id: number) => [0x90, 6, id >> 8, id & 255, 2, 1, 1, 1]],
    ['for an UNSUBSCRIBE', (id: number) => [0xb0, 4, id >> 8, id & 255, 0, 0]],
  ])('%s is a violation, and the session comes back', async (_, bytes) => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome();
    peer.write(Buffer.from(bytes((await subscribe(peer)).messageId)));
    expect((await recording.lostTimes(1)).code).toBe('mqtt-protocol-error');
    await server.accept();
    expect(recording.failure).toBeUndefined();
  });
});

describe('filters that overlap', () => {
  const overlapping = { subscriptions: plan(['x/+/b', 'x/a/+'], 'g') };
  const noticed = () => recording.events.filter(event => event === 'mqtt-filters-overlap').length;

  it.each([
    '5',
    '3.1.1',
  ] as const)('are a warning, once, at a server that does not tell their copies apart (MQTT %s)', async version => {
    if (version === '5') start(overlapping);
    else await startOld(overlapping);
    for (let round = 0; round < 2; round++) {
      const peer = await welcome({ properties: { subscriptionIdentifiersAvailable: false } });
      peer.cut();
    }
    await recording.lostTimes(2);
    expect(noticed()).toBe(1);
  });

  it('are none where each copy says what it is for', async () => {
    start(overlapping);
    (await welcome()).cut();
    await recording.lostTimes(1);
    expect(noticed()).toBe(0);
  });
});

type Unsubscribe = Subscribe & { readonly unsubscriptions: string[] };

describe('filters that the document names', () => {
  it('are given up once the session is there, and those that rules read are not', async () => {
    start({ subscriptions: plan(['a']), unsubscribe: ['old/#', 'b', 'a'] });
    const peer = await welcome({ sessionPresent: true });
    suback(peer, (await subscribe(peer)).messageId, 1);
    const { messageId, unsubscriptions } = (await peer.next()) as unknown as Unsubscribe;
    expect(unsubscriptions).toEqual(['old/#', 'b']);
    unsuback(peer, messageId, 0x11, 0x80);
    const again = (await peer.next()) as unknown as Unsubscribe;
    expect(again.unsubscriptions).toEqual(['b']);
    unsuback(peer, again.messageId, 0);
    expect(await peer.settled()).toEqual([]);
  });

  // HiveMQ keeps what waits for a group in one queue, which was gone with its last member: whatever the group had not read was lost.
  it('and are shared are read for a while before they are given up', async () => {
    const patient = { subscriptions: plan(['a']), unsubscribe: ['old', '$share/g/old'], sharedPatienceMs: 300 };
    const began = performance.now();
    start(patient);
    const peer = await welcome({ sessionPresent: true });
    suback(peer, (await subscribe(peer)).messageId, 1);
    const first = (await peer.next()) as unknown as Unsubscribe;
    expect(first.unsubscriptions).toEqual(['old']);
    unsuback(peer, first.messageId, 0);
    const second = (await peer.next()) as unknown as Unsubscribe;
    expect(second.unsubscriptions).toEqual(['$share/g/old']);
    expect(performance.now() - began).toBeGreaterThan(299);
    unsuback(peer, second.messageId, 0);
  });

  it('that the server keeps are reported, and end nothing', async () => {
    start({ subscriptions: plan(['a']), unsubscribe: ['old/#'] });
    const peer = await welcome({ sessionPresent: true });
    suback(peer, (await subscribe(peer)).messageId, 1);
    unsuback(peer, (await subscribe(peer)).messageId, 0x87);
    await until('the report', () => recording.events.includes('mqtt-unsubscription-refused'));
    expect(recording.session.connected).toBe(true);
  });
});

// A rule with another filter could only be added by a restart.
describe('filters of a session that goes on', () => {
  const more = [{ filter: 'b', qos: 1, identifier: 7 }] as const;

  it('are granted while messages come, and are asked for again when the session is lost', async () => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome({ sessionPresent: true });
    suback(peer, (await subscribe(peer)).messageId, 1);
    await recording.connectedTimes(1);
    const answer = recording.session.subscribe(more);
    suback(peer, (await subscribe(peer)).messageId, 1);
    expect(await answer).toBe(true);
    peer.cut();
    const next = await welcome({ sessionPresent: false });
    const filters = [await subscribe(next), await subscribe(next)].flatMap(({ subscriptions }) => subscriptions);
    expect(filters.map(({ topic }) => topic)).toEqual(['a', 'b']);
  });

  it('that are refused end nothing, and leave the others as they are', async () => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome({ sessionPresent: true });
    suback(peer, (await subscribe(peer)).messageId, 1);
    await recording.connectedTimes(1);
    const answer = recording.session.subscribe(more);
    suback(peer, (await subscribe(peer)).messageId, 0x87);
    await expect(answer).rejects.toMatchObject({ code: 'mqtt-subscription-refused', details: { filter: 'b' } });
    expect(recording.session.connected).toBe(true);
  });

  it('are not granted when the connection ends before the answer', async () => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome({ sessionPresent: true });
    suback(peer, (await subscribe(peer)).messageId, 1);
    await recording.connectedTimes(1);
    const answer = recording.session.subscribe(more);
    await subscribe(peer);
    peer.cut();
    expect(await answer).toBe(false);
  });

  it('are given up on a later connection, if this one ends before the answer', async () => {
    start({ subscriptions: plan(['a', 'b']) });
    const peer = await welcome({ sessionPresent: true });
    suback(peer, (await subscribe(peer)).messageId, 1);
    suback(peer, (await subscribe(peer)).messageId, 1);
    await recording.connectedTimes(1);
    recording.session.leave(['b']);
    expect(((await peer.next()) as unknown as Unsubscribe).unsubscriptions).toEqual(['b']);
    peer.cut();
    const next = await welcome({ sessionPresent: true });
    expect(((await next.next()) as unknown as Unsubscribe).unsubscriptions).toEqual(['b']);
  });
});
