import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  add,
  compareNumbers,
  integer,
  multiply,
  parseNumber,
  quotient,
  remainder,
  subtract,
} from '../../rules/numbers.ts';
import { Float, type Value } from '../../rules/value.ts';

/** Around the edge where plain numbers end, and far beyond it. */
const whole = fc.oneof(
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -100n, max: 100n }),
  fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
);

const canonical = (value: Value): boolean =>
  typeof value === 'bigint' ? !Number.isSafeInteger(Number(value)) : Number.isSafeInteger(value);

test('integers of any size add, subtract, multiply and divide exactly, in their shortest representation', () => {
  fc.assert(
    fc.property(whole, whole, (a, b) => {
      const [left, right] = [integer(a), integer(b)];
      const results: [Value, bigint][] = [
        [add(left, right), a + b],
        [subtract(left, right), a - b],
        [multiply(left, right), a * b],
      ];
      if (b !== 0n) results.push([quotient(left, right), a / b], [remainder(left, right), a % b]);
      for (const [found, expected] of results) {
        expect(BigInt(found as bigint)).toBe(expected);
        expect(canonical(found)).toBe(true);
        expect(Object.is(found, -0)).toBe(false);
      }
    }),
  );
});

test('numbers of any representation have one order', () => {
  fc.assert(
    fc.property(whole, whole, (a, b) => {
      expect(compareNumbers(integer(a), integer(b))).toBe(a < b ? -1 : Number(a > b));
      expect(compareNumbers(integer(a), new Float(Number(b)))).toBe(
        a < BigInt(Number(b)) ? -1 : Number(a > BigInt(Number(b))),
      );
    }),
  );
});

test.each([
  ['12', 12],
  ['+12', 12],
  ['-0', 0],
  ['1.50', 1.5],
  ['2.0', new Float(2)],
  ['1.5e3', new Float(1500)],
  ['+18446744073709551616', 18_446_744_073_709_551_616n],
])('%s is a number', (text, expected) => {
  expect(parseNumber(text)).toEqual(expected);
});

test.each(['', ' 1', '1 ', '1e3', '.5', '1.', '0x10', 'NaN', '1_000', '1.0e999'])('%j is none', text => {
  expect(parseNumber(text)).toBeUndefined();
});
