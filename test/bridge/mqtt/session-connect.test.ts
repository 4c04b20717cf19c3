/** How a session comes to life, what it makes of a server's refusals, and how it comes back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reasons, returnCodes } from '../../../bridge/mqtt/reasons.ts';
import { publish, ScriptedServer } from './support/scripted-server.ts';
import { connectOnce, recording, server, start, startOld, useStage } from './support/stage.ts';

useStage();

describe('CONNECT', () => {
  it('takes up the session, and says our limits', async () => {
    start({ username: 'u', password: 'p', keepAliveMs: 45_000 });
    const connect = await (await server.accept()).next();
    expect(connect).toMatchObject({
      cmd: 'connect',
      protocolVersion: 5,
      clean: false,
      clientId: 'bridge',
      keepalive: 45,
      username: 'u',
      password: Buffer.from('p'),
      properties: { sessionExpiryInterval: 3600, receiveMaximum: 100, maximumPacketSize: 1_000_000 },
    });
    expect(connect).not.toHaveProperty('properties.topicAliasMaximum');
  });

  it('of MQTT 3.1.1 has Clean Session 0 and no properties', async () => {
    await startOld();
    const connect = await (await server.accept()).next();
    expect(connect).toMatchObject({ protocolVersion: 4, clean: false, clientId: 'bridge' });
    expect(connect).not.toHaveProperty('properties');
    expect(connect).not.toHaveProperty('username');
  });

  it('carries a password of any bytes, and an empty user name if there is none', async () => {
    start({ password: Buffer.from([0, 255]) });
    expect(await (await server.accept()).next()).toMatchObject({ username: '', password: Buffer.from([0, 255]) });
  });
});

describe('SUBSCRIBE', () => {
  it('asks for retained messages of new subscriptions only, and for no flag on those that are published now', async () => {
    start({
      subscriptions: [
        { filter: '$share/g/a/+', qos: 1 },
        { filter: 'b', qos: 0 },
      ],
    });
    const peer = await server.accept();
    await peer.next();
    peer.connack();
    expect((await peer.suback()).subscriptions).toEqual([
      { topic: '$share/g/a/+', qos: 1, nl: false, rap: false, rh: 1 },
      { topic: 'b', qos: 0, nl: false, rap: false, rh: 1 },
    ]);
  });

  it('is sent once per process even if the session is present, because the filters may be new', async () => {
    start();
    const peer = await server.accept();
    await peer.greet({ sessionPresent: true, grants: [2] });
    expect((await recording.connectedTimes(1)).sessionPresent).toBe(true);
  });

  it('is not sent again while the server keeps the session, and is when it does not', async () => {
    start();
    (await connectOnce()).cut();
    const second = await server.accept();
    await second.greet({ sessionPresent: true });
    expect(await recording.connectedTimes(2)).toMatchObject({ sessionPresent: true, grants: [] });
    expect(await second.settled()).toEqual([]);
    second.cut();
    await (await server.accept()).greet({ sessionPresent: false });
    expect((await recording.connectedTimes(3)).grants).toHaveLength(1);
  });

  it('reports what was granted, for a warning where it is less than asked', async () => {
    start({
      subscriptions: [
        { filter: 'a', qos: 2 },
        { filter: 'b', qos: 1 },
      ],
    });
    await (await server.accept()).greet({ grants: [1, 1] });
    expect((await recording.connectedTimes(1)).grants).toEqual([
      { filter: 'a', asked: 2, granted: 1 },
      { filter: 'b', asked: 1, granted: 1 },
    ]);
  });

  it('that is refused for one filter is a permanent failure that names filter and reason', async () => {
    start({
      subscriptions: [
        { filter: 'a', qos: 1 },
        { filter: 'secret/#', qos: 1 },
      ],
    });
    const peer = await server.accept();
    await peer.greet({ grants: [1, 0x87] });
    const error = await recording.failed();
    expect(error).toMatchObject({ code: 'mqtt-subscription-refused', kind: 'permanent' });
    expect(error.message).toMatch(/secret\/#.*not authorised \(0x87\)/);
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect' });
    expect(recording.events).toEqual(['failed mqtt-subscription-refused']);
  });

  it('that is refused in MQTT 3.1.1 is a permanent failure too', async () => {
    await startOld();
    await (await server.accept()).greet({ grants: [0x80] });
    expect((await recording.failed()).message).toContain('a/#');
  });

  it('that is answered for too few filters is a violation', async () => {
    start();
    const peer = await server.accept();
    await peer.greet({ grants: [1, 1] });
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode: 0x82 });
    expect((await recording.lostTimes(1)).code).toBe('mqtt-protocol-error');
  });

  it('may be overtaken by messages of the session', async () => {
    start();
    const peer = await server.accept();
    await peer.next();
    peer.connack({ sessionPresent: true });
    peer.send(publish(1));
    await recording.messagesCame(1);
    expect(recording.session.connected).toBe(false);
    recording.settle('m1');
    await peer.suback();
    await recording.connectedTimes(1);
    expect(await peer.take(1)).toEqual(['puback 1']);
  });
});

describe('a refusal', () => {
  const refusals = Object.entries(reasons).filter(([code]) => Number(code) >= 0x80 && Number(code) !== 0x9d);

  it.each(refusals)('with reason code %s is retried or ends the session, as the table says', async (code, reason) => {
    start();
    const peer = await server.accept();
    await peer.next();
    peer.connack({ reasonCode: Number(code), properties: { reasonString: 'because' } });
    const error = await recording.refused();
    expect(error.code).toBe(reason.error);
    expect(error.message).toContain(reason.name);
    expect(error.message).toContain('because');
    expect(recording.failure !== undefined).toBe(error.kind === 'permanent');
  });

  it.each(Object.entries(returnCodes))('with return code %s of MQTT 3.1.1 is known', async (code, reason) => {
    await startOld();
    const peer = await server.accept();
    await peer.next();
    peer.connack({ reasonCode: Number(code) });
    const error = await recording.refused();
    expect(error.code).toBe(reason.error);
  });

  it('stops the session permanently', async () => {
    start({ reconnect: { minDelayMs: 0, maxDelayMs: 0 } });
    const peer = await server.accept();
    await peer.next();
    peer.connack({ reasonCode: 0x87 });
    expect((await recording.failed()).kind).toBe('permanent');
    recording.session.start();
    await recording.session.close();
    expect(server.unaccepted).toBe(0);
  });

  it('after a success is retried for ten minutes, because servers refuse while they restart', async () => {
    let time = 0;
    start({ now: () => time });
    (await connectOnce()).cut();
    const refuse = async () => {
      const peer = await server.accept();
      await peer.next();
      peer.connack({ reasonCode: 0x87 });
    };
    await refuse();
    expect(await recording.lostTimes(2)).toMatchObject({ code: 'mqtt-refused-for-now', kind: 'retryable' });
    time = 599_999;
    await refuse();
    expect((await recording.lostTimes(3)).code).toBe('mqtt-refused-for-now');
    time = 600_000;
    await refuse();
    expect((await recording.failed()).code).toBe('mqtt-not-authorised');
  });

  it('that passes gives the next one ten minutes of its own', async () => {
    let time = 0;
    start({ now: () => time });
    (await connectOnce()).cut();
    for (const round of [1, 2]) {
      const refused = await server.accept();
      await refused.next();
      refused.connack({ reasonCode: 0x87 });
      await recording.lostTimes(round * 2);
      time += 599_999;
      const accepted = await server.accept();
      await accepted.greet();
      await recording.connectedTimes(round + 1);
      accepted.cut();
    }
    expect(recording.failure).toBeUndefined();
  });
});

describe('a DISCONNECT of the server', () => {
  it('because the session is taken over is a permanent failure that says what to do', async () => {
    start();
    (await connectOnce()).send({ cmd: 'disconnect', reasonCode: 0x8e });
    const error = await recording.failed();
    expect(error).toMatchObject({ code: 'mqtt-session-taken-over', kind: 'permanent' });
    expect(error.remedy).toContain('Another client uses this client id');
    expect(recording.session.connected).toBe(false);
  });

  it('because it shuts down is a reason to come back', async () => {
    start();
    (await connectOnce()).send({ cmd: 'disconnect', reasonCode: 0x8b });
    expect((await recording.lostTimes(1)).message).toContain('server shutting down (0x8B)');
    await (await server.accept()).greet({ sessionPresent: true });
    await recording.connectedTimes(2);
  });

  it('is no part of MQTT 3.1.1', async () => {
    await startOld();
    (await connectOnce()).write(Buffer.from([0xe0, 0]));
    expect((await recording.lostTimes(1)).code).toBe('mqtt-protocol-error');
  });
});

describe('another server', () => {
  let other: ScriptedServer;

  beforeEach(async () => {
    other = await ScriptedServer.start();
  });

  afterEach(() => other.stop());

  it('of the configured ones is tried next when the first names it', async () => {
    const third = await ScriptedServer.start();
    start({ urls: [server.url, third.url, other.url] });
    const peer = await server.accept();
    await peer.next();
    const serverReference = `elsewhere:1 127.0.0.1:${other.port}`;
    peer.connack({ reasonCode: 0x9d, properties: { serverReference } });
    await (await other.accept()).greet();
    expect((await recording.connectedTimes(1)).url).toBe(other.url);
    expect((await recording.lostTimes(1)).message).toContain(serverReference);
    expect(third.unaccepted).toBe(0);
    await third.stop();
  });

  it('that is not configured never gets our password: the next url is tried', async () => {
    const stranger = await ScriptedServer.start();
    start({ urls: [server.url, other.url], password: 'secret' });
    const peer = await connectOnce();
    peer.send({ cmd: 'disconnect', reasonCode: 0x9c, properties: { serverReference: `127.0.0.1:${stranger.port}` } });
    await (await server.accept()).greet({ sessionPresent: true });
    await recording.connectedTimes(2);
    expect(stranger.unaccepted).toBe(0);
    await stranger.stop();
  });

  it('is tried in turn when one cannot be reached', async () => {
    start({ urls: [await deadUrl(), other.url] });
    await (await other.accept()).greet();
    expect((await recording.connectedTimes(1)).url).toBe(other.url);
    expect(recording.losses.map(({ code }) => code)).toEqual(['mqtt-connect-failed']);
  });
});

/** A url that nobody listens on. */
async function deadUrl(): Promise<string> {
  const gone = await ScriptedServer.start();
  const { url } = gone;
  await gone.stop();
  return url;
}
