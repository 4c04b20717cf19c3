/** Filters of older documents that are given up by a session that goes on. */
import { describe, expect, it } from 'vitest';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';
import type { Peer } from './support/scripted-server.ts';
import { recording, server, start, useStage } from './support/stage.ts';

useStage();

const plan = (filters: string[]) => planSubscriptions(filters, { share: undefined, qos: 1 }).subscriptions;

async function welcome(): Promise<Peer> {
  const peer = await server.accept();
  await peer.next();
  peer.connack({ sessionPresent: true });
  return peer;
}

interface Subscribing {
  messageId: number;
  unsubscriptions: string[];
}
const subscribe = async (peer: Peer) => (await peer.next()) as unknown as Subscribing;
const answer =
  (type: number) =>
  (peer: Peer, messageId: number, ...codes: number[]) =>
    peer.write(Buffer.from([type, 3 + codes.length, messageId >> 8, messageId & 255, 0, ...codes]));
const suback = answer(0x90);
const unsuback = answer(0xb0);

// An operator writes into the document which filters a session may have that was there before, also while the bridge runs.
describe('filters that another document names', () => {
  const unsubscribed = async (peer: Peer) => {
    const { messageId, unsubscriptions } = await subscribe(peer);
    unsuback(peer, messageId, ...unsubscriptions.map(() => 0));
    return unsubscriptions;
  };

  it('are given up at once, but for those that rules read', async () => {
    start({ subscriptions: plan(['a']) });
    const peer = await welcome();
    suback(peer, (await subscribe(peer)).messageId, 1);
    await recording.connectedTimes(1);
    recording.session.giveUp(['old/#', 'a']);
    expect(await unsubscribed(peer)).toEqual(['old/#']);
    expect(await peer.settled()).toEqual([]);
  });

  // The subscription of a rule that was taken away and put back within ten seconds was ended, and its messages were nobody's.
  it('and that a rule reads again by then, are kept', async () => {
    start({ subscriptions: plan(['a']), sharedPatienceMs: 200 });
    const peer = await welcome();
    suback(peer, (await subscribe(peer)).messageId, 1);
    await recording.connectedTimes(1);
    recording.session.giveUp(['$share/g/old', '$share/g/older']);
    const answer = recording.session.subscribe([{ filter: '$share/g/old', qos: 1, identifier: 7 }]);
    suback(peer, (await subscribe(peer)).messageId, 1);
    expect(await answer).toBe(true);
    expect(await unsubscribed(peer)).toEqual(['$share/g/older']);
  });
});
