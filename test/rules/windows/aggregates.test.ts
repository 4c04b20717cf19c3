import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Float } from '../../../rules/value.ts';
import { thrownBy } from '../support/evaluate.ts';
import { aggregated, rowsOf, Windowed } from './support/windowed.ts';

const x = 'payload.x';
const missing = undefined;

describe('an aggregate', () => {
  test.each<[string, unknown[], unknown]>([
    ['COUNT(*)', [1, missing, null], 3],
    [`COUNT(${x})`, [1, missing, null, 'a', false], 3],
    [`count(${x})`, [missing], 0],
    [`COUNT(DISTINCT ${x})`, [1, 1, 2, '1', missing, null], 3],
    [`COUNT(DISTINCT ${x})`, [{ a: 1, b: 2 }, { b: 2, a: 1 }, [1], [1]], 2],
    [`Count(distinct ${x})`, ['x'.repeat(500), 'x'.repeat(500), 'x'.repeat(501)], 2],
    [`SUM(${x})`, [1, 2, missing], 3],
    [`SUM(${x})`, [0.1, 0.2, 0.3, -0.3, -0.2, -0.1], new Float(0)],
    [`SUM(${x})`, [1e16, 1, -1e16], 1],
    [`SUM(${x})`, [9_007_199_254_740_991, 2], 9_007_199_254_740_993n],
    [`SUM(${x})`, [1, 0.5], 1.5],
    [`SUM(${x})`, [missing, null], undefined],
    [`AVG(${x})`, [1, 2], 1.5],
    [`AVG(${x})`, [2, missing, 4], new Float(3)],
    [`AVG(${x})`, [null], undefined],
    [`MIN(${x})`, [3, -1.5, 2], -1.5],
    [`MAX(${x})`, [3, missing, 10, 2], 10],
    [`MAX(${x})`, [missing], undefined],
    [`FIRST(${x})`, [null, 'a', 'b'], 'a'],
    [`FIRST(${x})`, [false, true], false],
    [`LAST(${x})`, ['a', { b: [1] }, missing], { b: [1] }],
    [`LAST(${x})`, [missing], undefined],
    [`STDDEV(${x})`, [2, 4, 4, 4, 5, 5, 7, 9], Math.sqrt(32 / 7)],
    [`STDDEV(${x})`, [1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16], Math.sqrt(30)],
    [`STDDEV(${x})`, [5], undefined],
    [`STDDEV(${x})`, [5, 5], new Float(0)],
    [`SUM(${x}) / COUNT(*)`, [1, 2], 1.5],
    [`SUM(${x} * 2) + 1`, [1, 2], 7],
    [`SUM(CASE WHEN ${x} > 1 THEN 1 ELSE 0 END)`, [1, 2, 3], 2],
    [`CASE WHEN COUNT(*) > 2 THEN 'many' ELSE 'few' END`, [1, 2], 'few'],
    [`round(AVG(${x}))`, [1, 2], 2],
    [`coalesce(SUM(${x}), 0)`, [missing], 0],
    [
      `MAX(first(${x}))`,
      [
        [1, 9],
        [2, 8],
      ],
      2,
    ],
    [`[MIN(${x}), MAX(${x})]`, [1, 2], [1, 2]],
    ["'total ' || SUM(payload.x)", [1, 2], 'total 3'],
  ])('%s of %j', (aggregate, values, expected) => {
    expect(aggregated(aggregate, values)).toEqual(expected);
  });

  test.each([
    'SUM',
    'AVG',
    'MIN',
    'MAX',
    'STDDEV',
  ])('%s takes numbers, and a message without one counts nowhere', name => {
    const windowed = new Windowed(
      `SELECT COUNT(*) AS n, ${name}(payload.x) AS v FROM "cars/{car}" GROUP BY TUMBLING(1s)`,
    );
    windowed.count({ at: 0, payload: { x: 5 } });
    const error = thrownBy(() => windowed.count({ at: 0, payload: { x: '5' } }));
    expect(error).toMatchObject({
      code: 'rule-failed',
      details: { column: 23, reason: `${name} takes numbers`, value: "the text '5'" },
    });
    expect(windowed.rowsUntil(1000)).toMatchObject([{ n: 1 }]);
  });

  test('keeps a payload although its buffer is used again', () => {
    expect(rowsOf('SELECT LAST(payload) AS p FROM "cars/{car}" GROUP BY TUMBLING(1s)', [{ at: 0 }])).toEqual([
      { p: Buffer.from('{}') },
    ]);
  });

  test('that keeps a value takes none that is larger than the rule’s state allows', () => {
    const limits = { maxEntries: 10, maxValueBytes: 64 };
    const windowed = new Windowed('SELECT LAST(payload.x) AS v FROM "cars/{car}" GROUP BY TUMBLING(1s)', { limits });
    for (const fits of ['x'.repeat(64), ['a'], 1, { a: 'x'.repeat(40) }])
      windowed.count({ at: 0, payload: { x: fits } });
    for (const large of ['x'.repeat(65), ['x'.repeat(60)], { ['x'.repeat(60)]: 1 }, Array(100).fill(1)]) {
      const error = thrownBy(() => windowed.count({ at: 0, payload: { x: large } }));
      expect(error.message).toContain('may have 64 bytes (state.maxValueBytes of the rule)');
    }
  });

  test('that is written twice is worked out once, and each its own way', () => {
    const sql =
      'SELECT SUM(payload.x) AS a, SUM( payload.x ) + 0 AS b, SUM(payload.y) AS c FROM "cars/{car}" GROUP BY TUMBLING(1s)';
    expect(rowsOf(sql, [{ at: 0, payload: { x: 1, y: 2 } }])).toEqual([{ a: 1, b: 1, c: 2 }]);
  });

  test('whose result is no number is a failure of its window, not of a message', () => {
    const windowed = new Windowed('SELECT SUM(payload.x) AS v FROM "cars/{car}" GROUP BY car, TUMBLING(1s)');
    for (const value of [1.5e308, 1.5e308]) windowed.count({ at: 0, payload: { x: value } });
    windowed.count({ at: 0, car: 'b', payload: { x: 1 } });
    const { windows } = windowed.rule;
    expect(windows!.next(1000)).toMatchObject({ error: { code: 'rule-failed' }, window: { facts: { car: 'a' } } });
    expect(windows!.next(1000)).toMatchObject({ row: { v: 1 } });
  });
});

const numbers = fc.array(
  fc.oneof(fc.integer(), fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(undefined)),
  { maxLength: 40 },
);

test('numbers have the count, sum, mean, extremes and deviation that a plain calculation gives', () => {
  fc.assert(
    fc.property(numbers, values => {
      const present = values.filter(value => value !== undefined);
      fc.pre(present.length > 1);
      const of = (name: string) => Number(aggregated(`float(${name}(payload.x))`, values));
      const sum = present.reduce((total, value) => total + value, 0);
      const mean = sum / present.length;
      const squares = present.reduce((total, value) => total + (value - mean) ** 2, 0);
      const close = (actual: number, expected: number) =>
        expect(Math.abs(actual - expected)).toBeLessThanOrEqual(
          1e-6 + 1e-9 * Math.max(...present.map(Math.abs)) * present.length,
        );
      close(of('SUM'), sum);
      close(of('AVG'), mean);
      close(of('STDDEV'), Math.sqrt(squares / (present.length - 1)));
      expect(of('MIN')).toBe(Math.min(...present) + 0);
      expect(of('MAX')).toBe(Math.max(...present) + 0);
      expect(aggregated('COUNT(payload.x)', values)).toBe(present.length);
    }),
    { numRuns: 60 },
  );
});
