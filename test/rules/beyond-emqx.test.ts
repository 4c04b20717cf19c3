// Users who come from other SQL wrote CAST, IF, LET and lambdas, and had to find another way for each.
import { describe, expect, test } from 'vitest';
import type { MkbError } from '../../api/errors.ts';
import { compileRule } from '../../rules/compile.ts';
import { evaluateOnce, exampleMessage } from '../../rules/example-message.ts';
import type { Row } from '../../rules/rule.ts';
import { compileTemplate } from '../../rules/template.ts';
import { whyNoRow } from '../../rules/why-no-row.ts';
import type { ClosedWindow } from '../../rules/windows/closed-window.ts';
import { fails, gives } from './functions/cases.ts';
import { rowOf, thrownBy } from './support/evaluate.ts';

describe('CAST is the function of its type, and leaves what is missing missing', () => {
  gives(
    [
      ["CAST('12' AS integer)", 12],
      ["cast('-1.5' as INT)", -2],
      ['CAST(12 AS text)', '12'],
      ['CAST(2.0 AS varchar)', '2.0'],
      ["CAST('1.5' AS double precision)", 1.5],
      ["CAST('true' AS boolean)", true],
      ['CAST(\'{"a": 1}\' AS map).a', 1],
      ['CAST(CAST(1 AS text) AS int) + 1', 2],
      ['CAST(payload.missing AS text)', undefined],
      ['CAST(payload.nothing AS integer)', undefined],
    ],
    { nothing: null },
  );
  fails(["CAST('x' AS integer)", "CAST('' AS float)", 'CAST([1] AS map)']);

  test.each([
    ['CAST(qos AS decimal)', undefined],
    ['CAST(qos AS strin)', 'Did you mean string?'],
    ['CAST(qos AS 5)', undefined],
  ])('%s is refused with the types there are', (sql, near) => {
    const { code, details } = thrownBy(() => compileRule(`SELECT ${sql} AS v FROM "#"`));
    expect(code).toBe('rule-syntax');
    expect((details as { hint: string }).hint).toContain(near ?? 'A type is one of text');
  });
});

describe('IF works out one of two values', () => {
  gives(
    [
      ["IF(payload.x > 5, 'high', 'low')", 'high'],
      ["if(payload.x < 5, 'low', IF(payload.x < 9, 'mid', 'high'))", 'mid'],
      ['IF(payload.missing > 1, 1)', undefined],
      ['IF(payload.missing > 1, 1, 2)', 2],
      ['IF(is_num(payload.x), payload.x + 1, sqrt(-1)) * 2', 14],
      ['IF(true, {a: 1}, 2).a', 1],
    ],
    { x: 6 },
  );
  fails(['IF(payload.x, 1, 2)'], { x: 6 });

  test('a constant is no condition', () => {
    expect(thrownBy(() => compileRule('SELECT IF(1, 2, 3) AS v FROM "#"')).code).toBe('rule-syntax');
  });
});

