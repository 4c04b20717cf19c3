import type { Connection } from '@platformatic/kafka';
import { expect, test } from 'vitest';
import { RequestSizes } from '../../../bridge/kafka/request-sizes.ts';

const connection = () => ({}) as Connection;
const setup = (maxBytes = 1_000_000) => {
  const clock = { now: 0 };
  return { sizes: new RequestSizes(maxBytes, () => clock.now), clock };
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
  sizes.answered(10_000);
  expect(sizes.ended(connection(), 800_000)).toBe(true);
  sizes.answered(300_000);
  expect(sizes.ended(connection(), 300_000)).toBe(false);
  expect(sizes.limit).toBe(400_000);
});

// Two restarts of a broker with little to do would have made all later requests small.
test('small requests that are answered between two endings show that they are not to blame', () => {
  const { sizes } = setup();
  for (let restart = 0; restart < 5; restart++) {
    sizes.answered(300);
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
