import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, hashOf, sameMeaning } from '../../../operator/runtime/canonical.ts';

/** Values as JSON has them, with fields of any name, `__proto__` and `constructor` among them. */
const { value } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    fields(tie('value')),
  ),
}));

function fields<T>(of: fc.Arbitrary<T>) {
  const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', '10', '9'));
  return fc.dictionary(name, of, { maxKeys: 5 });
}

/** The same with the fields of every object in another order, and with some more that are not set. */
function retold(told: unknown): unknown {
  if (Array.isArray(told)) return told.map(retold);
  if (typeof told !== 'object' || told === null) return told;
  const entries = Object.entries(told).map(([name, field]) => [name, retold(field)]);
  return Object.fromEntries([['not set', undefined], ...entries.reverse(), ['neither set', null]]);
}

describe('values that mean the same', () => {
  it('have one text and one hash, whatever the order of their fields and whichever are not set', () => {
    fc.assert(
      fc.property(value, told => {
        expect(JSON.stringify(canonical(retold(told)))).toBe(JSON.stringify(canonical(told)));
        expect(hashOf(retold(told))).toBe(hashOf(told));
        expect(sameMeaning(told, retold(told))).toBe(true);
      }),
    );
  });

  it('are not made more so by doing it twice', () => {
    fc.assert(
      fc.property(value, told => {
        expect(canonical(canonical(told))).toEqual(canonical(told));
      }),
    );
  });

  // `null` was told apart from nothing, but only where no object was around it.
  it('are null and nothing at all', () => {
    expect(sameMeaning(null, undefined)).toBe(true);
    expect(hashOf(null)).toBe(hashOf(undefined));
  });
});

describe('values that mean something else', () => {
  it('have another hash', () => {
    fc.assert(
      fc.property(value, value, (one, other) => {
        expect(hashOf(one) === hashOf(other)).toBe(sameMeaning(one, other));
      }),
    );
  });

  it.each([
    ['the order of a list', [1, 2], [2, 1]],
    ['a place in a list that is empty', [null, 1], [1]],
    ['an empty map', { a: {} }, {}],
    ['the type', { a: '1' }, { a: 1 }],
    ['a field of a strange name', JSON.parse('{"__proto__": {"a": 1}}'), {}],
  ])('differ in %s', (_, one, other) => {
    expect(sameMeaning(one, other)).toBe(false);
  });
});

it('a hash is short, and can stand in an annotation', () => {
  fc.assert(
    fc.property(value, told => {
      expect(hashOf(told)).toMatch(/^[-\w]{22}$/);
    }),
  );
});
