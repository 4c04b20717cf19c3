import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, diffLines } from '../../cli/test-diff.ts';
import { decodeJson } from '../../rules/json.ts';

const lines = fc
  .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 12 })
  .map(each => each.join('\n'));

test('a difference holds both sides whole, in their order', () => {
  fc.assert(
    fc.property(lines, lines, (expected, actual) => {
      const diff = diffLines(expected, actual);
      const side = (mark: string): string =>
        diff
          .filter(line => line.mark === ' ' || line.mark === mark)
          .map(({ text }) => text)
          .join('\n');
      expect([side('-'), side('+')]).toEqual([expected, actual]);
    }),
  );
});

test('what is equal has no line that differs', () => {
  fc.assert(fc.property(lines, text => diffLines(text, text).every(({ mark }) => mark === ' ')));
});

test('one line that changed is two lines of the difference', () => {
  expect(diffLines('a\nb\nc', 'a\nx\nc').map(({ mark, text }) => mark + text)).toEqual([' a', '-b', '+x', ' c']);
});

test('the canonical form does not depend on the order of keys, and reads as the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), map => {
      const value = decodeJson(Buffer.from(JSON.stringify(map)));
      const turned = decodeJson(Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(map).reverse()))));
      expect(canonical(turned)).toBe(canonical(value));
      expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(map)));
    }),
  );
});

test.each([
  ['{"a": 2.0, "b": 2}', '{\n  "a": 2.0,\n  "b": 2\n}'],
  [
    '{"a": [], "b": {}, "c": [12345678901234567890]}',
    '{\n  "a": [],\n  "b": {},\n  "c": [\n    12345678901234567890\n  ]\n}',
  ],
])('numbers keep what they are: %s', (json, text) => {
  expect(canonical(decodeJson(Buffer.from(json)))).toBe(text);
});
