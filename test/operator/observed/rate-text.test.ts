import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rateText, twoDigits } from '../../../operator/observed/rate-text.ts';

describe('a number for people', () => {
  it('has two digits', () => {
    const texts = [0, 0.954, 9.54, 95.4, 954, 999.6, 9540, 95_400, 954_000, 9_540_000].map(twoDigits);
    expect(texts).toEqual(['0', '0.95', '9.5', '95', '950', '1k', '9.5k', '95k', '950k', '9.5M']);
  });
});

describe('a rate', () => {
  it('stays as it is shown while it only wobbles', () => {
    expect(rateText(1040, 30, '950/s')).toBe('950/s');
    expect(rateText(1500, 30, '950/s')).toBe('1.5k/s');
  });

  it('is something or nothing at once', () => {
    expect(rateText(0, 30, '950/s')).toBe('0/s');
    expect(rateText(0.03, 30, '0/s')).toBe('0.03/s');
  });

  it('has more room when few messages were counted', () => {
    expect(rateText(1.4, 30, '1/s')).toBe('1/s');
    expect(rateText(1.4, 3000, '1/s')).toBe('1.4/s');
  });

  it('settles: the same rate never changes what it is shown as', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), rate => {
        const shown = rateText(rate, 30, undefined);
        expect(rateText(rate, 30, shown)).toBe(shown);
      }),
    );
  });
});
