import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MkbError } from '../../api/errors.ts';
import { compileRule } from '../../rules/compile.ts';
import { exampleMessage } from '../../rules/example-message.ts';
import { parseRule } from '../../rules/parser.ts';
import { placeOf, renderCaret } from '../../rules/position.ts';
import { rowOf, thrownBy } from './support/evaluate.ts';

describe('what is accepted', () => {
  test.each([
    'select payload from "a/#"',
    "SELECT payload FROM 'a/#'",
    'SELECT payload FROM t1',
    'SELECT payload FROM "a", "b/+", "c/{x}"',
    'SELECT payload FROM "a" -- only these',
    'SELECT payload -- all of it\nFROM "a"\n-- the end',
    'SELECT payload--all of it\nFROM "a"',
    'SELECT payload.from, payload.end FROM "a"',
    'SELECT qos AS like, topic between FROM "a"',
    'SELECT null() FROM "a"',
    'SELECT ((1)) FROM "a"',
    'SELECT\tpayload\r\nFROM\r\n"a"',
    'SELECT /* all of it */ payload/**/FROM "a" /* ** -- */ -- the end',
    'SELECT COUNT(/* all */ *) FROM "a" GROUP BY TUMBLING(1s)',
    'SELECT distinct, payload AS distinct FROM "a"',
    'SELECT distinct FROM "a"',
    'SELECT qos over FROM "a"',
    'SELECT lag(qos) over, qos AS partition FROM "a"',
    'SELECT distinct AS d, distinct.a FROM "a"',
    'let x = 1 LET y = x, z = y SELECT z FROM "a"',
  ])('%j', sql => {
    expect(() => parseRule(sql)).not.toThrow();
  });

  test.each([
    ["'it''s'", "it's"],
    ["'a'''", "a'"],
    ["''''", "'"],
    ["'''a'", "'a"],
    ["'/* no comment */'", '/* no comment */'],
    ["'\\n'", '\\n'],
    ["''", ''],
    ["'-- no comment'", '-- no comment'],
  ])('the string %s', (sql, expected) => {
    expect(rowOf(`SELECT ${sql} AS v FROM "#"`)?.v).toBe(expected);
  });
});

