/** A message that its sink gives up after so long, or so many refusals, becomes a failure; others are retried for ever. */
import type { IPublishPacket } from 'mqtt-packet';
import { expect, test } from 'vitest';
import type { Retry } from '../../../network/retry.ts';
import { until } from '../../real/until.ts';
import { greeted, next, puback, publish, publisher, start, told, usePublisher } from './support/publishing.ts';
import type { Peer } from './support/scripted-server.ts';

usePublisher();

const never = Number.POSITIVE_INFINITY;
/** Of tokens that begin with an x. */
const retryOf = (retry: Partial<Retry>) => (token: string) =>
  token.startsWith('x') ? { maxAgeMs: never, maxAttempts: never, backoff: undefined, ...retry } : undefined;

/** Answers `count` of PUBLISH, each with quota exceeded if its token is among `refused`. Returns the tokens. */
async function answer(peer: Peer, count: number, refused: readonly string[]): Promise<string[]> {
  const tokens: string[] = [];
  while (tokens.length < count) {
    const { payload, messageId } = (await peer.next()) as IPublishPacket;
    tokens.push(String(payload));
    puback(peer, messageId!, refused.includes(String(payload)) ? 0x97 : 0);
  }
  return tokens;
}

const outcomes = () => told.filter(each => !each.startsWith('problem'));

// A quota that one sink had used up held its messages for ever, and the offsets of all that came later.
test('a message that was refused as often as its sink allows fails, and those of others are tried again', async () => {
  start({ retryOf: retryOf({ maxAttempts: 3 }) });
  const peer = await greeted();
  publish('x1');
  publish('y1');
  const tokens: string[] = [];
  while (outcomes().length === 0) tokens.push(...(await answer(peer, 1, ['x1', 'y1'])));
  expect(outcomes()).toEqual(['failed x1 mqtt-retries-exhausted']);
  expect(tokens.filter(token => token === 'x1')).toHaveLength(3);
  await answer(peer, 1, []);
  await until('the other to be there', () => told.includes('published y1'));
});

test('what came behind it in its lane goes on', async () => {
  start({ retryOf: retryOf({ maxAttempts: 1 }) });
  const peer = await greeted();
  for (const token of ['x1', 'x2', 'x3']) publish(token);
  await answer(peer, 3, ['x2']);
  await until('all to have an outcome', () => publisher.load === 0);
  expect(outcomes().toSorted()).toEqual(['failed x2 mqtt-retries-exhausted', 'published x1', 'published x3']);
});

test('its own pauses are made between attempts', async () => {
  start({ delayMs: 600_000, retryOf: retryOf({ backoff: { minDelayMs: 1, maxDelayMs: 2 } }) });
  const peer = await greeted();
  publish('x1');
  await answer(peer, 3, ['x1']);
  expect(await answer(peer, 1, [])).toEqual(['x1']);
});

test.each([
  1, 2,
] as const)('a message of QoS %i fails when it is older than its sink allows and the server is away', async qos => {
  let elapsed = 0;
  start({ retryOf: retryOf({ maxAgeMs: 60_000 }), elapsed: () => elapsed, delayMs: 600_000, sessionExpirySeconds: 60 });
  const peer = await greeted();
  publish('x1', { qos });
  publish('y1', { qos });
  await next(peer);
  peer.end();
  await until('the connection to be lost', () => !publisher.connected);
  publish('x2', { qos });
  elapsed = 61_000;
  publish('x3', { qos });
  await until('two to be given up', () => outcomes().length === 2);
  expect(outcomes()).toEqual(['failed x1 mqtt-retries-exhausted', 'failed x2 mqtt-retries-exhausted']);
  expect(publisher.load).toBe(2);
});

// It would lose, one after the other, what a slow server takes in the end.
test('nothing is given up for its age while the server is only slow', async () => {
  let elapsed = 0;
  start({ window: 1, retryOf: retryOf({ maxAgeMs: 1000 }), elapsed: () => elapsed });
  const peer = await greeted();
  publish('x1');
  publish('x2');
  await next(peer);
  elapsed = 3_600_000;
  // Its own expiry shows that there was a look at what waits.
  publish('z1', { expiry: { seconds: 0, from: Date.now() } });
  await until('a look', () => told.includes('expired z1'));
  puback(peer, 1);
  expect(await next(peer)).toMatch(/^x2 /);
  puback(peer, 2);
  await until('both to be there', () => told.includes('published x2'));
});
