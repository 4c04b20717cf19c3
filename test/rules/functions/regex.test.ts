/** Cases from EMQX's documentation, "Built-in SQL Functions": regex_match, regex_replace, regex_extract; and edges around them. */
import { describe, expect, test } from 'vitest';
import { evaluate, fails, gives } from './cases.ts';

describe('regular expressions', () => {
  gives([
    ["regex_match('123', '^\\d+$')", true],
    ["regex_match('a23', '^\\d+$')", false],
    ["regex_match('', '.*')", true],
    ["regex_match('', '[a-z]+')", false],
    ["regex_match('ABC', '(?i)abc')", true],
    ["regex_match('日本', '^..$')", true],
    ["regex_match(unescape('on\\n'), '^on$')", true],
    ["regex_match(unescape('on\\n\\n'), '^on$')", false],
    ["regex_match(unescape('a\\nb'), 'a.b')", false],
    ["regex_match(true, 'true')", true],
    ["regex_replace('hello 123', '\\d+', 'world')", 'hello world'],
    ["regex_replace('a;b; c', ';\\s*', ',')", 'a,b,c'],
    ["regex_replace('accbcd', 'c+', '[&]')", 'a[cc]b[c]d'],
    ["regex_replace('', 'c.*', 'e')", ''],
    ["regex_replace('hello 123', '(\\d)(\\d)', '[\\2\\1&\\\\ \\& \\g1 \\g{2} \\9]')", 'hello [2112\\ & 1 2 ]3'],
    ["regex_replace('abc', 'x*', '-')", '-a-b-c-'],
    ["regex_replace('baac', 'a*', '-')", '-b--c-'],
    ["regex_replace('👍a', 'x*', '-')", '-👍-a-'],
    ["regex_replace('abc', '(x)?b', '[\\1]')", 'a[]c'],
    ["regex_replace(unescape('on\\n'), 'n$', 'ff') = unescape('off\\n')", true],
    ["regex_extract('Number: 12345', '(\\d+)')", ['12345']],
    ["regex_extract('Hello, world!', '(\\w+).*\\s(\\w+)')", ['Hello', 'world']],
    ["regex_extract('No numbers here!', '(\\d+)')", []],
    ["regex_extract('Date: 2021-05-20', '(\\d{4})-(\\d{2})-(\\d{2})')", ['2021', '05', '20']],
    ["regex_extract('abc', 'b')", []],
    ["regex_extract('ab', '(a)(x)?(b)')", ['a', '', 'b']],
    ["regex_extract('ab', '(a)(x)?')", ['a']],
    ["regex_extract('x', '(?<n>x)')", ['x']],
  ]);
  fails(
    [
      "regex_match('a', '(')",
      "regex_match('a', '(a)\\1')",
      "regex_match('a', '(?=a)')",
      "regex_match(5, 'a')",
      "regex_match('a', 5)",
      "regex_match('a', payload.missing)",
      "regex_match('a', payload.broken)",
      "regex_replace('a', 'a', 5)",
      "regex_extract(payload.missing, 'a')",
    ],
    { broken: '[' },
  );
});

test('a text that holds up a backtracking engine for hours is matched at once', () => {
  const text = `${'a'.repeat(50_000)}!`;
  const started = performance.now();
  expect(evaluate("regex_match(payload, '^(a+)+$')", text)).toBe(false);
  expect(performance.now() - started).toBeLessThan(5000);
});
