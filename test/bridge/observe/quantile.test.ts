import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deliveryBuckets } from '../../../bridge/flow/delivery-histogram.ts';
import { quantileMs } from '../../../bridge/observe/quantile.ts';

const countsOf = (buckets: Readonly<Record<number, number>>): number[] =>
  Array.from({ length: deliveryBuckets.length + 1 }, (_, bucket) => buckets[bucket] ?? 0);

describe('a quantile', () => {
  test('is not known without messages', () => {
    expect(quantileMs(countsOf({}), 0.5)).toBeUndefined();
  });

  test('lies inside the bucket that holds it, by proportion', () => {
    expect(quantileMs(countsOf({ 1: 100 }), 0.5)).toBeCloseTo(3.5);
    expect(quantileMs(countsOf({ 0: 98, 5: 2 }), 0.99)).toBeCloseTo(75);
  });

  test('is at least the last bound for messages beyond it', () => {
    expect(quantileMs(countsOf({ [deliveryBuckets.length]: 3 }), 0.5)).toBe(1_800_000);
  });

  test('grows with its share', () => {
    const counts = fc.array(fc.nat(1000), { minLength: 13, maxLength: 13 }).filter(all => all.some(count => count > 0));
    const share = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(counts, share, share, (all, a, b) => {
        expect(quantileMs(all, Math.min(a, b))).toBeLessThanOrEqual(quantileMs(all, Math.max(a, b))!);
      }),
    );
  });
});
