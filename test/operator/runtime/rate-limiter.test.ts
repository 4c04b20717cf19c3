import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../../operator/runtime/rate-limiter.ts';

const still = { now: () => 0 };

describe('the pause after a failure', () => {
  it('doubles from 5 ms to 5 minutes', () => {
    const limiter = new RateLimiter(still, { burst: 1e9 });
    const pauses = Array.from({ length: 2000 }, () => limiter.next('a'));
    expect(pauses.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
    expect(pauses.slice(16)).toEqual(Array(1984).fill(300_000));
  });

  it('begins again for a key that has been forgotten, and for no other', () => {
    const limiter = new RateLimiter(still);
    for (const key of ['a', 'a', 'b', 'b']) limiter.next(key);
    limiter.forget('a');
    expect([limiter.next('a'), limiter.next('b')]).toEqual([5, 20]);
  });

  it('never lets all keys together try more often than the bucket allows', () => {
    const failures = fc.array(fc.tuple(fc.nat(50), fc.nat(2000)), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(failures, steps => {
        let now = 0;
        const limiter = new RateLimiter({ now: () => now }, { burst: 20, perSecond: 10, minDelayMs: 0 });
        const attempts = steps.map(([key, ms]) => {
          now += ms;
          return now + limiter.next(String(key));
        });
        const inAnySecond = attempts.map(from => attempts.filter(at => at >= from && at < from + 1000).length);
        expect(Math.max(...inAnySecond)).toBeLessThanOrEqual(20 + 10);
      }),
    );
  });
});
