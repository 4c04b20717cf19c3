/**
 * MQTT servers that misbehave, at every point and with every code: what ends the bridge is only what a person has to change, and after
 * everything else the next connection works.
 */
import { describe, expect, it, test } from 'vitest';
import { errors } from '../../../api/errors.ts';
import { reasons, returnCodes } from '../../../bridge/mqtt/reasons.ts';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';
import { type Peer, publish, pubrel } from './support/scripted-server.ts';
import { connectOnce, recording, server, start, startOld, useStage } from './support/stage.ts';

useStage();

const { subscriptions } = planSubscriptions(['a/b'], { qos: 2 });
const bytes = (...values: number[]) => Buffer.from(values);
/** All that the standard names anywhere, their neighbours, and some that it does not. */
const codes = Array.from({ length: 255 }, (_, index) => index + 1).filter(
  code => code < 0x08 || (code > 0x7e && code < 0xa5) || code % 16 === 1,
);

/** The session comes back, on a connection that behaves, and a message gets through. */
async function recovers(): Promise<void> {
  expect(recording.failure).toBeUndefined();
  // With short time limits a connection may end while the machine is busy: then the next one does.
  for (let done = false; !done; ) {
    const peer = await server.accept();
    done = await Promise.race([getsThrough(peer).then(() => true), peer.closed.then(() => false)]);
  }
}

async function getsThrough(peer: Peer): Promise<void> {
  await peer.next();
  peer.connack();
  await peer.suback();
  const seen = recording.messages.length;
  peer.send(publish(77, { qos: 1 }));
  await recording.messagesCame(seen + 1);
  for (const { arrival } of recording.messages) recording.session.settle(arrival);
  recording.session.acknowledge();
  expect(await peer.settled()).toContain('puback 77');
}

const fails = async (code: string | undefined) => expect((await recording.failed()).code).toBe(code);

describe('a CONNACK', () => {
  test.each(codes)('of reason code %i', async code => {
    start({ subscriptions });
    const peer = await server.accept();
    await peer.next();
    peer.write(bytes(0x20, 3, 0, code, 0));
    const error = reasons[code]?.error;
    if (error !== undefined && errors[error].kind === 'permanent') await fails(error);
    else await recovers();
  });

  test.each(codes)('of return code %i in MQTT 3.1.1', async code => {
    await startOld({ subscriptions });
    const peer = await server.accept();
    await peer.next();
    peer.write(bytes(0x20, 2, 0, code));
    const error = returnCodes[code]?.error;
    if (error !== undefined && errors[error].kind === 'permanent') await fails(error);
    else await recovers();
  });

  it.each([
    ['with a Receive Maximum of 0', bytes(0x20, 6, 0, 0, 3, 0x21, 0, 0)],
    ['with a Maximum Packet Size of 0', bytes(0x20, 8, 0, 0, 5, 0x27, 0, 0, 0, 0)],
    ['with properties that are cut off', bytes(0x20, 4, 0, 0, 9, 0x21)],
    ['without anything', bytes(0x20, 0)],
  ])('%s is a violation', async (_, packet) => {
    start({ subscriptions });
    const peer = await server.accept();
    await peer.next();
    peer.write(packet);
    expect((await recording.lostTimes(1)).code).toBe('mqtt-protocol-error');
    await recovers();
  });
});

describe('a DISCONNECT', () => {
  test.each([0, ...codes])('of reason code %i, once the session is live', async code => {
    start();
    const peer = await connectOnce();
    peer.write(bytes(0xe0, 2, code, 0));
    if (code === 0x8e) await fails('mqtt-session-taken-over');
    else await recovers();
  });
});

