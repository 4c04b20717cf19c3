import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BitString } from '../../rules/bit-string.ts';
import { sameValue } from '../../rules/compare.ts';
import { Float, type Value } from '../../rules/value.ts';
import { shortened, valueKey, valuesKey } from '../../rules/value-key.ts';

const { value: anyValue } = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<Value>(
      true,
      false,
      '',
      '1',
      'a',
      'ab',
      '-',
      "'",
      new Float(1),
      new Float(-0),
      10n ** 20n,
      new Float(1e20),
    ),
    fc.integer({ min: -3, max: 12 }),
    fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map(value => (Number.isInteger(value) ? new Float(value) : value)),
    fc.constantFrom('a', '1', 'ü').map(text => Buffer.from(text)),
    fc.constantFrom(Buffer.of(255), Buffer.of(255, 254), new BitString(5n, 3), new BitString(5n, 4)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'ab', '__proto__'), tie('value'), { maxKeys: 3 }),
  ),
}));

test('two values have one key exactly when eq() calls them the same', () => {
  fc.assert(
    fc.property(anyValue, anyValue, (left, right) => {
      expect(valueKey(left) === valueKey(right)).toBe(sameValue(left, right));
      expect(shortened(valueKey(left)) === shortened(valueKey(right))).toBe(sameValue(left, right));
    }),
    { numRuns: 3000 },
  );
});

test('what is undefined and null have one key, which no other value has', () => {
  expect(valueKey(undefined)).toBe(valueKey(null));
  fc.assert(
    fc.property(anyValue, value => {
      expect(valueKey(value)).not.toBe(valueKey(null));
    }),
  );
});

test('several values have a key of their own, however they are cut', () => {
  expect(valuesKey(['a', 'b'])).not.toBe(valuesKey(['ab']));
  expect(valuesKey(['a', 'b'])).not.toBe(valuesKey(["a'b"]));
  expect(valuesKey(['1:', 'b'])).not.toBe(valuesKey(['1', ':b']));
});

test('a long key is replaced by one of fixed length', () => {
  expect(shortened(valueKey('x'.repeat(10_000)))).toHaveLength(45);
});
