import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { Float } from '../../rules/value.ts';
import { evaluated, passes, rowOf, thrownBy } from './support/evaluate.ts';

const payload = {
  one: 1,
  text: '10',
  word: 'abc',
  nothing: null,
  flag: true,
  off: false,
  list: ['a', 'b', 'c'],
  map: { k: 1 },
  json: '{"k": 7}',
  empty: [],
  1: 'digit',
  deep: { 2: 'two' },
  3: { 4: 'digits' },
};

describe('arithmetic', () => {
  test.each([
    ['4 / 2', new Float(2)],
    ['7 div 2', 3],
    ['-7 div 2', -3],
    ['-7 mod 2', -1],
    ['7 MOD 4', 3],
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 2 - 3', 5],
    ['- 2 * 3', -6],
    ['1--1', 2],
    ["1 + 2 + 'a'", '3a'],
    ["'a' || 1 + 2", 'a3'],
    ["'a' + 2.0", 'a2.0'],
    ["'x' + payload.map", 'x{"k":1}'],
    ['1 + 1.0', new Float(2)],
    ['0.5 + 0.25', 0.75],
    ['9007199254740991 + 1', 9_007_199_254_740_992n],
    ['9007199254740993 - 2', 9_007_199_254_740_991],
    ['9007199254740993 - 3', 9_007_199_254_740_990],
    ['4294967296 * 4294967296', 18_446_744_073_709_551_616n],
    ['18446744073709551616 mod 10', 6],
    ['18446744073709551616 div 4294967296', 4_294_967_296],
    ['1.5e3', new Float(1500)],
    ['+ 5', 5],
    ['-0', 0],
  ])('%s', (sql, expected) => {
    expect(evaluated(sql, payload)).toEqual(expected);
  });

  test.each([
    "'3' * 2",
    'true + 1',
    '[1] + 1',
    'payload.missing + 1',
    '1 / 0',
    '1 div 0',
    '1 mod 0',
    '1.5 div 1',
    "-'a'",
  ])('%s fails and names the expression', sql => {
    const error = thrownBy(() => evaluated(sql, payload));
    expect(error).toMatchObject({ code: 'rule-failed', kind: 'permanent', details: { expression: sql, column: 8 } });
  });
});

describe('comparison', () => {
  test.each([
    ['1 = 1.0', true],
    ['1 != 1.0', false],
    ['1 <> 2', true],
    ["payload.text > '9'", false],
    ['payload.text > 9', true],
    ["10 = '10.0'", true],
    ["true = 'true'", true],
    ['true = 1', false],
    ['[1, 2] < [1, 3]', true],
    ['[1] < [1, 0]', true],
    ['[1] = [1.0]', true],
    ['18446744073709551616 > 18446744073709551615', true],
    ["'ﬀ' < '😀'", true],
    ["topic =~ 'cars/+/#'", true],
    ["topic =~ 'cars/#'", true],
    ["'cars' =~ 'cars/#'", true],
    ["'$SYS/x' =~ '#'", false],
  ])('%s is %s', (condition, expected) => {
    expect(passes(condition, payload)).toBe(expected);
    expect(evaluated(condition, payload)).toBe(expected);
  });

  test.each([
    "1 = 'abc'",
    "1 < '1e3'",
    "'' = 0",
    '5 < true',
    'payload.map < payload.list',
    "payload.list < 'a'",
  ])('%s is an error, not false', condition => {
    expect(thrownBy(() => passes(condition, payload)).code).toBe('rule-failed');
  });

  test('bytes of a payload compare as their text', () => {
    expect(passes("payload = 'on'", 'on')).toBe(true);
    expect(passes('payload > 20', '21.5')).toBe(true);
  });
});

describe('IN, BETWEEN, LIKE, IS NULL', () => {
  test.each([
    ["payload.word IN ('x', 'abc')", true],
    ["payload.word NOT IN ('x', 'abc')", false],
    ["payload.word not in ('x')", true],
    ['payload.one IN (1.0)', false],
    ["payload.one IN ('1')", false],
    ['payload.one BETWEEN 1 AND 2', true],
    ['payload.one NOT BETWEEN 1 AND 2 OR false', false],
    ['payload.missing BETWEEN 1 AND 2', false],
    ["payload.word LIKE 'a%'", true],
    ["payload.word LIKE '_b_'", true],
    ["payload.word NOT LIKE 'b%'", true],
    ["payload.missing LIKE '%'", false],
    ['payload.missing IS NULL', true],
    ['payload.nothing IS NULL', true],
    ['payload.word IS NOT NULL', true],
    ["payload.word = 'abc' AND payload.one IN (1, 2) AND NOT payload.one IN (3)", true],
  ])('%s is %s', (condition, expected) => {
    expect(passes(condition, payload)).toBe(expected);
  });
});

describe('conditions', () => {
  test.each([
    ['payload.flag', true],
    ['payload.off', false],
    ['NOT payload.off', true],
    ['payload.missing', false],
    ['NOT payload.missing', false],
    ['NOT payload.one', false],
    ['TRUE AND NOT FALSE', true],
    ['NOT (payload.flag AND payload.off)', true],
    ['NOT payload.one = 2', true],
    ['payload.off AND 1 / 0 > 1', false],
    ['payload.flag OR 1 / 0 > 1', true],
    ['false AND false OR true', true],
    ['is_num(payload.one)', true],
  ])('%s is %s', (condition, expected) => {
    expect(passes(condition, payload)).toBe(expected);
  });

  test.each(['payload.one', 'payload.word', "lower('A')"])('%s is no condition', condition => {
    expect(thrownBy(() => passes(condition, payload))).toMatchObject({
      code: 'rule-failed',
      details: { reason: 'a condition must be true or false' },
    });
  });
});

