/** What a server says in CONNACK that it takes is all that it gets; and a message whose time is over is not sent. */
import type { IPublishPacket } from 'mqtt-packet';
import { describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { greeted, next, puback, publish, publisher, start, told, toldAre, usePublisher } from './support/publishing.ts';
import type { Peer } from './support/scripted-server.ts';

usePublisher();

describe('a server', () => {
  test('without QoS 2 gets QoS 1, and that is said once', async () => {
    start({ sessionExpirySeconds: 100 });
    const peer = await greeted({ maximumQoS: 1 });
    for (const token of ['m1', 'm2']) publish(token, { qos: 2 });
    for (const id of [1, 2]) {
      const { qos } = (await peer.next()) as IPublishPacket;
      expect(qos).toBe(1);
      puback(peer, id);
    }
    await toldAre('problem mqtt-qos-lowered', 'published m1', 'published m2');
  });

  test.each([
    ['QoS 1 gets no such message', { maximumQoS: 0 }, { qos: 1 }],
    ['QoS 1 gets no message of QoS 2', { maximumQoS: 0 }, { qos: 2 }],
    ['retained messages gets none', { retainAvailable: false }, { retain: true }],
  ] as const)('without %s', async (_, limits, fields) => {
    start();
    const peer = await greeted(limits);
    publish('m1', fields);
    publish('m2', { qos: 0 });
    expect(await peer.take(1)).toEqual(['publish']);
    await toldAre('failed m1 mqtt-publish-refused');
  });

  test('gets no packet that is larger than it takes, whatever of it is large', async () => {
    start();
    const peer = await greeted({ maximumPacketSize: 60 });
    publish('m1', { correlationData: Buffer.alloc(60) });
    publish('m2', { contentType: 'x'.repeat(60) });
    publish('m3', { responseTopic: 'x'.repeat(60) });
    publish('m4', { userProperties: [['x'.repeat(60), '']] });
    publish('m5');
    expect(await next(peer)).toMatch(/^m5 /);
    await toldAre(...['m1', 'm2', 'm3', 'm4'].map(token => `failed ${token} mqtt-publish-too-large`));
  });

  test('of MQTT 3.1.1 gets no properties, and that is said once', async () => {
    start({ version: '3.1.1' });
    const peer = await greeted();
    for (const token of ['m1', 'm2']) publish(token, { contentType: 'text/plain' });
    for (const id of [1, 2]) {
      expect(((await peer.next()) as IPublishPacket).properties).toBe(undefined);
      puback(peer, id);
    }
    await toldAre('problem mqtt-properties-omitted', 'published m1', 'published m2');
  });
});

/** Topic and alias of the next PUBLISH, which is acknowledged. */
async function alias(peer: Peer): Promise<string> {
  const { topic, messageId, properties } = (await peer.next()) as IPublishPacket;
  puback(peer, messageId!);
  return `${topic}=${properties?.topicAlias}`;
}

describe('topic aliases', () => {
  test('stand for topics that come again, as many as the server remembers, the latest ones', async () => {
    start();
    const peer = await greeted({ topicAliasMaximum: 2 });
    const sent: string[] = [];
    for (const topic of ['a', 'b', 'a', 'c', 'a', 'b', 'c']) {
      publish('m', { topic });
      sent.push(await alias(peer));
    }
    expect(sent).toEqual(['a=1', 'b=2', '=1', 'c=2', '=1', 'b=2', 'c=1']);
  });

  test('are unknown to the next connection', async () => {
    start();
    const first = await greeted({ topicAliasMaximum: 5 });
    publish('m1');
    expect(await alias(first)).toBe('a/b=1');
    publish('m2');
    await first.next();
    first.cut();
    const second = await greeted({ topicAliasMaximum: 5 });
    expect(await alias(second)).toBe('a/b=1');
  });

  test('are not used where the server has none, nor where a packet would be too large for one', async () => {
    start();
    const first = await greeted();
    publish('m1');
    expect(await alias(first)).toBe('a/b=undefined');
    first.cut();
    const second = await greeted({ topicAliasMaximum: 5, maximumPacketSize: 15 });
    // 11 bytes without a payload.
    publish('1234');
    expect(await alias(second)).toBe('a/b=undefined');
    publish('1');
    expect(await alias(second)).toBe('a/b=1');
  });
});

describe('a message with an expiry', () => {
  const expiry = (seconds: number, agoSeconds = 0) => ({ seconds, from: Date.now() - agoSeconds * 1000 });

  test('is sent with what is left of it', async () => {
    start();
    const peer = await greeted();
    publish('m1', { expiry: expiry(100, 40) });
    publish('m2', { expiry: expiry(100, -40) });
    const left = [];
    for (let sent = 0; sent < 2; sent++)
      left.push(((await peer.next()) as IPublishPacket).properties!.messageExpiryInterval!);
    expect(left[0]).toBeGreaterThan(55);
    expect(left[0]).toBeLessThanOrEqual(60);
    // A clock that is ahead of ours.
    expect(left[1]).toBeLessThanOrEqual(140);
  });

  test('is not sent when its time is over, and those behind it are', async () => {
    start();
    publish('m1', { expiry: expiry(10, 11) });
    publish('m2', { expiry: expiry(0) });
    publish('m3');
    const peer = await greeted();
    expect(await next(peer)).toMatch(/^m3 /);
    await toldAre('expired m1', 'expired m2');
  });

  test('is not waited for when the server is away', async () => {
    // The record held its partition until the server came back.
    start({ delayMs: 60_000 });
    const first = await greeted();
    first.cut();
    publish('m1', { expiry: expiry(0.5) });
    await until('its time to be over', () => told.includes('expired m1'));
    expect(publisher.load).toBe(0);
  });

  // A command that was good for ten seconds waited for an hour, and was sent.
  test.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('does not live longer for a clock that is set %s', async (_, jumpMs) => {
    let jumped = 0;
    let waited = 0;
    start({ delayMs: 60_000, now: () => Date.now() + jumped, elapsed: () => performance.now() + waited });
    const first = await greeted();
    first.cut();
    publish('m1', { expiry: expiry(10) });
    publish('m2', { expiry: expiry(100_000) });
    jumped = jumpMs;
    waited = 11_000;
    await until('its time to be over', () => told.includes('expired m1'));
    expect(publisher.load).toBe(1);
  });

  test('is not sent again when its time is over meanwhile', async () => {
    start();
    const first = await greeted();
    publish('m1', { expiry: expiry(0.1) });
    await next(first);
    const sentAt = Date.now();
    await until('its time to be over', () => Date.now() > sentAt + 110);
    first.cut();
    publish('m2');
    expect(await next(await greeted())).toMatch(/^m2 /);
    expect(told).toEqual(['expired m1']);
  });
});
