import { expect, test } from 'vitest';
import { perSecond } from '../../../api/rates.ts';
import { RateLimit } from '../../../bridge/flow/rate-limit.ts';

test.each([
  ['1000/s', 1000],
  ['30/m', 0.5],
  ['36/h', 0.01],
])('%s is %f a second', (rate, expected) => expect(perSecond(rate)).toBe(expected));

test.each([
  1, 50, 1000, 250_000,
])('%i a second pass over time, and after a pause a tenth of a second of them at once', rate => {
  let now = 0;
  const limit = new RateLimit(rate, () => now);
  now = 3_600_000;
  let passed = 0;
  for (; now < 3_610_000; now += 5)
    while (!limit.over) {
      limit.passed();
      passed++;
    }
  const burst = Math.max(1, rate / 10);
  expect(passed).toBeGreaterThanOrEqual(rate * 9.9);
  expect(passed).toBeLessThanOrEqual(rate * 10 + burst + 1);
});

test('what one message passed beyond the rate is paid back', () => {
  let now = 0;
  const limit = new RateLimit(10, () => now);
  expect(limit.over).toBe(false);
  limit.passed(101);
  now = 9900;
  expect(limit.over).toBe(true);
  now = 10_100;
  expect(limit.over).toBe(false);
});

test('listeners hear when more may pass', async () => {
  const limit = new RateLimit(100);
  const heard = new Promise<void>(resolve => limit.onRoom(resolve));
  limit.passed(11);
  expect(limit.over).toBe(true);
  const held = setTimeout(() => undefined, 60_000);
  await heard;
  clearTimeout(held);
  expect(limit.over).toBe(false);
  expect(limit.seconds).toBeGreaterThan(0);
});