test.each(['5', "'yes'", 'payload.flag AND 1', 'NOT 5'])('%s is no condition of any message', condition => {
  expect(thrownBy(() => passes(condition, payload)).code).toBe('rule-syntax');
});

describe('CASE', () => {
  test.each([
    ["CASE WHEN payload.one > 5 THEN 'big' WHEN payload.one > 0 THEN 'small' ELSE 'none' END", 'small'],
    ["CASE payload.one WHEN 2 THEN 'two' WHEN 1 THEN 'one' END", 'one'],
    ["CASE payload.one WHEN 1.0 THEN 'float' ELSE 'exact' END", 'exact'],
    ["CASE payload.missing WHEN null THEN 'missing' ELSE 'other' END", 'other'],
    ['CASE WHEN false THEN 1 END', undefined],
    ['CASE WHEN payload.missing THEN 1 ELSE 2 END', 2],
    ['1 + CASE WHEN true THEN 1 ELSE 2 END', 2],
  ])('%s', (sql, expected) => {
    expect(evaluated(sql, payload)).toEqual(expected);
  });
});

describe('paths, ranges and lists', () => {
  test.each([
    ['payload.list[1]', 'a'],
    ['payload.list[-1]', 'c'],
    ['payload.list[4]', undefined],
    ['payload.list[qos]', 'a'],
    ['payload.list[qos + 1]', 'b'],
    ['payload.list[2..-1]', ['b', 'c']],
    ['payload.list[2..9]', ['b', 'c']],
    ['payload.list[3..2]', []],
    ['payload.list[-9..1]', ['a']],
    ['payload.list[4..-1]', []],
    ['payload.list[9..-1]', []],
    ['payload.empty[2..-1]', []],
    ['payload.empty[1..-1]', []],
    ['payload.1', 'digit'],
    ['payload.deep.2', 'two'],
    ['payload.3.4', 'digits'],
    ["payload.'word'", 'abc'],
    ['payload."word"', 'abc'],
    ['payload.json.k', 7],
    ['payload.word.k', undefined],
    ['payload.map.k.deeper', undefined],
    ['payload.constructor', undefined],
    ['payload.map.__proto__', undefined],
    ['payload.list.length', undefined],
    ['[1..3]', [1, 2, 3]],
    ['[-1..1]', [-1, 0, 1]],
    ["[1, 'a', payload.one]", [1, 'a', 1]],
    ['json_decode(\'{"a": [5]}\').a[1]', 5],
    ['{a: payload.one, \'b-c\': [2], "d": {}}', { a: 1, 'b-c': [2], d: {} }],
    ['{a: payload.missing, b: null, c: payload.nothing}', { c: null }],
    ['{from: 1, a: 2, a: 3}', { from: 1, a: 3 }],
    ['{a: {b: 5}}.a.b', 5],
    ['{__proto__: 1, constructor: 2}.toString', undefined],
    ['json_encode({__proto__: 1, constructor: 2})', '{"__proto__":1,"constructor":2}'],
    ['flags.retain', false],
  ])('%s', (sql, expected) => {
    expect(evaluated(sql, payload)).toEqual(expected);
  });

  test.each(['payload.word[1..2]', 'payload.missing[1..2]'])('%s fails', sql => {
    expect(thrownBy(() => evaluated(sql, payload)).code).toBe('rule-failed');
  });
});

describe('what is found when a rule is loaded', () => {
  test.each([
    ['SELECT lowr(payload) FROM "t"', 'rule-unknown-name', 'Did you mean lower?'],
    ['SELECT client_id FROM "t"', 'rule-publisher-unknown', undefined],
    ['SELECT vehicel FROM "cars/{vehicle}"', 'rule-unknown-name', 'Did you mean vehicle?'],
    ['SELECT 1 AS speed, sped FROM "t"', 'rule-unknown-name', 'Did you mean speed?'],
    ['SELECT later, 1 AS later FROM "t"', 'rule-unknown-name', 'A field of the payload is payload.later.'],
    ['SELECT partition FROM "t"', 'rule-unknown-name', 'It belongs to Kafka records.'],
    ['SELECT lib.f(1) FROM "t"', 'rule-unknown-name', undefined],
  ])('%s', (sql, code, hint) => {
    const error = thrownBy(() => compileRule(sql));
    expect(error.code).toBe(code);
    expect((error.details as { hint?: string }).hint).toBe(hint);
  });

  test.each([
    ['SELECT lower() FROM "t"', 'takes 1 argument, not 0'],
    ['SELECT concat() FROM "t"', 'takes at least 1 argument, not 0'],
    ['SELECT substr(\'a\', 1, 2, 3) FROM "t"', 'takes 2 to 3 arguments, not 4'],
    ['SELECT lower(5) FROM "t"', 'refuses this: text must be text'],
    ['SELECT now_timestamp(\'week\') FROM "t"', 'refuses this: unit must be one of'],
  ])('%s', (sql, reason) => {
    const error = thrownBy(() => compileRule(sql));
    expect(error.code).toBe('rule-arguments');
    expect(error.message).toContain(reason);
  });
});

test('a failure names the innermost expression, its place and the value', () => {
  const error = thrownBy(() => rowOf('SELECT 1 AS a,\n  upper(lower(payload.speed)) AS b FROM "#"'));
  expect(error).toMatchObject({
    code: 'rule-failed',
    details: { line: 2, column: 9, expression: 'lower(payload.speed)', value: 'the number 80' },
  });
});
