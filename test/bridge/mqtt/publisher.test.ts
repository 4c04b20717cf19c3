import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import {
  greeted,
  next,
  puback,
  publish,
  publisher,
  start,
  told,
  toldAre,
  unsettled,
  usePublisher,
} from './support/publishing.ts';
import type { Peer } from './support/scripted-server.ts';

usePublisher();

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

  test('waits for what `waiting` says', async () => {
    start();
    const waits = (token: string) => publisher.waiting(each => each === token);
    publish('m1');
    expect(waits('m1')).toBe('the publisher, which is not connected to MQTT');
    const peer = await greeted({ receiveMaximum: 1 });
    publish('m2');
    await next(peer);
    expect(waits('m1')).toMatch(/^the MQTT broker to acknowledge a message to /);
    expect(waits('m2')).toBe('the MQTT broker to acknowledge others of the 2 messages that are on their way to it');
    puback(peer, 1, 0x97);
    await until('the refusal', () => waits('m1')?.includes('put off') === true);
    expect([waits('m1'), waits('m3')]).toEqual([
      expect.stringMatching(/which has put off a message to .* 1 times$/),
      undefined,
    ]);
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

  // Six restarts of a broker that ended connections in good order made a message a dead letter.
  test.each([
    ['stops', 0x8b],
    ['is told to end it', 0x98],
    ['lets no connection live longer', 0xa0],
    ['is busy', 0x89],
  ])('is not to blame when the server %s', async (_why, reasonCode) => {
    start();
    publish('m1');
    for (let connection = 0; connection < 8; connection++) {
      const peer = await greeted();
      await next(peer);
      peer.send({ cmd: 'disconnect', reasonCode });
      peer.end();
    }
    const peer = await greeted();
    const packet = await peer.next();
    puback(peer, packet.cmd === 'publish' ? packet.messageId! : 0);
    await until('the outcome', () => publisher.load === 0);
    expect(told.filter(each => /^(published|failed)/.test(each))).toEqual(['published m1']);
  });

  // A topic of 201 levels, which Mosquitto takes for an error of the protocol, held everything behind it for another half minute.
  test.each([
    ['comes soon after the refusal', true, ['m1', 'poison', 'm2']],
    ['is put off ever longer while the server takes nothing at all', false, ['poison', 'm2']],
  ])('that was: the next attempt %s', async (_, isSoon, tokens) => {
    start({ delayMs: 40, maxDelayMs: 60_000, random: () => 1 });
    for (const token of tokens) publish(token);
    // Doubled each time: the seventh is 40 ms times 64, and one that comes soon has two seconds to spare.
    let pause = 0;
    for (let connections = 0; connections < 7; connections++) {
      const ended = performance.now();
      const peer = await greeted();
      pause = performance.now() - ended;
      if (connections < 6) await acceptAllBut('poison', peer, new Set());
    }
    expect(pause < 2500).toBe(isSoon);
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

  test('that was forgotten under way makes room for others when the connection ends', async () => {
    // Records were taken away by a rebalance, the MQTT server died, and the bridge read nothing any more: nobody said that there was room.
    start();
    const peer = await greeted();
    publish('m1');
    await next(peer);
    publisher.forget(() => true);
    peer.cut();
    await greeted();
    expect([publisher.load, [...unsettled]]).toEqual([0, []]);
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
