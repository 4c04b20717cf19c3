/** QoS 2 whose packet identifiers are kept outside of the process: nothing is answered that a crash would take back. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Recording } from './support/recording.ts';
import { type Peer, publish, pubrel, ScriptedServer } from './support/scripted-server.ts';

let server: ScriptedServer;
let recording: Recording;

beforeEach(async () => {
  server = await ScriptedServer.start();
});
afterEach(async () => {
  recording.session.abandon();
  await server.stop();
});

/** A process that takes up what an earlier one has kept. */
function start(kept: readonly number[] = []): void {
  recording = new Recording({ urls: [server.url], keepsReceipts: true });
  recording.session.restore(kept);
  recording.start();
}

/** The next connection, to the session that is there. A process subscribes on its first one. */
async function connect(): Promise<Peer> {
  const isFirst = recording.connections.length === 0;
  const peer = await server.accept();
  await peer.next();
  peer.connack({ sessionPresent: true });
  if (isFirst) await peer.suback();
  await recording.connectedTimes(isFirst ? 1 : 2);
  return peer;
}

const exactlyOnce = (messageId: number, fields = {}) => publish(messageId, { qos: 2, ...fields });

/** What was answered so far: everything before the answer to a message of QoS 1. All others must be settled. */
async function answers(peer: Peer, marker: number): Promise<string[]> {
  const before = recording.messages.length;
  peer.send(publish(marker));
  await recording.messagesCame(before + 1);
  recording.settle(`m${marker}`);
  const packets: string[] = [];
  while (packets.at(-1) !== `puback ${marker}`) packets.push(...(await peer.take(1)));
  return packets.slice(0, -1);
}

it('a message that an earlier process has received gets its PUBREC, and is not handed over', async () => {
  start([5]);
  const peer = await connect();
  peer.send(exactlyOnce(5, { dup: true }), exactlyOnce(6));
  await recording.messagesCame(1);
  recording.settle('m6');
  expect(await peer.take(2)).toEqual(['pubrec 5', 'pubrec 6']);
  expect(recording.payloads).toEqual(['m6']);
});

// The identifier was free for the server and not in the topic. Its next message was taken for the one before, after a crash.
it('a PUBREL is answered when it is kept that the identifier is free, and not before', async () => {
  start([5]);
  const peer = await connect();
  peer.send(pubrel(5));
  expect(await answers(peer, 100)).toEqual([]);
  expect(recording.session.receipts()).toEqual([]);
  expect(await answers(peer, 101)).toEqual([]);
  recording.session.kept();
  expect(await answers(peer, 102)).toEqual(['pubcomp 5']);
});

it('a PUBREL that comes while others are being kept waits for the next time', async () => {
  start([5, 6]);
  const peer = await connect();
  peer.send(pubrel(5));
  await answers(peer, 100);
  expect(recording.session.receipts()).toEqual([6]);
  peer.send(pubrel(6));
  await answers(peer, 101);
  recording.session.kept();
  expect(await answers(peer, 102)).toEqual(['pubcomp 5']);
  expect(recording.session.receipts()).toEqual([]);
  recording.session.kept();
  expect(await answers(peer, 103)).toEqual(['pubcomp 6']);
});

it('a PUBREL of a connection that is lost is answered on no other', async () => {
  start([5]);
  const first = await connect();
  first.send(pubrel(5));
  await answers(first, 100);
  recording.session.receipts();
  first.cut();
  await recording.lostTimes(1);
  const second = await connect();
  recording.session.kept();
  expect(await answers(second, 101)).toEqual([]);
});

it('nothing is answered at the end that is not kept', async () => {
  start([5]);
  const peer = await connect();
  peer.send(pubrel(5), exactlyOnce(6));
  await recording.messagesCame(1);
  const closed = recording.session.close();
  expect(await peer.next()).toMatchObject({ cmd: 'disconnect' });
  peer.end();
  await closed;
});

it('what was handed over belongs to what is kept, whether its PUBREC is sent or not', async () => {
  start([2]);
  const peer = await connect();
  peer.send(exactlyOnce(9), exactlyOnce(1));
  await recording.messagesCame(2);
  recording.settle('m9');
  await peer.take(1);
  expect(recording.session.receipts()).toEqual([1, 2, 9]);
});

it('a message of a transaction that was aborted is new when it is delivered again', async () => {
  start();
  const first = await connect();
  first.send(exactlyOnce(5));
  await recording.messagesCame(1);
  recording.session.suspend();
  recording.session.restore([]);
  recording.session.start();
  const second = await connect();
  second.send(exactlyOnce(5, { dup: true }));
  await recording.messagesCame(2);
  recording.session.settle(recording.messages[1]!.arrival);
  recording.session.acknowledge();
  expect(await second.take(1)).toEqual(['pubrec 5']);
});

it('nothing of a connection that was left makes another attempt', async () => {
  start();
  const first = await connect();
  first.cut();
  recording.session.suspend();
  recording.session.start();
  recording.session.suspend();
  recording.session.start();
  const second = await connect();
  expect(await answers(second, 100)).toEqual([]);
  await recording.connectedTimes(2);
  expect(recording.connections).toHaveLength(2);
});

// The topic named identifiers of the session that the server had lost. It used them again, and the bridge confirmed messages that it had not written.
it('a server that has lost the session is left at once, without a subscription, until that is kept', async () => {
  start([5]);
  const cleared = Promise.withResolvers<void>();
  recording.onSessionLost = () => {
    recording.connectsLater = cleared.promise;
    return true;
  };
  const first = await server.accept();
  await first.next();
  first.connack({ sessionPresent: false });
  expect(await first.next()).toMatchObject({ cmd: 'disconnect', properties: { sessionExpiryInterval: 0 } });
  first.end();
  expect((await recording.lostTimes(1)).code).toBe('mqtt-session-lost');
  expect(recording.session.receipts()).toEqual([]);
  recording.onSessionLost = () => false;
  cleared.resolve();
  const second = await server.accept();
  await second.greet();
  second.send(exactlyOnce(5));
  await recording.messagesCame(1);
  expect(recording.payloads).toEqual(['m5']);
});
