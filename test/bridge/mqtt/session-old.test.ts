/** Copies for subscriptions that an older document made, and messages that were stored before we subscribed. */
import { describe, expect, it } from 'vitest';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';
import { until } from '../../real/until.ts';
import { type Peer, publish } from './support/scripted-server.ts';
import { recording, server, start, startOld, useStage } from './support/stage.ts';

useStage();

const plan = (filters: string[], share?: string) => planSubscriptions(filters, { share, qos: 1 }).subscriptions;
const identifierOf = (filter: string, share?: string) => plan([filter], share)[0]!.identifier!;

/** A session with the subscription `x/+` that is present at the server, connected. */
async function begin(share?: string): Promise<Peer> {
  start({ subscriptions: plan(['x/+'], share) });
  recording.onMessage = ({ unwanted, named }) => outcomes.push(unwanted ?? (named.count > 0 ? 'ours' : 'all'));
  outcomes.length = 0;
  const peer = await server.accept();
  await peer.greet({ sessionPresent: true, grants: [1] });
  await recording.connectedTimes(1);
  return peer;
}

/** What each message is for: 'ours', 'all' rules of its topic, or why it is for none. */
const outcomes: string[] = [];

let packetId = 0;
const copy = (identifiers: number | number[], fields: Record<string, unknown> = {}) =>
  publish(++packetId, { topic: 'x/1', properties: { subscriptionIdentifier: identifiers }, ...fields });

describe('a copy for a filter that the document no longer has', () => {
  // Each message came twice after x/# was edited to x/+, for as long as the session lived.
  it('has the filter found and unsubscribed, and is for no rule once copies for ours come', async () => {
    const peer = await begin();
    const [ours, old] = [identifierOf('x/+'), identifierOf('x/#')];
    peer.send(copy(old), copy(old), copy(ours), copy(old));
    expect(await peer.next()).toMatchObject({ cmd: 'unsubscribe', unsubscriptions: ['x/#'] });
    await recording.messagesCame(4);
    // The first two waited in the session when nobody was subscribed to x/+.
    expect(outcomes).toEqual(['all', 'all', 'ours', 'old_subscription']);
  });

  it('that is for one of ours too goes through the rules', async () => {
    const peer = await begin();
    peer.send(copy([identifierOf('x/#'), identifierOf('x/+')]), copy(identifierOf('x/#')));
    await recording.messagesCame(2);
    expect(outcomes).toEqual(['ours', 'old_subscription']);
    expect(await peer.next()).toMatchObject({ unsubscriptions: ['x/#'] });
  });

  it('goes through the rules when it is delivered again, and when its QoS has another queue', async () => {
    const peer = await begin();
    const old = identifierOf('x/#');
    peer.send(copy(identifierOf('x/+')), copy(old, { dup: true }), copy(old, { qos: 0, messageId: undefined }));
    await recording.messagesCame(3);
    expect(outcomes).toEqual(['ours', 'all', 'all']);
  });

  it('whose filter cannot be found is for no rule, and is reported once with the remedy', async () => {
    const peer = await begin();
    peer.send(copy(identifierOf('x/+')), copy(identifierOf('x/#', 'gone')), copy(identifierOf('x/#', 'gone')));
    await recording.messagesCame(3);
    expect(outcomes).toEqual(['ours', 'old_subscription', 'old_subscription']);
    expect(recording.events.filter(event => event.startsWith('mqtt-old'))).toEqual(['mqtt-old-subscription-unknown']);
  });

  it('of a shared subscription goes through the rules: its queue may be another', async () => {
    const peer = await begin('g');
    peer.send(copy(identifierOf('x/+', 'g')), copy(identifierOf('x/#', 'g')));
    await recording.messagesCame(2);
    expect(outcomes).toEqual(['ours', 'all']);
  });

  it('is asked for again when the connection was lost before the answer', async () => {
    const peer = await begin();
    peer.send(copy(identifierOf('x/#')));
    await peer.next();
    peer.cut();
    const second = await server.accept();
    await second.greet({ sessionPresent: true });
    second.send(copy(identifierOf('x/#')));
    const { messageId } = await second.next();
    second.send({ cmd: 'unsuback', messageId, granted: [0] });
    await until('the report', () => recording.events.includes('mqtt-old-subscription'));
  });
});

describe('a message that was stored before we subscribed, with MQTT 3.1.1', () => {
  const stored = { retain: true };
  const cases = [
    { retained: 'all', sessionPresent: true, expected: ['taken', 'taken', 'taken'] },
    { retained: 'all', sessionPresent: false, expected: ['taken', 'taken', 'taken'] },
    // Each start wrote all of them again.
    { retained: 'new', sessionPresent: true, expected: ['retained', 'taken', 'taken'] },
    { retained: 'new', sessionPresent: false, expected: ['taken', 'taken', 'taken'] },
    { retained: 'none', sessionPresent: true, expected: ['retained', 'taken', 'taken'] },
    { retained: 'none', sessionPresent: false, expected: ['retained', 'taken', 'taken'] },
  ] as const;

  it.each(cases)('is taken as `$retained` says (session present: $sessionPresent)', async ({
    retained,
    sessionPresent,
    expected,
  }) => {
    await startOld({ retained });
    const seen: string[] = [];
    recording.onMessage = ({ unwanted }) => seen.push(unwanted ?? 'taken');
    const peer = await server.accept();
    await peer.greet({ sessionPresent, grants: [1] });
    // Stored; live; stored, and delivered again: it may have been taken before.
    peer.send(publish(1, stored), publish(2), publish(3, { ...stored, dup: true }));
    await recording.messagesCame(3);
    expect(seen).toEqual(expected);
  });

  // A drain subscribes to nothing, so what comes waited in the session: it was acknowledged and nowhere.
  it('is taken by whoever does not subscribe', async () => {
    await startOld({ subscribes: false });
    const seen: string[] = [];
    recording.onMessage = ({ unwanted }) => seen.push(unwanted ?? 'taken');
    const peer = await server.accept();
    await peer.greet({ sessionPresent: true });
    peer.send(publish(1, stored));
    await recording.messagesCame(1);
    expect(seen).toEqual(['taken']);
  });

  it('is taken when the connection was lost before the first SUBACK, and after a reconnect without SUBSCRIBE', async () => {
    await startOld();
    const seen: string[] = [];
    recording.onMessage = ({ unwanted }) => seen.push(unwanted ?? 'taken');
    const first = await server.accept();
    await first.next();
    first.connack();
    await first.next();
    first.cut();
    const second = await server.accept();
    await second.greet({ sessionPresent: true, grants: [1] });
    second.send(publish(1, stored));
    await recording.messagesCame(1);
    second.cut();
    const third = await server.accept();
    await third.greet({ sessionPresent: true });
    third.send(publish(2, stored));
    await recording.messagesCame(2);
    expect(seen).toEqual(['taken', 'taken']);
  });
});

it.each([
  ['all', 0],
  ['new', 1],
  ['none', 2],
] as const)('`retained: %s` is Retain Handling %i in MQTT 5', async (retained, rh) => {
  start({ retained });
  const peer = await server.accept();
  await peer.next();
  peer.connack();
  expect((await peer.suback()).subscriptions).toMatchObject([{ rh, rap: false }]);
});
