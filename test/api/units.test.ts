import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { durationPattern } from '../../api/durations.ts';
import { MkbError } from '../../api/errors.ts';
import { bytes, bytesPattern, durationMs } from '../../api/units.ts';

describe('durations', () => {
  it.each([
    ['5ms', 5],
    ['1.5s', 1500],
    ['1.001s', 1001],
    ['1h30m', 5_400_000],
    ['24h', 86_400_000],
    ['2d', 172_800_000],
    ['0s', 0],
    ['1d2h3m4s5ms', 93_784_005],
  ])('%s is %i ms', (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });

  it.each([
    '',
    '5',
    'ms',
    '5 ms',
    '5MS',
    '-5ms',
    '30m1h',
    '5s5s',
    '.5s',
    '5.s',
    '0.5ms',
    '1e3s',
    `${'9'.repeat(15)}d`,
    '5ms\n',
  ])('%j is refused', text => {
    expect(() => durationMs(text)).toThrow(expect.objectContaining({ code: 'quantity-invalid' }));
  });

  it('reads back what is written from whole parts', () => {
    const part = (most: number) => fc.nat(most);
    fc.assert(
      fc.property(part(1000), part(23), part(59), part(59), part(999), (d, h, m, s, ms) => {
        expect(durationMs(`${d}d${h}h${m}m${s}s${ms}ms`)).toBe((((d * 24 + h) * 60 + m) * 60 + s) * 1000 + ms);
      }),
    );
  });
});

describe('sizes', () => {
  it.each([
    ['10', 10],
    ['10B', 10],
    ['512KiB', 524_288],
    ['512Ki', 524_288],
    ['100MB', 100_000_000],
    ['1GiB', 1_073_741_824],
    ['1.5KiB', 1536],
    ['1.1KiB', 1126],
    ['2TB', 2_000_000_000_000],
  ])('%s is %i bytes', (text, expected) => {
    expect(bytes(text)).toBe(expected);
  });

  it.each([
    '',
    'KiB',
    '1 KiB',
    '1kib',
    '1K',
    '-1',
    '1.',
    '0x10',
    '1e3',
    `${'9'.repeat(15)}TiB`,
    '1KiB2B',
  ])('%j is refused', text => {
    expect(() => bytes(text)).toThrow(expect.objectContaining({ code: 'quantity-invalid' }));
  });
});

describe('any text', () => {
  const quantityLike = fc.string({ unit: fc.constantFrom(...'0123456789.KMGTiBdhms -e') });

  it.each([
    ['durationMs', durationMs, durationPattern],
    ['bytes', bytes, bytesPattern],
  ] as const)('is a whole number that is not negative, or the error of the table, to %s', (_, read, pattern) => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), quantityLike), text => {
        try {
          const amount = read(text);
          expect(Number.isSafeInteger(amount) && amount >= 0).toBe(true);
          expect(text).toMatch(new RegExp(pattern));
        } catch (error) {
          expect(MkbError.is(error, 'quantity-invalid')).toBe(true);
        }
      }),
    );
  });
});
