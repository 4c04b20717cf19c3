import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameFilter } from '../../../exporter/kafka/patterns.ts';

const names = ['cars', 'cars.dead', 'cars-dead', '__consumer_offsets'];

test.each([
  [['*'], [], names],
  [['*'], ['__*'], ['cars', 'cars.dead', 'cars-dead']],
  [['cars'], [], ['cars']],
  [['cars.*'], [], ['cars.dead']],
  [['*dead', 'cars'], ['cars.dead'], ['cars', 'cars-dead']],
  [['c**s'], [], ['cars']],
  [['CARS'], [], []],
])('%j without %j', (include, exclude, shown) => {
  expect(names.filter(nameFilter(include, exclude))).toEqual(shown);
});

test('it matches as the same pattern written as a regular expression does', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), maxLength: 8 });
  const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
  fc.assert(
    fc.property(text, name, (pattern, one) => {
      const expression = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(nameFilter([pattern], [])(one)).toBe(expression.test(one));
    }),
    { numRuns: 1000 },
  );
});

test('many stars and a long name take no time', () => {
  expect(nameFilter([`${'*a'.repeat(100)}*b`], [])('a'.repeat(249))).toBe(false);
});
