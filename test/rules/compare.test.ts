import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareText, equals, identical, relations } from '../../rules/compare.ts';
import { Float, type Value } from '../../rules/value.ts';

/** Values among which nothing converts: no text beside numbers. */
const number: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -2, max: 2 }),
  fc.constantFrom(new Float(1), 0.5, 2n ** 60n),
);
const leaf: fc.Arbitrary<Value> = fc.oneof(number, fc.constantFrom(true, false, null));
const list = fc.array(leaf, { maxLength: 2 });
const map = fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), leaf, { maxKeys: 2 });
const kinds: readonly fc.Arbitrary<Value>[] = [number, fc.boolean(), list, map];
const value: fc.Arbitrary<Value> = fc.oneof(leaf, list, map);
const symbols = ['<', '=', '>', '<=', '!=', '>='] as const;

test('of two values of one kind, exactly one of <, = and > holds', () => {
  const pair = fc.oneof(...kinds.map(kind => fc.tuple(kind, kind)));
  fc.assert(
    fc.property(pair, ([left, right]) => {
      const held = (['<', '=', '>'] as const).filter(relation => relations[relation](left, right));
      expect(held).toHaveLength(1);
      expect(relations['!='](left, right)).toBe(held[0] !== '=');
      expect(relations['<='](left, right)).toBe(held[0] !== '>');
      expect(relations['>='](left, right)).toBe(held[0] !== '<');
    }),
  );
});

test('values of different kinds are not equal, and have no order', () => {
  const pair = fc.tuple(fc.nat(3), fc.nat(3)).chain(([a, b]) => fc.tuple(kinds[a]!, kinds[a === b ? (b + 1) % 4 : b]!));
  fc.assert(
    fc.property(pair, ([left, right]) => {
      expect(relations['='](left, right)).toBe(false);
      expect(relations['!='](left, right)).toBe(true);
      for (const relation of ['<', '>', '<=', '>='] as const) {
        expect(() => relations[relation](left, right)).toThrow('have no order');
      }
    }),
  );
});

test('a comparison with what is missing is unknown, by whatever relation and from either side', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(null, undefined),
      fc.oneof(value, fc.string()),
      fc.constantFrom(...symbols),
      (no, other, symbol) => {
        expect(relations[symbol](no, other)).toBeUndefined();
        expect(relations[symbol](other, no)).toBeUndefined();
        expect(relations[symbol](no, no)).toBeUndefined();
      },
    ),
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
