/** What is wrong with a rule with windows is told when it is loaded, at its place. */
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { parseRule } from '../../../rules/parser.ts';
import { thrownBy } from '../support/evaluate.ts';

const placeOf = (sql: string, at: string): number => sql.indexOf(at) + 1;

describe('a window', () => {
  test.each([
    ['TUMBLING(10s)', { kind: 'tumbling', sizeMs: 10_000, hopMs: 10_000 }],
    ["tumbling('1.5s')", { kind: 'tumbling', sizeMs: 1500, hopMs: 1500 }],
    ['HOPPING(60s, 10s)', { kind: 'hopping', sizeMs: 60_000, hopMs: 10_000 }],
    ['HOPPING(1h30m, 30m)', { kind: 'hopping', sizeMs: 5_400_000, hopMs: 1_800_000 }],
    ['session(500ms)', { kind: 'session', gapMs: 500 }],
  ])('%s is read', (text, window) => {
    expect(parseRule(`SELECT 1 AS a FROM "t" GROUP BY ${text}`).groupBy).toMatchObject({ window, keys: [] });
    expect(parseRule(`SELECT 1 AS a FROM "t" GROUP BY qos, ${text}, topic`).groupBy).toMatchObject({
      windowText: text,
      keys: [{ name: 'qos' }, { name: 'topic' }],
    });
  });

  test.each([
    ['GROUP BY qos', 'GROUP', 'GROUP BY needs a window, because messages never end'],
    ['GROUP BY TUMBLING(1s), SESSION(1s)', 'SESSION', 'a rule has one window'],
    ['GROUP BY HOPPING(10s, 3s)', '(10s', 'the size of a hopping window must be a multiple of its hop'],
    ['GROUP BY HOPPING(10s, 20s)', '(10s', 'the size of a hopping window must be a multiple of its hop'],
    ['GROUP BY HOPPING(1h, 1s)', '(1h', 'a hopping window may have 100 hops at most'],
    ['GROUP BY TUMBLING(1ms)', '1ms', 'a window takes durations from 10ms to 7d, not 1ms'],
    ['GROUP BY SESSION(8d)', '8d', 'a window takes durations from 10ms to 7d, not 8d'],
    ["GROUP BY TUMBLING('soon')", "'soon'", "'soon' is no duration such as 10s or 1h30m"],
    ['GROUP BY 1, TUMBLING(1s)', '1,', 'a constant is the same for all messages and no key of GROUP BY'],
  ])('%s is refused', (clause, at, reason) => {
    const sql = `SELECT qos FROM "t" ${clause}`;
    const error = thrownBy(() => compileRule(sql));
    expect(error).toMatchObject({ code: 'rule-window-invalid', details: { reason, column: placeOf(sql, at) } });
  });

  test.each([
    ['GROUP qos', '`qos`', 'BY', undefined],
    ['GROUP BY TUMBLING(10)', '`10`', 'a duration such as 10s or 1h30m', undefined],
    ['GROUP BY TUMBLING(10 s)', '`10`', 'a duration such as 10s or 1h30m', undefined],
    ['GROUP BY TUMBLING(10s', 'the end of the rule', '`)`', undefined],
    ['GROUP BY HOPPING(10s)', '`)`', '`,`', undefined],
    [
      'GROUP BY TUMBLING(10s) HAVNG qos > 1',
      '`HAVNG`',
      '`,`, HAVING or the end of the rule',
      'Did you mean HAVING instead of HAVNG?',
    ],
    ['GROUP BY TUMBLING(10s) HAVING qos > 1 x', '`x`', 'an operator or the end of the rule', undefined],
    ['HAVING COUNT(*) > 1', '`HAVING`', '`,`, WHERE, GROUP BY or the end of the rule', undefined],
  ])('%s is no grammar', (clause, found, expected, hint) => {
    const error = thrownBy(() => parseRule(`SELECT qos FROM "t" ${clause}`));
    expect(error).toMatchObject({ code: 'rule-syntax', details: { found, expected, ...(hint && { hint }) } });
  });
});