describe('errors say where, what was found, what was expected, and what was perhaps meant', () => {
  test.each([
    ['SELCT payload FROM "a"', 1, 1, '`SELCT`', 'SELECT or FOREACH', 'Did you mean SELECT instead of SELCT?'],
    ['SELECT payload FORM "a"', 1, 21, '"a"', '`,` or FROM', 'Did you mean FROM instead of FORM?'],
    [
      'SELECT *\nFROM "a"\nWERE qos = 1',
      3,
      1,
      '`WERE`',
      '`,`, WHERE, GROUP BY or the end of the rule',
      'Did you mean WHERE instead of WERE?',
    ],
    ['SELECT payload', 1, 15, 'the end of the rule', '`,` or FROM', undefined],
    ['SELECT FROM "a"', 1, 8, '`FROM`', 'a value', undefined],
    ['SELECT (1 + 2 FROM "a"', 1, 15, '`FROM`', 'an operator or `)`', undefined],
    ['SELECT a, FROM "a"', 1, 11, '`FROM`', 'a value', undefined],
    ['SELECT 1 AS FROM "a"', 1, 13, '`FROM`', 'a name for the value', undefined],
    [
      'SELECT * FROM a/b',
      1,
      16,
      '`/`',
      '`,`, WHERE, GROUP BY or the end of the rule',
      'A topic filter stands in quotes. A comment begins with `--`.',
    ],
    ['SELECT * FROM', 1, 14, 'the end of the rule', 'a topic filter in quotes', undefined],
    [
      'SELECT * FROM "a" WHERE qos == 1',
      1,
      29,
      '`==`',
      'an operator, GROUP BY or the end of the rule',
      'Equality is a single `=`.',
    ],
    ['SELECT * FROM "a" WHERE qos < 1 < 2', 1, 33, '`<`', 'AND between two comparisons', undefined],
    ['SELECT * FROM "a" WHERE', 1, 24, 'the end of the rule', 'a value', undefined],
    [
      'SELECT * FROM "a";',
      1,
      18,
      '`;`',
      '`,`, WHERE, GROUP BY or the end of the rule',
      'A rule is one statement and takes no `;`.',
    ],
    ["SELECT 'a FROM b", 1, 8, 'a quote that is never closed', 'its closing quote', undefined],
    [
      'SELECT # FROM "a"',
      1,
      8,
      '`#`',
      'a name, a value or an operator',
      'A comment begins with `--`; a topic filter stands in quotes.',
    ],
    ['SELECT CASE qos WHEN 1 ELSE 2 END FROM "a"', 1, 24, '`ELSE`', 'an operator or THEN', undefined],
    ['SELECT CASE qos END FROM "a"', 1, 17, '`END`', 'WHEN', undefined],
    ['SELECT qos IS 5 FROM "a"', 1, 15, '`5`', 'NOT NULL or NULL', undefined],
    ['SELECT payload. FROM', 1, 21, 'the end of the rule', '`,` or FROM', undefined],
    ['SELECT a[1 FROM "a"', 1, 12, '`FROM`', '`]`', undefined],
    ['SELECT {a 1} FROM "a"', 1, 11, '`1`', '`:`', undefined],
    ['SELECT {1: 1} FROM "a"', 1, 9, '`1`', 'a key', undefined],
    ['SELECT {a: 1 FROM "a"', 1, 14, '`FROM`', '`,` or `}`', undefined],
    ['SELECT [3..1] FROM "a"', 1, 15, '`FROM`', 'a range that ends where it begins or later', undefined],
    ['', 1, 1, 'the end of the rule', 'SELECT or FOREACH', undefined],
    [
      'SELECT lag(qos) OVER (ORDER BY qos) FROM "a"',
      1,
      23,
      '`ORDER`',
      'PARTITION BY or WHEN or `)`',
      'Messages come one after the other, so there is no ORDER BY.',
    ],
    ['SELECT lag(qos) OVER (PARTITION BY qos FROM "a"', 1, 40, '`FROM`', '`,` or WHEN or `)`', undefined],
    ['LET a = 1 FROM "a"', 1, 11, '`FROM`', '`,`, SELECT or FOREACH', undefined],
    ['LET = 1 SELECT 1 FROM "a"', 1, 5, '`=`', 'a name for the value', undefined],
    ['LET from = 1 SELECT 1 FROM "a"', 1, 5, '`from`', 'a name for the value', undefined],
    ['SELECT 1 /* never closed FROM "a"', 1, 10, 'a comment that is never closed', 'its closing `*/`', undefined],
    ['SELECT IF(qos) FROM "a"', 1, 14, '`)`', 'an operator or `,`', undefined],
    ['SELECT IF(1 = 1, 2, 3, 4) FROM "a"', 1, 22, '`,`', 'an operator or `)`', undefined],
    ['SELECT CAST(qos AS string FROM "a"', 1, 27, '`FROM`', '`)`', undefined],
    ['SELECT CAST(qos) FROM "a"', 1, 16, '`)`', 'an operator or AS', undefined],
  ])('%j', (sql, line, column, found, expected, hint) => {
    const error = thrownBy(() => parseRule(sql));
    expect(error).toMatchObject({ code: 'rule-syntax', kind: 'permanent' });
    expect(error.details).toMatchObject({ line, column, found, expected });
    expect((error.details as { hint?: string }).hint).toBe(hint);
  });

  test.each([
    'DISTINCT payload.a',
    "distinct 'a'",
    'DISTINCT (payload.a)',
    'DISTINCT "a"',
    'DISTINCT *',
    'DISTINCT CASE WHEN true THEN 1 END',
  ])('SELECT %s is refused with what to use in its place', list => {
    const error = thrownBy(() => parseRule(`SELECT ${list} FROM "a"`));
    expect(error).toMatchObject({ code: 'rule-syntax', details: { column: 8, expected: 'a value' } });
    expect((error.details as { hint?: string }).hint).toMatch(/CHANGED.*DEDUP.*COUNT\(DISTINCT x\)/);
  });

  test('the line is shown with a caret under the place', () => {
    const error = thrownBy(() => parseRule('SELECT *\n\tFORM "a"'));
    expect(renderCaret(placeOf(error)!)).toBe('\tFORM "a"\n\t^');
  });

  test('GROUP BY after FOREACH is refused by name', () => {
    const error = thrownBy(() => parseRule('FOREACH payload FROM "a" GROUP BY TUMBLING(1s)'));
    expect(error).toMatchObject({ code: 'rule-unsupported', details: { what: 'GROUP BY after FOREACH', column: 26 } });
  });
});

describe('a hostile rule is an error, never a crash', () => {
  const deep = 50_000;
  test.each([
    ['brackets', '('.repeat(deep)],
    ['signs', '- '.repeat(deep)],
    ['negations', 'NOT '.repeat(9000)],
    ['lists', '['.repeat(deep)],
    ['maps', '{a:'.repeat(deep / 3)],
    ['calls', 'f('.repeat(deep)],
    ['cases', 'CASE WHEN '.repeat(5000)],
    ['conditions', 'IF('.repeat(20_000)],
    ['casts', 'CAST('.repeat(10_000)],
    ['lambdas', 'f(x -> '.repeat(9000)],
    ['lambdas with lists of parameters', `f(${'(a, b) -> f('.repeat(4000)}`],
    ['comments', '/*'.repeat(30_000)],
    ['stars', `/${'*'.repeat(60_000)}`],
    ['a chain of sums', `${'1+'.repeat(20_000)}1`],
    ['a long path', `a${'.a'.repeat(30_000)}`],
    ['many positions', `a${'[1]'.repeat(20_000)}`],
    ['a huge range', '[1..999999999]'],
    ['a huge float', '1e999'],
    ['a huge rule', ' '.repeat(70_000)],
    ['quotes', "'".repeat(60_001)],
  ])('%s', (_name, part) => {
    expect(thrownBy(() => compileRule(`SELECT ${part} FROM "a"`)).code).toBe('rule-syntax');
  });

  test('an expression at the limit of height is evaluated', () => {
    expect(rowOf(`SELECT ${'1+'.repeat(990)}1 AS v FROM "#"`)?.v).toBe(991);
  });
});

