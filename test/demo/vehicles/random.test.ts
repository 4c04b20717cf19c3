import { expect, test } from 'vitest';
import { Random, seedDigits } from '../../../demo/vehicles/random.ts';

const draw = (seed: number | string, stream: string, count: number): number[] => {
  const random = new Random(seed, stream);
  return Array.from({ length: count }, () => random.unit());
};

test('the same seed and stream give the same numbers, and these very ones on every machine', () => {
  expect(draw(1, 'a', 50)).toEqual(draw(1, 'a', 50));
  const random = new Random(1, 'a');
  expect([random.bits(), random.bits(), random.bits()]).toEqual([3011245927, 794229681, 1823366305]);
});

test('another stream of a seed, and the stream of another seed, give other numbers', () => {
  expect(draw(1, 'a', 5)).not.toEqual(draw(1, 'b', 5));
  expect(draw(1, 'a', 5)).not.toEqual(draw(2, 'a', 5));
});

test('numbers are spread evenly from 0 to 1', () => {
  const tenths = new Array(10).fill(0);
  for (const number of draw('spread', 'even', 100_000)) tenths[Math.floor(number * 10)]++;
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

test('whole numbers reach both ends and nothing beyond', () => {
  const random = new Random(1, 'whole');
  const seen = new Set(Array.from({ length: 500 }, () => random.whole(3, 6)));
  expect([...seen].sort()).toEqual([3, 4, 5, 6]);
});

test('a chance of 0 never happens and a chance of 1 always', () => {
  const random = new Random(1, 'chance');
  for (let i = 0; i < 200; i++) {
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  }
});

test('a seed’s digits are eight, hexadecimal, and its own', () => {
  expect(seedDigits(1)).toMatch(/^[0-9a-f]{8}$/);
  expect(seedDigits(1)).toBe(seedDigits(1));
  expect(seedDigits(1)).not.toBe(seedDigits(2));
});