describe('a connection that ends', () => {
  const points: [where: string, until: (peer: Peer) => Promise<unknown>][] = [
    ['at once', async () => undefined],
    ['after CONNECT', peer => peer.next()],
    ['within CONNACK', async peer => peer.write(bytes(0x20, 3, 0))],
    [
      'after CONNACK',
      async peer => {
        await peer.next();
        peer.connack();
      },
    ],
    [
      'after SUBSCRIBE',
      async peer => {
        await peer.next();
        peer.connack();
        await peer.next();
      },
    ],
    ['after SUBACK', peer => peer.greet()],
    [
      'within a message',
      async peer => {
        await peer.greet();
        peer.write(bytes(0x32, 200, 1, 0, 3, 97, 47));
      },
    ],
    [
      'before PUBACK',
      async peer => {
        await peer.greet();
        peer.send(publish(1));
        await recording.messagesCame(1);
      },
    ],
    [
      'after PUBREC',
      async peer => {
        await peer.greet();
        peer.send(publish(1, { qos: 2 }));
        await recording.messagesCame(1);
        recording.settle('m1');
        await peer.next();
      },
    ],
    [
      'after PUBCOMP',
      async peer => {
        await peer.greet();
        peer.send(publish(1, { qos: 2 }));
        await recording.messagesCame(1);
        recording.settle('m1');
        await peer.next();
        peer.send(pubrel(1));
        await peer.next();
      },
    ],
  ];

  test.each(
    points.flatMap(([where, until]) => (['cut', 'end'] as const).map(how => ({ where, until, how }))),
  )('$where ($how) is made again', async ({ until, how }) => {
    start({ subscriptions, version: '5' });
    const peer = await server.accept();
    await until(peer);
    peer[how]();
    await recovers();
  });
});

describe('a packet that nobody waits for', () => {
  const packets: [what: string, packet: Buffer][] = [
    ['CONNECT', bytes(0x10, 0)],
    ['a second CONNACK', bytes(0x20, 3, 0, 0, 0)],
    ['PUBACK', bytes(0x40, 2, 0, 1)],
    ['PUBREC', bytes(0x50, 2, 0, 1)],
    ['PUBCOMP', bytes(0x70, 2, 0, 1)],
    ['SUBSCRIBE', bytes(0x82, 6, 0, 1, 0, 0, 1, 97)],
    ['SUBACK', bytes(0x90, 4, 0, 1, 0, 0)],
    ['UNSUBSCRIBE', bytes(0xa2, 5, 0, 1, 0, 0, 1)],
    ['UNSUBACK', bytes(0xb0, 4, 0, 1, 0, 0)],
    ['PINGREQ', bytes(0xc0, 0)],
    ['AUTH', bytes(0xf0, 0)],
    ['a packet of type 0', bytes(0x00, 0)],
    ['a length of five bytes', bytes(0x30, 0xff, 0xff, 0xff, 0xff, 1)],
  ];

  test.each(packets)('%s is a violation', async (_, packet) => {
    start();
    const peer = await connectOnce();
    peer.write(packet);
    expect((await recording.lostTimes(1)).code).toBe('mqtt-protocol-error');
    await recovers();
  });

  it('PINGRESP and PUBREL of an unknown identifier do no harm', async () => {
    start();
    const peer = await connectOnce();
    peer.write(bytes(0xd0, 0));
    peer.send(pubrel(9));
    expect(await peer.take(1)).toEqual(['pubcomp 9']);
    expect(recording.losses).toEqual([]);
  });
});

describe('garbage', () => {
  /** Bytes that look like nothing, the same in each run. */
  function noise(seed: number, length: number): Buffer {
    let state = seed * 2_654_435_761;
    return Buffer.from(
      Array.from({ length }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
      }),
    );
  }
  const seeds = Array.from({ length: 30 }, (_, index) => index + 1);

  test.each(seeds)('in the place of CONNACK (%i) ends the connection at most', async seed => {
    start({ subscriptions, connectTimeoutMs: 300 });
    const peer = await server.accept();
    peer.write(noise(seed, 200));
    await recording.lostTimes(1);
    await recovers();
  });

  test.each(seeds)('in a live session (%i) ends the connection at most', async seed => {
    start({ keepAliveMs: 30 });
    const peer = await connectOnce();
    peer.write(noise(seed, 2000));
    // A long packet that never ends is found by its silence.
    await recording.lostTimes(1);
    await recovers();
  });
});
