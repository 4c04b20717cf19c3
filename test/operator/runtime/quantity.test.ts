import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameQuantity } from '../../../operator/runtime/quantity.ts';

describe('quantities are the same', () => {
  it.each([
    ['1000m', '1'],
    ['0.5Gi', '512Mi'],
    ['1Ki', 1024],
    ['1e3', '1k'],
    ['1E3', 1000],
    ['1E', '1000P'],
    ['+1', '1'],
    ['-1', '-1000m'],
    ['.5', '500m'],
    ['5.', '5'],
    ['0', '0Gi'],
    ['1500000n', '1.5m'],
    ['0.1', '100m'],
    ['123456789012345678', '123456789012345678000m'],
  ])('%s as %s', (one, other) => {
    expect(sameQuantity(one, other)).toBe(true);
    expect(sameQuantity(other, one)).toBe(true);
  });

  it('whichever of the decimal suffixes they are written with', () => {
    const suffixes = [
      ...['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P'].map(
        (suffix, index) => [suffix, 10n ** BigInt(3 * index)] as const,
      ),
      ...['Ki', 'Mi', 'Gi', 'Ti'].map((suffix, index) => [suffix, 10n ** 9n * 1024n ** BigInt(index + 1)] as const),
    ];
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 15n), fc.constantFrom(...suffixes), (amount, [suffix, nano]) => {
        expect(sameQuantity(`${amount}${suffix}`, `${amount * nano}n`)).toBe(true);
        expect(sameQuantity(`${amount}${suffix}`, `${amount * nano + 1n}n`)).toBe(false);
      }),
    );
  });
});

describe('quantities are not the same', () => {
  it.each([
    ['1', '2'],
    ['1M', '1Mi'],
    ['1m', '1M'],
    ['1', '-1'],
  ])('%s as %s', (one, other) => {
    expect(sameQuantity(one, other)).toBe(false);
  });

  // They were compared as floating point numbers, with a tolerance that a volume of some terabytes lies within.
  it('when one is a byte larger, however large they are', () => {
    expect(sameQuantity('2199023255552', '2199023255553')).toBe(false);
    expect(sameQuantity('2Ti', '2199023255553')).toBe(false);
  });
});

describe('what is no quantity', () => {
  it.each([
    '',
    'm',
    '.',
    '1.2.3',
    '1 Gi',
    '1KiB',
    '1e',
    'NaN',
    'Infinity',
    '0x10',
    {},
    [],
    null,
    undefined,
    true,
  ])('is the same as none: %j', value => {
    expect(sameQuantity(value, value)).toBe(false);
  });

  it('and is as long as a book, costs no time: 1e999999999', () => {
    expect(sameQuantity('1e999999999', '1e999999999')).toBe(false);
  });
});
