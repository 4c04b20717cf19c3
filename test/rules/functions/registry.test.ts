import { describe, expect, test } from 'vitest';
import { signature } from '../../../rules/functions/define.ts';
import { functionGroups, functionNames } from '../../../rules/functions/registry.ts';
import { textOf } from '../../../rules/text.ts';
import { isText } from '../../../rules/value.ts';
import { evaluated, thrownBy } from '../support/evaluate.ts';

for (const { title, functions } of functionGroups) {
  describe(title, () => {
    for (const { name, examples } of functions) {
      test.each(examples)(`${name}: %s is as documented`, (sql, expected) => {
        const value = evaluated(sql);
        expect(isText(value) ? textOf(value) : value).toEqual(expected);
      });
    }
  });
}

test('every function has an example, a description and a name of its own', () => {
  const entries = functionGroups.flatMap(({ functions }) => functions);
  expect(entries.filter(({ examples, description }) => examples.length === 0 || description === '')).toEqual([]);
  expect(functionNames).toHaveLength(entries.length);
});

test('a signature shows optional and further arguments', () => {
  const entries = functionGroups.flatMap(({ functions }) => functions);
  const shown = (name: string) => signature(entries.find(entry => entry.name === name)!);
  expect(shown('substr')).toBe('substr(text: text, start: integer, [length: integer]) -> text');
  expect(shown('concat')).toBe('concat(first: any, ...more: any) -> text');
});

describe('null rules', () => {
  const missing = 'payload.missing';

  test.each([
    [`concat('a', ${missing})`, 'aundefined'],
    [`'a' + ${missing}`, 'aundefined'],
    ["'a' + payload.nothing", 'anull'],
    [`str(${missing})`, 'undefined'],
    ['is_null(payload.nothing)', false],
    ['is_null_var(payload.nothing)', true],
    ['coalesce(payload.nothing, 1)', null],
    ['coalesce_ne(payload.missing, payload.empty, 2)', 2],
    ["map_get('missing', payload, 1)", 1],
    ["map_get('nothing', payload, 1)", null],
  ])('%s', (sql, expected) => {
    expect(evaluated(sql, { nothing: null, empty: '' })).toEqual(expected);
  });

  test.each([
    'lower(payload.missing)',
    'trim(payload.nothing)',
    'strlen(payload.number)',
    'nth(3, payload.list)',
    'first(payload.none)',
    'length(payload.missing)',
    'topic(9)',
    "int('1e2')",
    "int('')",
    "int(' 1')",
    'float(true)',
    "bool('yes')",
    'sqrt(0 - 1)',
    "base64_decode('aGVsbG8')",
    "json_decode('{')",
    "map('[1]')",
    "unix_ts_to_rfc3339(1, 'week')",
    'substr(payload.text, 0 - 1)',
  ])('%s fails', sql => {
    const error = thrownBy(() => evaluated(sql, { nothing: null, number: 5, list: [1, 2], none: [], text: 'a' }));
    expect(['rule-failed', 'rule-arguments']).toContain(error.code);
  });
});

describe('conversion', () => {
  test.each([
    ['str(20.2)', '20.2'],
    ['str(1e20)', '100000000000000000000.0'],
    ['str(1e22)', '10000000000000000000000.0'],
    ['str(0.00000000001)', '0.0'],
    ['str(0.300000004)', '0.300000004'],
    ['str([97, 98])', 'ab'],
    ['str([])', ''],
    ['str(payload)', '{"a":1}'],
    ["int('3.1415e2')", 314],
    ['int(-3.14)', -4],
    ['int(false)', 0],
    ["str(float('20'))", '20.0'],
    ['bool(1.0)', true],
    ["hexstr2bin('abc') = hexstr2bin('0abc')", true],
    ["subbits(hexstr2bin('9F4E58'), 21, 100)", 8],
    ['lower(true)', 'true'],
    ["strlen('a' + hexstr2bin('0d0a') + '👩‍👩‍👧')", 3],
    ["replace('a', '', 'x')", 'a'],
    ["split('a', '')", ['a']],
    ['abs(-9223372036854775808)', 9_223_372_036_854_775_808n],
    ['round(1e300) > 1', true],
    ["now_timestamp('nanosecond')", 1_700_000_000_123_000_000n],
    ["unix_ts_to_rfc3339(-1500, 'millisecond')", '1969-12-31T23:59:58.500+00:00'],
  ])('%s', (sql, expected) => {
    expect(evaluated(sql, { a: 1 })).toEqual(expected);
  });
});
