import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { evaluateOnce, exampleMessage } from '../../rules/example-message.ts';
import { formatSql, isSame } from '../../rules/format-sql.ts';
import { functionGroups } from '../../rules/functions/registry.ts';
import { encodeJson } from '../../rules/json.ts';
import { ambient } from './support/evaluate.ts';

describe('SQL is written', () => {
  it.each<[string, string, string]>([
    ['with capitals and even spaces', 'select a,b  from "x" where a=1', 'SELECT a, b FROM "x" WHERE a = 1'],
    [
      'with a clause a line where it is long',
      `select ${'payload.some_long_name as n, '.repeat(4)}1 as o from "x" where a > 5 and b in ( 1,2 )`,
      `SELECT ${'payload.some_long_name AS n, '.repeat(4)}1 AS o\nFROM "x"\nWHERE a > 5 AND b IN (1, 2)\n`,
    ],
    [
      'with the line breaks that somebody made',
      'SELECT a,\n      b\n   FROM "x"\n\n\n\n   WHERE (a = 1\nOR b = 2)\n',
      'SELECT a,\n  b\nFROM "x"\n\nWHERE (a = 1\n    OR b = 2)\n',
    ],
    [
      'with its comments',
      '-- first\nselect a -- of a car\n  -- own line\n from "x" where b = 1 -- last',
      '-- first\nSELECT a -- of a car\n-- own line\nFROM "x"\nWHERE b = 1 -- last\n',
    ],
    ['with names that are reserved words', 'select payload.end as x from "t"', 'SELECT payload.end AS x FROM "t"'],
    // The name of the column is the text: other spaces are another column.
    ['with columns called as before', 'select a+1 , Lower( b ) from "x"', 'SELECT a+1, Lower( b ) FROM "x"'],
    ['with a double minus', 'select 1--1 as x from "t"', 'SELECT 1--1 AS x FROM "t"'],
    ['with text as it is', 'select \'a  from,b\' as x from "t"', 'SELECT \'a  from,b\' AS x FROM "t"'],
    [
      'as a list is',
      'foreach payload.l as e do e.a as a incase e.b>1 from "t"',
      'FOREACH payload.l AS e DO e.a AS a INCASE e.b > 1 FROM "t"',
    ],
    [
      'with CASE over lines',
      'SELECT case\nwhen a > 1 then 2\nelse 3\nend as c\nFROM "x"',
      'SELECT CASE\n    WHEN a > 1 THEN 2\n    ELSE 3\n  END AS c\nFROM "x"\n',
    ],
    ['as it is if it is none', 'SELEC a FROM', 'SELEC a FROM'],
  ])('%s', (_name, sql, formatted) => {
    expect(formatSql(sql)).toBe(formatted);
    expect(formatSql(formatted)).toBe(formatted);
  });
});

it.each<[string, string, boolean]>([
  ['SELECT a+1 FROM "x"', 'SELECT a + 1 FROM "x"', false],
  ['SELECT a+1 AS b FROM "x"', 'SELECT a + 1 AS b FROM "x"', true],
  ['SELECT a FROM "x" -- one', 'SELECT a FROM "x"', false],
  ['SELECT a FROM "x"', 'SELECT a FROM "x/#"', false],
  ['SELECT a FROM "x" WHERE b = 1', 'SELECT a FROM "x" WHERE b = 1.0', false],
])('%s and %s are told apart if they are not the same', (one, other, same) => {
  expect(isSame(one, other)).toBe(same);
});

const message = exampleMessage({
  ...{ topic: 'cars/7', clientid: 'c', username: 'u', qos: 1, timestamp: 1_700_000_000_000 },
  payload: '{"a": 3, "b": [1, 2, 3], "c": {"d": "text"}, "end": -2.5}',
});

/** Rows, or the code of what is wrong: the positions in its text move with the text. */
const outcome = (sql: string): string => {
  try {
    return evaluateOnce(sql, message, ambient)
      .map(row => encodeJson(row))
      .join('\n');
  } catch (error) {
    return `error ${(error as { code?: string }).code}`;
  }
};

const expectSame = (sql: string): void => {
  const formatted = formatSql(sql);
  expect(outcome(formatted), formatted).toBe(outcome(sql));
  expect(formatSql(formatted), sql).toBe(formatted);
};

it('examples of the project and of each function do what they did', () => {
  const rules = globSync(path.resolve(import.meta.dirname, '../../examples/*.yaml')).flatMap(file =>
    parseAllDocuments(readFileSync(file, 'utf8')).flatMap(
      document => (document.toJS() as { spec?: { rules?: { sql: string }[] } })?.spec?.rules ?? [],
    ),
  );
  const examples = functionGroups.flatMap(({ functions }) => functions.flatMap(({ examples: all }) => all ?? []));
  expect([rules.length > 15, examples.length > 200]).toEqual([true, true]);
  for (const { sql } of rules) expectSame(sql);
  // What remembers or is random gives something else each time.
  for (const [expression] of examples as unknown as (readonly [string])[])
    if (!/proc_dict|kv_store|random|uuid|now/.test(expression))
      expectSame(`select ${expression}, ${expression} as v from "#"`);
});

const space = fc.constantFrom(' ', '  ', '\n', ' \n  ', ' -- a comment\n', '\n-- own\n\n');
const tight = fc.oneof(fc.constant(''), space);
const leaf = fc.constantFrom(
  'payload.a',
  'payload.b[2]',
  '5',
  '-1',
  "'it''s'",
  'payload.end',
  'qos',
  '"my name"',
  '1.0',
  'payload.c.d',
);
const operator = fc.constantFrom('+', '-', '*', '/', '=', '!=', '<', '>=', 'and', 'Or', 'mod', '||', '=~', 'like');

const { expression } = fc.letrec<{ expression: string }>(tie => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc
      .tuple(tie('expression'), tight, operator, space, tie('expression'))
      .map(([l, t, o, s, r]) => `${l}${/\w/.test(o) ? ` ${t}` : t}${o}${s}${r}`),
    fc.tuple(tight, tie('expression'), tight).map(([l, e, r]) => `(${l}${e}${r})`),
    fc.tuple(tight, tie('expression'), tight, tie('expression')).map(([t, a, s, b]) => `concat(${t}${a}${s},${s}${b})`),
    fc
      .tuple(space, tie('expression'), tie('expression'))
      .map(([s, a, b]) => `case${s}when ${a} then ${b}${s}else 1${s}end`),
    fc.tuple(tight, tie('expression')).map(([t, a]) => `[${t}${a}${t},${t}2]`),
  ),
}));

const rule = fc
  .tuple(
    space,
    fc.array(fc.tuple(expression, fc.option(fc.constantFrom('x', 'y', '"of all"'))), { minLength: 1, maxLength: 3 }),
    expression,
    fc.boolean(),
  )
  .map(([s, items, where, filters]) => {
    const list = items.map(([item, alias]) => (alias === null ? item : `${item}${s}as ${alias}`)).join(`,${s}`);
    return `Select${s}${list}${s}from${s}"#"${filters ? `${s}where${s}${where}` : ''}`;
  });

it('rules that were never seen do what they did, and a second time changes nothing', () => {
  fc.assert(
    fc.property(rule, sql => expectSame(sql)),
    { numRuns: 300, seed: 18 },
  );
});