describe('LET', () => {
  const rows = (sql: string, payload: unknown) => rowOf(sql, { payload: JSON.stringify(payload), topic: 't/7' });

  test('names steps that later steps, SELECT and WHERE read, and that are no part of the row', () => {
    const sql = `LET inner = json_decode(payload.data), f = inner.f LET c = (f - 32) / 1.8
      SELECT *, round(c) AS celsius, inner.list[2] AS second FROM "t/{id}" WHERE c > 0 AND id = '7'`;
    const row = rows(sql, { data: '{"f": 50, "list": [1, 2]}' });
    expect(row).toMatchObject({ celsius: 10, second: 2 });
    expect(Object.keys(row!)).not.toEqual(expect.arrayContaining(['inner']));
    expect(Object.keys(row!)).not.toEqual(expect.arrayContaining(['c']));
    expect(rows(sql, { data: '{"f": 0}' })).toBeUndefined();
  });

  test('is worked out once, and only when it is read', () => {
    expect(rows('LET r = random() SELECT r = r AS same, r AS a, r AS b FROM "t/+"', {})).toMatchObject({ same: true });
    const row = rows('LET r = random() SELECT r AS a, r AS b FROM "t/+"', {})!;
    expect(row.a).toBe(row.b);
    expect(rows('LET bad = sqrt(-1) SELECT 1 AS a FROM "t/+"', {})).toEqual({ a: 1 });
  });

  test('stands before FOREACH, and in DO and INCASE', () => {
    const rule = compileRule(
      'LET l = json_decode(payload.data), least = 2 FOREACH l AS e DO e * least AS v INCASE e >= least FROM "t/+" WHERE least > 0',
    );
    const message = exampleMessage({ topic: 't/1', payload: JSON.stringify({ data: '[1, 2, 3]' }) });
    expect(rule.rows(message, [])).toEqual([{ v: 4 }, { v: 6 }]);
  });

  test('is read by keys and aggregates of GROUP BY; elsewhere it has no value after a window', () => {
    const sql = (selected: string) =>
      `LET place = payload.site, x = payload.x * 2 SELECT ${selected} FROM "t/+" GROUP BY place, TUMBLING(10s)`;
    const rule = compileRule(sql('place, SUM(x) AS sum'), { now: () => 1000 });
    for (const x of [1, 2]) {
      rule.rows(exampleMessage({ topic: 't/1', payload: JSON.stringify({ site: 'a', x }), timestamp: 1000 }), []);
    }
    expect(rule.windows!.next(Number.POSITIVE_INFINITY)).toMatchObject({ row: { place: 'a', sum: 6 } });
    expect(thrownBy(() => compileRule(sql('x'))).code).toBe('rule-not-grouped');
  });

  test.each(['topic', 'payload', 'id'])('has no name of the message: %s', name => {
    const error = thrownBy(() => compileRule(`LET ${name} = 1 SELECT payload FROM "t/{id}"`));
    expect(error).toMatchObject({ code: 'rule-syntax', details: { column: 5 } });
  });

  test('is compiled for the sentence that says why there was no row', () => {
    const message = exampleMessage({ topic: 't/1', payload: '{"x": 1}' });
    expect(whyNoRow('LET y = payload.x * 2 SELECT y FROM "t/+" WHERE y > 5', message)).toContain('y (2) > 5');
  });

  test('that no step defines is an unknown name, with the one that is like it', () => {
    const error = thrownBy(() => compileRule('LET celsius = 1 SELECT celcius FROM "t/+"'));
    expect(error).toMatchObject({ code: 'rule-unknown-name', details: { hint: 'Did you mean celsius?' } });
  });
});

