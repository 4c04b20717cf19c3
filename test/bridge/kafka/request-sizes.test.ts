import type { Connection } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { RequestSizes } from '../../../bridge/kafka/request-sizes.ts';

const connection = () => ({}) as Connection;
const setup = (maxBytes = 1_000_000, maxGrownBytes = maxBytes) => {
  const clock = { now: 0 };
  return { sizes: new RequestSizes(maxBytes, maxGrownBytes, () => clock.now), clock };
};

test('one connection that ends says nothing about sizes', () => {
  const { sizes } = setup();
  expect(sizes.ended(connection(), 800_000)).toBe(false);
  expect(sizes.limit).toBe(1_000_000);
});

test('several requests lost with one connection count once, and the largest of them counts', () => {
  const { sizes } = setup();
  const [first, second] = [connection(), connection()];
  for (const bytes of [100_000, 300_000, 200_000]) sizes.ended(first, bytes);
  expect(sizes.limit).toBe(1_000_000);
  expect(sizes.ended(second, 100_000)).toBe(true);
  sizes.ended(second, 400_000);
  expect(sizes.ended(second, 200_000)).toBe(false);
  expect(sizes.limit).toBe(200_000);
});

test('connections that go on ending halve it again and again, down to what any broker takes', () => {
  const { sizes } = setup();
  sizes.ended(connection(), 800_000);
  for (const limit of [400_000, 200_000, 100_000]) {
    sizes.ended(connection(), 2 * limit);
    expect(sizes.limit).toBe(limit);
  }
  for (let times = 0; times < 20; times++) sizes.ended(connection(), sizes.limit);
  expect(sizes.limit).toBe(4096);
});

test('an answer to a request of about that size shows that something else ended the connection', () => {
  const { sizes } = setup();
  sizes.ended(connection(), 800_000);
  sizes.answered(10_000, 5);
  expect(sizes.ended(connection(), 800_000)).toBe(true);
  sizes.answered(300_000, 5);
  expect(sizes.ended(connection(), 300_000)).toBe(false);
  expect(sizes.limit).toBe(400_000);
});

// Two restarts of a broker with little to do would have made all later requests small.
test('small requests that are answered between two endings show that they are not to blame', () => {
  const { sizes } = setup();
  for (let restart = 0; restart < 5; restart++) {
    sizes.answered(300, 5);
    expect(sizes.ended(connection(), 300)).toBe(false);
  }
  expect(sizes.limit).toBe(1_000_000);
});

test('after a while it is what the document says', () => {
  const { sizes, clock } = setup();
  sizes.ended(connection(), 800_000);
  sizes.ended(connection(), 800_000);
  clock.now = 600_001;
  expect(sizes.limit).toBe(1_000_000);
});

// Requests of a mebibyte cost a fifth more CPU a message than those of eight, and who did not know of the setting paid for it.
test('requests grow while large ones are answered quickly, up to what is allowed', () => {
  const { sizes } = setup(1_000_000, 8_000_000);
  sizes.answered(400_000, 5);
  expect(sizes.limit).toBe(1_000_000);
  for (const limit of [2_000_000, 4_000_000, 8_000_000, 8_000_000]) {
    sizes.answered(sizes.limit - 1, 5);
    expect(sizes.limit).toBe(limit);
  }
});

test('requests do not grow where the answers are slow, nor where the document gives the size', () => {
  const { sizes } = setup(1_000_000, 8_000_000);
  sizes.answered(1_000_000, 1500);
  const { sizes: given } = setup();
  given.answered(1_000_000, 5);
  expect([sizes.limit, given.limit]).toEqual([1_000_000, 1_000_000]);
});

test('what has grown is as small as in the beginning when one such request fails, and grows again after an hour', () => {
  const { sizes, clock } = setup(1_000_000, 8_000_000);
  const grow = () => sizes.answered(sizes.limit, 5);
  grow();
  grow();
  sizes.lost(900_000);
  expect(sizes.limit).toBe(4_000_000);
  sizes.lost(1_000_001);
  grow();
  expect(sizes.limit).toBe(1_000_000);
  clock.now += 3_600_000;
  grow();
  expect(sizes.limit).toBe(2_000_000);
});
