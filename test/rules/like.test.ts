import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileLike } from '../../rules/like.ts';

test.each([
  ['abc', 'abc', true],
  ['abc', 'ABC', false],
  ['a%', 'abc', true],
  ['%c', 'abc', true],
  ['%b%', 'abc', true],
  ['a_c', 'a😀c', true],
  ['a_c', 'ac', false],
  ['100\\%', '100%', true],
  ['100\\%', '1000', false],
  ['%', '', true],
  ['', '', true],
  ['%a%b%', 'xxaxxbxx', true],
  ['%ab', 'aab', true],
])('LIKE %j on %j is %s', (pattern, text, expected) => {
  expect(compileLike(pattern)(text)).toBe(expected);
});

test('it agrees with a regular expression', () => {
  const letters = (allowed: string) => fc.array(fc.constantFrom(...allowed), { maxLength: 8 }).map(all => all.join(''));
  fc.assert(
    fc.property(letters('ab%_'), letters('ab'), (pattern, text) => {
      const expression = new RegExp(`^${pattern.replaceAll('%', '.*').replaceAll('_', '.')}$`);
      expect(compileLike(pattern)(text)).toBe(expression.test(text));
    }),
  );
});

test('a pattern that makes regular expressions explode is answered at once', () => {
  const started = performance.now();
  expect(compileLike(`${'%a'.repeat(100)}b`)('a'.repeat(10_000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(2000);
});