describe('what the messages of a window may differ in', () => {
  test.each([
    ['SELECT payload.speed, COUNT(*) AS n', 'payload.speed'],
    ['SELECT qos + COUNT(*) AS n', 'qos'],
    ['SELECT *', '*'],
    ['SELECT COUNT(*) AS n, topic(2) AS t', 'topic(2)'],
    ["SELECT proc_dict_get('k') AS t", "proc_dict_get('k')"],
    ['SELECT CHANGED(COUNT(*)) AS c', 'CHANGED(COUNT(*))'],
    ['SELECT upper(id) AS u', 'id'],
    ['SELECT vin.a AS u', 'vin.a'],
  ])('%s is refused at its place, without a value of its own', (select, what) => {
    const sql = `${select} FROM "cars/{vin}/{id}" GROUP BY vin, TUMBLING(1s)`;
    const error = thrownBy(() => compileRule(sql));
    expect(error).toMatchObject({ code: 'rule-not-grouped', details: { what, column: placeOf(sql, what) } });
  });

  test('is refused in HAVING as well', () => {
    const sql = 'SELECT COUNT(*) AS n FROM "t" GROUP BY TUMBLING(1s) HAVING qos > 1';
    expect(thrownBy(() => compileRule(sql))).toMatchObject({ code: 'rule-not-grouped', details: { what: 'qos' } });
  });

  test.each([
    'SELECT vin, upper(vin) AS u, COUNT(*) AS n FROM "c/{vin}" GROUP BY vin, TUMBLING(1s)',
    'SELECT payload.a.b AS b, payload.a.b || 1 AS c FROM "c/{vin}" GROUP BY payload.a.b, TUMBLING(1s)',
    'SELECT payload.x div 10 AS tens FROM "c/{vin}" GROUP BY payload.x div 10, TUMBLING(1s)',
    'SELECT payload.x div 10 AS tens FROM "c/{vin}" GROUP BY tens, TUMBLING(1s)',
    'SELECT topic(1) AS t FROM "c/{vin}" GROUP BY topic(1), TUMBLING(1s)',
    'SELECT now_timestamp() AS t, 5 AS five, {n: COUNT(*)} AS m, window_end FROM "c/{vin}" GROUP BY TUMBLING(1s)',
    'SELECT COUNT(*) AS n, n * 2 AS m FROM "c/{vin}" GROUP BY TUMBLING(1s) HAVING m > 2 AND window_start > 0',
    'SELECT vin FROM "c/{vin}" WHERE CHANGED(payload.x) GROUP BY vin, SESSION(1s)',
    'SELECT count FROM "c/{count}" GROUP BY count, TUMBLING(1s)',
  ])('%s is right', sql => {
    expect(() => compileRule(sql)).not.toThrow();
  });
});

describe('an aggregate', () => {
  test.each([
    ['SELECT COUNT(*) AS n FROM "t"', 'COUNT'],
    ['SELECT SUM(payload.x) AS n FROM "t" WHERE qos > 0', 'SUM'],
    ['SELECT FIRST(payload.x) AS n FROM "t"', 'FIRST'],
    ['SELECT 1 AS a FROM "t" WHERE avg(payload.x) > 1 GROUP BY TUMBLING(1s)', 'avg'],
    ['SELECT 1 AS a FROM "t" GROUP BY MAX(payload.x), TUMBLING(1s)', 'MAX'],
    ['SELECT SUM(MAX(payload.x)) AS a FROM "t" GROUP BY TUMBLING(1s)', 'MAX'],
    ['SELECT SUM(payload.x + COUNT(*)) AS a FROM "t" GROUP BY TUMBLING(1s)', 'COUNT'],
    ['SELECT SUM(payload.x) AS s FROM "t" GROUP BY s, TUMBLING(1s)', 'SUM'],
    ['FOREACH payload DO COUNT(*) AS n FROM "t"', 'COUNT'],
  ])('%s is misplaced', (sql, name) => {
    const error = thrownBy(() => compileRule(sql));
    expect(error).toMatchObject({ code: 'rule-aggregate-misplaced', details: { name } });
    expect(sql.slice((error.details as { offset: number }).offset)).toMatch(new RegExp(`^${name}\\(`));
  });

  test.each([
    ['SUM()', 'takes one value: SUM(x)'],
    ['AVG(qos, 1)', 'takes one value: AVG(x)'],
    ['COUNT()', 'takes one value: COUNT(x)'],
    ['COUNT(DISTINCT)', 'takes one value: COUNT(DISTINCT x)'],
    ['COUNT(DISTINCT qos, 1)', 'takes one value: COUNT(DISTINCT x)'],
  ])('%s is refused', (call, reason) => {
    const error = thrownBy(() => compileRule(`SELECT ${call} AS v FROM "t" GROUP BY TUMBLING(1s)`));
    expect(error).toMatchObject({ code: 'rule-arguments', details: { reason } });
  });

  test('of no name that exists is told as a function is', () => {
    const error = thrownBy(() => compileRule('SELECT SUMM(qos) AS v FROM "t" GROUP BY TUMBLING(1s)'));
    const details = { what: 'function', name: 'SUMM', hint: 'Did you mean SUM?' };
    expect(error).toMatchObject({ code: 'rule-unknown-name', details });
  });

  test('leaves first and last of a list what they are where it cannot stand', () => {
    const sql =
      'SELECT LAST(first(payload.x)) AS v FROM "t" WHERE last(payload.x) > 1 GROUP BY first(payload.x), TUMBLING(1s)';
    expect(() => compileRule(sql)).not.toThrow();
    expect(() => compileRule('SELECT first(payload.x) AS v FROM "t"')).not.toThrow();
  });
});

test('a rule tells what it reads of messages, whether it counts them or makes rows of them', () => {
  const sql =
    'SELECT SUM(payload.a) AS s FROM "c/{vin}" WHERE payload.b > 0 GROUP BY vin, TUMBLING(1s) HAVING MAX(qos) > 0';
  expect(compileRule(sql)).toMatchObject({
    reads: ['payload.b', 'vin', 'payload.a', 'qos'],
    readsPayload: true,
    columns: ['s'],
    plain: false,
    passesPayload: false,
  });
});