describe('lambdas', () => {
  const payload = {
    speeds: [30, 50, null, 80],
    sensors: [
      { id: 'b', t: 2.5, tags: ['x', 'y'] },
      { id: 'a', t: 1, tags: ['x'] },
    ],
    limit: 45,
  };
  gives(
    [
      ['array_filter(payload.speeds, s -> s > payload.limit)', [50, 80]],
      [
        'array_map(payload.sensors, s -> {id: s.id, f: s.t * 1.8 + 32})',
        [
          { id: 'b', f: 36.5 },
          { id: 'a', f: 33.8 },
        ],
      ],
      ['array_map(payload.sensors, s -> array_map(s.tags, t -> s.id || t))', [['bx', 'by'], ['ax']]],
      ['array_map(payload.sensors, s -> array_map(s.tags, s -> s))', [['x', 'y'], ['x']]],
      ['array_flatten(array_map(payload.sensors, s -> s.tags))', ['x', 'y', 'x']],
      ['array_distinct(array_flatten(array_map(payload.sensors, s -> s.tags)))', ['x', 'y']],
      ['array_map(array_sort(payload.sensors, s -> s.id), s -> s.id)', ['a', 'b']],
      ["array_map(array_sort(payload.sensors, s -> s.t, 'desc'), s -> s.id)", ['b', 'a']],
      ['array_sort(payload.speeds)', [30, 50, 80, null]],
      ['array_map(payload.speeds, (s, i) -> i)', [1, 2, 3, 4]],
      ['map_from_entries(array_map(payload.sensors, s -> [s.id, s.t])).a', 1],
      ['array_any(payload.sensors, s -> s.t > 2) AND NOT array_all(payload.sensors, s -> s.t > 2)', true],
      ['array_max(array_map(payload.sensors, s -> s.t))', 2.5],
      ['array_avg(payload.speeds)', 160 / 3],
      ['array_sum([])', 0],
      ['array_min([])', undefined],
      ['array_avg([])', undefined],
      ["array_min(['b', 'a'])", 'a'],
      ["array_sort(['b', 'ä', 'a'])", ['a', 'b', 'ä']],
      ['array_sort([true, false])', [false, true]],
      ['array_map([1], (x) -> x)', [1]],
      ['array_map([], x -> sqrt(-1))', []],
      [
        'array_zip([1], [2, 3])',
        [
          [1, 2],
          [undefined, 3],
        ],
      ],
      ['map_from_entries(map_to_entries({a: 1, b: null}))', { a: 1 }],
    ],
    payload,
  );
  fails(
    [
      'array_map(payload.missing, x -> x)',
      'array_map(payload.limit, x -> x)',
      'array_filter(payload.speeds, s -> s)',
      "array_sort([1, 'a'])",
      'array_sort([{a: 1}, {a: 2}])',
      "array_min([1, 'a'])",
      "array_sum([1, 'a'])",
      'map_from_entries([1])',
      'map_from_entries([{key: [1], value: 1}])',
    ],
    payload,
  );

  test.each([
    ['array_map([1], 2)', 'takes a lambda as value'],
    ['array_map([1], (a, b, c) -> a)', 'with 1 or 2 parameters'],
    ['array_map([1], (a, a) -> a)', 'with 1 or 2 parameters'],
    ['lower(x -> x)', 'takes no lambda as text'],
  ])('%s is refused: %s', (sql, reason) => {
    const error = thrownBy(() => compileRule(`SELECT ${sql} AS v FROM "#"`));
    expect(error.code).toBe('rule-arguments');
    expect(error.message).toContain(reason);
  });

  test.each([
    ['SELECT x -> 1 AS v FROM "#"', 'rule-syntax'],
    ['SELECT array_map([1], topic -> topic) AS v FROM "#"', 'rule-syntax'],
    ['SELECT array_map([1], x -> y) AS v FROM "#"', 'rule-unknown-name'],
    ['SELECT array_map([1], x -> x) AS v, x FROM "#"', 'rule-unknown-name'],
    ['SELECT SUM(x -> x) AS v FROM "#" GROUP BY TUMBLING(1s)', 'rule-syntax'],
    ['SELECT array_map([1], x -> SUM(x)) AS v FROM "#" GROUP BY TUMBLING(1s)', 'rule-aggregate-misplaced'],
  ])('%s is %s', (sql, code) => {
    expect(thrownBy(() => compileRule(sql)).code).toBe(code);
  });

  test.each([
    ['sort', 'array_sort'],
    ['filter', 'array_filter'],
    ['list_sort', 'array_sort'],
    ['transform', 'array_map'],
  ])('%s() of other dialects is answered with %s', (name, meant) => {
    const error = thrownBy(() => compileRule(`SELECT ${name}([1]) FROM "#"`));
    expect(error.message).toContain(`Did you mean ${meant}?`);
  });

  test('they work after a window as well', () => {
    const rule = compileRule('SELECT array_map([1, 2], x -> x * COUNT(*)) AS v FROM "t" GROUP BY TUMBLING(10s)');
    for (const timestamp of [1000, 2000]) rule.rows(exampleMessage({ topic: 't', payload: '', timestamp }), []);
    expect(rule.windows!.next(Number.POSITIVE_INFINITY)).toMatchObject({ row: { v: [2, 4] } });
  });
});