const pieces = [
  ...'SELECT FROM WHERE AS CASE WHEN THEN ELSE END AND OR NOT IN IS NULL BETWEEN LIKE FOREACH DO INCASE'.split(' '),
  ...'GROUP BY HAVING TUMBLING(10s) HOPPING(60s,10s) SESSION(30s) TUMBLING HOPPING( 10s 1h30m DISTINCT'.split(' '),
  ...'COUNT(*) COUNT( SUM( avg(payload.x) FIRST( last STDDEV CHANGED( DEDUP(qos,60s) window_start window_end'.split(
    ' ',
  ),
  ...'( ) [ ] { } : , . .. + - * / = != < <= > >= =~ || -- \n'.split(' '),
  ...'lag( OVER ( PARTITION BY WHEN latest( acc_sum( LET IF( CAST( -> x array_map( array_filter( /* */ integer'.split(
    ' ',
  ),
  ...'payload qos topic payload.x flags.retain true null 1 2.0 1e3 lower concat nth topic(2) substr'.split(' '),
  "'text'",
  '"a/#"',
  '"$kafka/t"',
  '"c/{vin}"',
  "''",
  '"',
  "'",
  '#',
  'ü',
  '__proto__',
  'constructor',
];

const message = exampleMessage({ topic: 'c/1', payload: '{"x": [1, {"y": "2"}]}' });

/** Compiles and evaluates; any error must be of the table. */
const survives = (sql: string): void => {
  try {
    const rule = compileRule(sql);
    for (const row of rule.rows(message, [])) rule.whole(message, [], row);
    while (rule.windows?.next(Number.POSITIVE_INFINITY) !== undefined);
  } catch (error) {
    if (!MkbError.is(error)) throw error;
    expect(placeOf(error) ?? error.code).toBeDefined();
  }
  expect(({} as Record<string, unknown>).x).toBeUndefined();
};

test('any sequence of tokens is a rule or an error of the table', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), tokens => survives(tokens.join(' '))),
    { numRuns: 1500 },
  );
});

test('any text is a rule or an error of the table', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), text => survives(`SELECT ${text} FROM "a"`)),
    { numRuns: 500 },
  );
});

const valid = [
  'SELECT payload FROM "c/#"',
  'SELECT *, payload.x[1] AS a.b[1], \'k\' AS payload.z FROM "c/{vin}", "d/+" WHERE vin = \'1\' AND NOT (qos IN (1, 2))',
  "SELECT CASE WHEN payload.x[2].y > 1 THEN upper('a') + str(1.0) ELSE [1..3] END AS v FROM \"#\" WHERE topic =~ 'c/+'",
  'FOREACH payload.x AS e, e AS f DO e, f.y AS y, * INCASE NOT e IN (2) FROM "c/#" WHERE qos = 0',
  'SELECT qos, COUNT(*) AS n, SUM(payload.x[1]) / COUNT(DISTINCT qos) AS q, window_start FROM "c/#" WHERE qos < 3 GROUP BY qos, payload.x[2].y, HOPPING(60s, 10s) HAVING n > 0 AND NOT LAST(payload.x[1]) IN (\'a\')',
  'SELECT upper(vin) AS v, first(payload.x) AS f FROM "c/{vin}" WHERE CHANGED(payload.x, vin) AND dedup([qos], 1h30m) GROUP BY v, SESSION(30s)',
  'SELECT {a: 1, \'b-c\': {d: payload.x}} AS m, {}.e AS n FROM "#"',
  "SELECT concat(topic(1), '-', coalesce(payload.n, 0)) || 'x' AS k, k LIKE '1%' AS l FROM \"#\" WHERE qos BETWEEN 0 AND 2",
];

const mutation = fc.record({
  sql: fc.constantFrom(...valid),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(12),
  insert: fc.constantFrom('', ...pieces),
});

test('a valid rule with a piece cut out or put in is a rule or an error of the table', () => {
  fc.assert(
    fc.property(mutation, ({ sql, at, remove, insert }) => {
      const from = Math.floor(at * sql.length);
      survives(sql.slice(0, from) + insert + sql.slice(from + remove));
    }),
    { numRuns: 2000 },
  );
});

test('the valid rules of these tests are valid', () => {
  for (const sql of valid) expect(() => compileRule(sql)).not.toThrow();
});
