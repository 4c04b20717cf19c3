import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareText, equals, identical, relations } from '../../rules/compare.ts';
import { Float, type Value } from '../../rules/value.ts';

/** Values among which nothing converts: no text beside numbers. */
const leaf: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(new Float(1), 0.5, 2n ** 60n, true, false, null),
);
const value: fc.Arbitrary<Value> = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), leaf, { maxKeys: 2 }),
);

test('of two values that are defined, exactly one of <, = and > holds', () => {
  fc.assert(
    fc.property(value, value, (left, right) => {
      const held = (['<', '=', '>'] as const).filter(relation => relations[relation](left, right));
      expect(held).toHaveLength(1);
      expect(relations['!='](left, right)).toBe(held[0] !== '=');
      expect(relations['<='](left, right)).toBe(held[0] !== '>');
      expect(relations['>='](left, right)).toBe(held[0] !== '<');
    }),
  );
});

test('what is identical is equal', () => {
  fc.assert(
    fc.property(value, value, (left, right) => {
      expect(identical(left, left)).toBe(true);
      if (identical(left, right)) expect(equals(left, right)).toBe(true);
    }),
  );
});

test('text is ordered by its UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (left, right) => {
      expect(Math.sign(compareText(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)));
    }),
  );
});