describe('what a payload can make lambdas cost is bounded', () => {
  const ones = (length: number) => JSON.stringify(Array.from({ length }, () => 1));

  test.each([
    ['lambdas in lambdas', 'array_map(payload, x -> array_map(payload, y -> array_sum([x, y])))', ones(3000)],
    ['a condition in a condition', 'array_filter(payload, x -> array_any(payload, y -> y > x))', ones(5000)],
    ['a large value for each element', 'array_map(payload, x -> payload)', ones(20_000)],
    ['text for each element', "array_map(payload, x -> pad('', 1000000, 'leading', 'y'))", ones(1000)],
    [
      'a long text looked through for each element',
      "array_map(payload, x -> regex_replace(str(payload), '[0-9]', ''))",
      ones(100_000),
    ],
    ['lists of lists', 'array_zip(payload, payload, payload, payload, payload, payload)', ones(200_000)],
  ])('%s', (_name, sql, payload) => {
    const start = performance.now();
    const error = thrownBy(() =>
      rowOf(`SELECT ${sql.replaceAll('payload', 'json_decode(payload)')} AS v FROM "#"`, { payload }),
    );
    expect(error.code).toBe('rule-failed');
    expect(performance.now() - start).toBeLessThan(60_000);
  });

  // Each step of a chain that the call stack had no room for was read twice to name what was missing, and so the last one for ever.
  test('a chain of steps that is longer than the call stack fails, and soon', () => {
    const steps = Array.from({ length: 3000 }, (_, at) => (at === 0 ? 'a0 = 1' : `a${at} = a${at - 1} + 1`));
    const run = () => rowOf(`LET ${steps.join(', ')} SELECT a2999 AS v FROM "#"`)?.v;
    const outcome = (() => {
      try {
        return run();
      } catch (error) {
        return (error as MkbError).code;
      }
    })();
    expect([3000, 'rule-failed']).toContain(outcome);
  });

  test('values that hold one list many times are refused where each would be looked at', () => {
    const steps = Array.from({ length: 40 }, (_, at) =>
      at === 0 ? 'a0 = [1, 2]' : `a${at} = [a${at - 1}, a${at - 1}]`,
    );
    for (const call of [
      'array_distinct(a39)',
      'array_flatten(a39)',
      'spb_zip_kvs(a39)',
      'cbor_encode(a39)',
      "json_path(a39, '$..*')",
      'lag(a39)',
    ]) {
      const error = thrownBy(() => rowOf(`LET ${steps.join(', ')} SELECT ${call} AS v FROM "#"`));
      expect(error.code).toBe('rule-failed');
    }
  });

  test('a list that is nested deeper than the call stack has room for', () => {
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(rowOf('SELECT array_flatten(json_decode(payload)) AS v FROM "#"', { payload: deep })).toEqual({ v: [] });
    for (const call of [
      'array_distinct(json_decode(payload))',
      'array_map(json_decode(payload), x -> json_encode(x))',
    ]) {
      const error = thrownBy(() => rowOf(`SELECT ${call} AS v FROM "#"`, { payload: deep }));
      expect(['rule-failed', 'value-not-encodable']).toContain(error.code);
    }
  });
});

describe('a rule knows its name and that of its bridge', () => {
  const names = { ruleName: 'speeds', bridgeName: 'cars' };
  const message = exampleMessage({ topic: 't/1', payload: '{"rule_name": "x"}' });

  test.each([
    ['SELECT rule_name, bridge_name FROM "t/+"', { rule_name: 'speeds', bridge_name: 'cars' }],
    ['SELECT upper(rule_name) AS r FROM "t/+" WHERE bridge_name = \'cars\'', { r: 'SPEEDS' }],
    ['SELECT rule_name FROM "t/{rule_name}"', { rule_name: '1' }],
    ['SELECT payload.rule_name AS rule_name, rule_name AS r FROM "t/+"', { rule_name: 'x', r: 'x' }],
  ])('%s', (sql, row) => {
    expect(evaluateOnce(sql, message, names)).toEqual([row]);
  });

  test('in templates, and after a window', () => {
    const rule = compileRule('SELECT rule_name, COUNT(*) AS n FROM "t/+" GROUP BY TUMBLING(1s)', names);
    rule.rows(message, []);
    const { row, window } = rule.windows!.next(Number.POSITIVE_INFINITY) as { row: Row; window: ClosedWindow };
    expect(row).toEqual({ rule_name: 'speeds', n: 1 });
    expect(compileTemplate('${bridge_name}/${rule_name}', rule).text(window, [], row)).toBe('cars/speeds');
    const plain = compileRule('SELECT payload FROM "t/+"', names);
    expect(compileTemplate('${bridge_name}/${rule_name}', plain).text(message, [], {})).toBe('cars/speeds');
  });

  test('`*` leaves them out', () => {
    const [row] = evaluateOnce('SELECT * FROM "t/+"', message, names);
    expect(Object.keys(row!).filter(name => name.endsWith('_name'))).toEqual([]);
  });
});
