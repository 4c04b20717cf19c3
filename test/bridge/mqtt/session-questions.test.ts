/** What a session asks the server while it is connected, and whether anything is under way. */
import { describe, expect, it } from 'vitest';
import { until } from '../../real/until.ts';
import { type Peer, publish, pubrel } from './support/scripted-server.ts';
import { connectOnce, recording, server, start, startOld, useStage } from './support/stage.ts';

useStage();

/** The PINGREQs that the peer was sent, answered with as many PINGRESPs when told. */
const answer = (peer: Peer, count: number) => peer.send(...Array.from({ length: count }, () => ({ cmd: 'pingresp' })));

describe('a ping', () => {
  it('is fulfilled by the answer', async () => {
    start();
    const peer = await connectOnce();
    const pinged = recording.session.ping();
    expect(await peer.take(1)).toEqual(['pingreq']);
    answer(peer, 1);
    expect(await pinged).toBe(true);
  });

  it('is not fulfilled by the answer to an earlier one, which keep-alive sent', async () => {
    start({ keepAliveMs: 1000 });
    const peer = await connectOnce();
    expect(await peer.take(1)).toEqual(['pingreq']);
    let fulfilled = false;
    const pinged = recording.session.ping().then(() => {
      fulfilled = true;
    });
    expect(await peer.take(1)).toEqual(['pingreq']);
    answer(peer, 1);
    await peer.settled();
    expect(fulfilled).toBe(false);
    answer(peer, 1);
    await pinged;
  });

  it('has failed when the connection ends before the answer, and when there is none', async () => {
    start();
    expect(await recording.session.ping()).toBe(false);
    const peer = await connectOnce();
    const pinged = recording.session.ping();
    await peer.take(1);
    peer.cut();
    expect(await pinged).toBe(false);
  });

  it('is answered only after the messages that the server sent before its answer', async () => {
    start();
    const peer = await connectOnce();
    const pinged = recording.session.ping().then(() => recording.payloads);
    peer.send(publish(1), publish(2), { cmd: 'pingresp' }, publish(3));
    expect(await pinged).toEqual(expect.arrayContaining(['m1', 'm2']));
  });
});

it('a PINGRESP that nobody waits for does no harm', async () => {
  start();
  const peer = await connectOnce();
  answer(peer, 3);
  expect(await peer.settled()).toEqual([]);
  expect(recording.events).toEqual(['connected']);
});

describe('UNSUBSCRIBE', () => {
  it('names the filters as they were subscribed, and is fulfilled by UNSUBACK, also where there was no such subscription', async () => {
    start();
    const peer = await connectOnce();
    const filters = ['$share/g/a/+', 'b/#'];
    const unsubscribed = recording.session.unsubscribe(filters);
    const { messageId, ...unsubscribe } = await peer.next();
    expect(unsubscribe).toMatchObject({ cmd: 'unsubscribe', unsubscriptions: filters });
    peer.send({ cmd: 'unsuback', messageId, granted: [0x00, 0x11] });
    expect(await unsubscribed).toBe(true);
  });

  it('of MQTT 3.1.1 is fulfilled by an UNSUBACK without reasons', async () => {
    await startOld();
    const peer = await connectOnce();
    const unsubscribed = recording.session.unsubscribe(['a']);
    const { messageId, ...unsubscribe } = await peer.next();
    expect(unsubscribe).toMatchObject({ cmd: 'unsubscribe', unsubscriptions: ['a'] });
    peer.send({ cmd: 'unsuback', messageId });
    expect(await unsubscribed).toBe(true);
  });

  it('has failed when the connection ends before the answer, and can be sent again on the next', async () => {
    start();
    const peer = await connectOnce();
    const first = recording.session.unsubscribe(['a']);
    await peer.next();
    peer.cut();
    expect(await first).toBe(false);
    const next = await server.accept();
    await next.greet({ sessionPresent: true });
    await recording.connectedTimes(2);
    const second = recording.session.unsubscribe(['a']);
    const { messageId } = await next.next();
    next.send({ cmd: 'unsuback', messageId, granted: [0] });
    expect(await second).toBe(true);
  });

  it('that the server refuses is rejected, and the session goes on', async () => {
    start();
    const peer = await connectOnce();
    const unsubscribed = recording.session.unsubscribe(['a', 'b']);
    const { messageId } = await peer.next();
    peer.send({ cmd: 'unsuback', messageId, granted: [0x00, 0x87] });
    await expect(unsubscribed).rejects.toMatchObject({
      code: 'mqtt-unsubscription-refused',
      kind: 'permanent',
      message: expect.stringMatching(/b: not authorised/),
    });
    expect(recording.session.connected).toBe(true);
  });

  it('is not what an UNSUBACK answers that comes by itself: the server broke the protocol', async () => {
    start();
    const peer = await connectOnce();
    peer.send({ cmd: 'unsuback', messageId: 1, granted: [0] });
    expect((await recording.lostTimes(1)).code).toBe('mqtt-protocol-error');
  });
});

describe('a session is idle', () => {
  it('while it is connected and nothing is under way', async () => {
    start();
    expect(recording.session.idle).toBe(false);
    const peer = await connectOnce();
    expect(recording.session.idle).toBe(true);
    peer.send(publish(1), publish(2));
    await recording.messagesCame(2);
    recording.settle('m2');
    expect(recording.session.idle).toBe(false);
    recording.settle('m1');
    expect(recording.session.idle).toBe(true);
    peer.cut();
    await recording.lostTimes(1);
    expect(recording.session.idle).toBe(false);
  });

  it('only when an exchange of QoS 2 is complete', async () => {
    start();
    const peer = await connectOnce();
    peer.send(publish(1, { qos: 2 }));
    await recording.messagesCame(1);
    recording.settle('m1');
    expect(await peer.take(1)).toEqual(['pubrec 1']);
    expect(recording.session.idle).toBe(false);
    peer.send(pubrel(1));
    await until('the end of the exchange', () => recording.session.idle);
  });

  it('only when what came on an earlier connection is safe too', async () => {
    start();
    const peer = await connectOnce();
    peer.send(publish(1));
    await recording.messagesCame(1);
    peer.cut();
    await (await server.accept()).greet({ sessionPresent: true });
    await recording.connectedTimes(2);
    expect(recording.session.idle).toBe(false);
    recording.settle('m1');
    expect(recording.session.idle).toBe(true);
  });
});
