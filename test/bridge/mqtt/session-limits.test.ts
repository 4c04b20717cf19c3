/** When a session gives a server up: silence, violations, and settings that cannot work. */
import { describe, expect, it } from 'vitest';
import { Recording } from './support/recording.ts';
import { publish } from './support/scripted-server.ts';
import { connectOnce, recording, server, start, startOld, useStage } from './support/stage.ts';

useStage();

describe('time limits', () => {
  it('a server that accepts and says nothing is given up', async () => {
    start({ connectTimeoutMs: 30 });
    const peer = await server.accept();
    await peer.closed;
    expect(await recording.lostTimes(1)).toMatchObject({ code: 'mqtt-connect-timeout', kind: 'retryable' });
  });

  it('a server that never confirms the subscriptions is given up', async () => {
    start({ connectTimeoutMs: 1000 });
    const peer = await server.accept();
    await peer.next();
    peer.connack();
    expect((await recording.lostTimes(1)).code).toBe('mqtt-connect-timeout');
  });

  it('a server that closes before CONNACK is said to have done so', async () => {
    start();
    (await server.accept()).end();
    expect((await recording.lostTimes(1)).message).toContain('closed the connection without an answer to CONNECT');
  });

  it('a server that answers no PINGREQ is given up, and retried', async () => {
    start({ keepAliveMs: 40 });
    const peer = await connectOnce();
    expect(await recording.lostTimes(1)).toMatchObject({ code: 'mqtt-keepalive-timeout', kind: 'retryable' });
    expect(new Set(peer.pending)).toEqual(new Set(['pingreq']));
    await (await server.accept()).greet();
    await recording.connectedTimes(2);
  });

  it('a server that answers is kept', async () => {
    start({ keepAliveMs: 20 });
    const peer = await connectOnce();
    for (let round = 0; round < 8; round++) {
      expect(await peer.next()).toMatchObject({ cmd: 'pingreq' });
      peer.send({ cmd: 'pingresp' });
    }
    expect(recording.losses).toEqual([]);
  });

  it('PINGREQs go on while paused, and silence proves nothing then', async () => {
    start({ keepAliveMs: 20 });
    const peer = await connectOnce();
    recording.session.pause();
    expect(await peer.take(10)).toEqual(new Array(10).fill('pingreq'));
    expect(recording.losses).toEqual([]);
    recording.session.resume();
    expect((await recording.lostTimes(1)).code).toBe('mqtt-keepalive-timeout');
  });

  it("the server's own keep-alive is honoured", async () => {
    start({ keepAliveMs: 60_000 });
    const peer = await server.accept();
    await peer.greet({ properties: { serverKeepAlive: 1 } });
    expect(await peer.next()).toMatchObject({ cmd: 'pingreq' });
  });

  it('a session that is paused when it comes back connects all the same, and waits with reading', async () => {
    start({ keepAliveMs: 200 });
    const first = await connectOnce();
    recording.session.pause();
    first.cut();
    // An unread socket does not tell that it was cut; the next PINGREQ finds out.
    const second = await server.accept();
    await second.greet({ sessionPresent: true });
    second.send(publish(1));
    await recording.connectedTimes(2);
    expect(recording.messages).toEqual([]);
    recording.session.resume();
    await recording.messagesCame(1);
  });
});

describe('a violation', () => {
  const before: [what: string, bytes: number[]][] = [
    ['a PUBLISH', [0x30, 4, 0, 1, 97, 0]],
    ['a PINGRESP', [0xd0, 0]],
  ];

  it.each(before)('by %s before CONNACK ends the connection', async (_, bytes) => {
    start();
    const peer = await server.accept();
    await peer.next();
    peer.write(Buffer.from(bytes));
    expect((await recording.lostTimes(1)).code).toBe('mqtt-protocol-error');
    await peer.closed;
  });

  const after: [what: string, bytes: number[], reasonCode: number][] = [
    ['a second CONNACK', [0x20, 3, 0, 0, 0], 0x82],
    ['a PUBACK for nothing', [0x40, 2, 0, 1], 0x82],
    ['a CONNECT', [0x10, 0], 0x82],
    ['a SUBACK that nobody waits for', [0x90, 4, 0, 1, 0, 1], 0x82],
    ['a PUBREL with wrong flags', [0x60, 2, 0, 1], 0x81],
    ['a PUBREL without identifier', [0x62, 0], 0x81],
    ['a DISCONNECT of no known reason', [0xe0, 1, 0x55], 0x81],
    ['a PUBLISH with QoS 3', [0x36, 6, 0, 1, 97, 0, 1, 0], 0x81],
    ['a PUBLISH with a wildcard', [0x30, 4, 0, 1, 35, 0], 0x90],
    ['a packet above our limit that is no PUBLISH', [0x90, 0xff, 0xff, 0x7f], 0x95],
  ];

  it.each(after)('by %s is answered with its reason', async (_, bytes, reasonCode) => {
    start();
    const peer = await connectOnce();
    peer.write(Buffer.from(bytes));
    expect(await peer.next()).toMatchObject({ cmd: 'disconnect', reasonCode });
    await peer.closed;
  });
});

describe('a message above the largest packet', () => {
  // The bridge ended with it at each start, because an MQTT 3.1.1 server sends it again each time.
  it.each([
    0, 1, 2,
  ] as const)('with QoS %i is handed over with its beginning, and acknowledged like others', async qos => {
    await startOld();
    const peer = await connectOnce();
    const sizes: number[] = [];
    recording.onMessage = ({ payload, oversizeBytes, missingBytes }) =>
      sizes.push(payload.length, missingBytes, oversizeBytes);
    const id = qos === 0 ? {} : { messageId: 7 };
    peer.send({ ...publish(7), qos, ...id, payload: Buffer.alloc(3_000_000, 'x') }, publish(8));
    await recording.messagesCame(2);
    const header = qos === 0 ? 5 + 2 + 3 : 5 + 2 + 3 + 2;
    expect(sizes).toEqual([65_536, 3_000_000 - 65_536, 3_000_000 + header, 2, 0, 0]);
    recording.session.settle(0);
    recording.session.settle(1);
    recording.session.acknowledge();
    expect(await peer.take(qos === 0 ? 1 : 2)).toEqual([[], ['puback 7'], ['pubrec 7']][qos]!.concat('puback 8'));
    expect(recording.losses).toEqual([]);
  });

  it('is taken from an MQTT 5 server too that does not keep to the limit it was given', async () => {
    start();
    const peer = await connectOnce();
    const properties = {
      userProperties: { long: 'x'.repeat(60_000), longer: 'y'.repeat(60_000), more: 'z'.repeat(60_000) },
    };
    peer.send(publish(1, { payload: Buffer.alloc(1_000_000), properties }), publish(2));
    await recording.messagesCame(2);
    recording.settle('m2');
    expect(recording.messages.map(({ payload }) => payload.length)).toEqual([0, 2]);
    expect(recording.losses).toEqual([]);
  });
});

describe('settings', () => {
  it('a url with a password is refused, and the password is not repeated', () => {
    const refused = () => new Recording({ urls: ['mqtt://me:secret@broker'] });
    expect(refused).toThrow(expect.objectContaining({ code: 'mqtt-url-invalid' }));
    expect(refused).not.toThrow(/secret/);
    start();
  });

  it('a key that is no PEM is refused before anything is connected', () => {
    const refused = () => new Recording({ urls: ['mqtts://broker'], tls: { key: 'rubbish', cert: 'rubbish' } });
    expect(refused).toThrow(expect.objectContaining({ code: 'tls-invalid' }));
    start();
  });
});
