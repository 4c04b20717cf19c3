import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { evaluateOnce, exampleMessage } from '../../rules/example-message.ts';
import { encodeJson } from '../../rules/json.ts';
import { thrownBy } from './support/evaluate.ts';

const sensors = { sensors: [{ cmd: 1, name: 'n1' }, { cmd: 2 }, { name: 'n3' }], date: 'today', list: [1, 2] };

const rowsOf = (sql: string, payload: unknown = sensors): unknown[] => {
  const bytes = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const message = exampleMessage({ topic: 't/a', payload: bytes, clientid: 'c_a', qos: 1 });
  return evaluateOnce(sql, message).map(row => JSON.parse(encodeJson(row)));
};

describe('rows of FOREACH', () => {
  test.each([
    ['FOREACH payload.sensors AS s DO s.cmd AS c FROM "t/#"', [{ c: 1 }, { c: 2 }, {}]],
    ['FOREACH payload.sensors DO item.cmd AS c FROM "t/#"', [{ c: 1 }, { c: 2 }, {}]],
    ['foreach payload.list do item as item from "t/#"', [{ item: 1 }, { item: 2 }]],
    ['FOREACH payload.list e DO e + 1 AS n, n * 10 AS m FROM "t/#"', [2, 3].map(n => ({ n, m: n * 10 }))],
    ['FOREACH payload.sensors AS s DO s.name AS n, dev INCASE s.cmd > 1 FROM "t/{dev}"', [{ dev: 'a' }]],
    ['FOREACH payload.sensors DO item.cmd AS c INCASE is_not_null(item.cmd) FROM "t/#"', [{ c: 1 }, { c: 2 }]],
    ['FOREACH [payload.date, \'x\'] AS v DO v FROM "t/#"', [{ v: 'today' }, { v: 'x' }]],
    ['FOREACH [1..2] DO item * 2 AS v FROM "t/#"', [{ v: 2 }, { v: 4 }]],
    ['FOREACH payload.sensors[1..2] AS s DO s.cmd AS c FROM "t/#"', [{ c: 1 }, { c: 2 }]],
    ['FOREACH payload.list AS a.b DO a.b AS v FROM "t/#"', [{ v: 1 }, { v: 2 }]],
    ['FOREACH payload.list DO payload.date AS d FROM "{x}/a"', [{ d: 'today' }, { d: 'today' }]],
    ['FOREACH payload.list DO x, item AS i INCASE x = \'t\' AND item = 2 FROM "{x}/a"', [{ x: 't', i: 2 }]],
  ])('%s', (sql, expected) => {
    expect(rowsOf(sql)).toEqual(expected);
  });

  test('without DO hold every column and the element', () => {
    const [first, second] = rowsOf('FOREACH payload.sensors AS s INCASE s.cmd > 0 FROM "t/#"');
    expect(first).toMatchObject({ s: { cmd: 1, name: 'n1' }, clientid: 'c_a', topic: 't/a', qos: 1 });
    expect(second).toMatchObject({ s: { cmd: 2 } });
  });

  test('hold of a payload whose part has no alias only that part, but DO reads all of it', () => {
    const [row] = rowsOf('FOREACH payload.list FROM "t/#"');
    expect(row).toMatchObject({ item: 1, payload: { list: [1, 2] } });
    expect(rowsOf('FOREACH payload.list DO payload, payload.date AS d FROM "t/#"')[0]).toEqual({
      payload: { list: [1, 2] },
      d: 'today',
    });
    expect(rowsOf('FOREACH payload.list FROM "t/#" WHERE payload.date = \'today\'')).toHaveLength(2);
  });

  test('are none where the list is no list, and that is no error', () => {
    for (const value of [1, 'text', '[1, 2]', { a: 1 }, null, true, undefined, []]) {
      expect(rowsOf('FOREACH payload.v AS s DO s.cmd AS c FROM "t/#"', { v: value })).toEqual([]);
    }
  });

  test('of one element never hold what an earlier element had', () => {
    const sql = 'FOREACH payload AS e DO e.a AS a, a AS again FROM "t/#"';
    expect(rowsOf(sql, [{ a: 1 }, {}, { a: 3 }])).toEqual([{ a: 1, again: 1 }, {}, { a: 3, again: 3 }]);
  });
});

describe('a payload that is itself a list', () => {
  test.each([
    ['FOREACH payload DO item.ts AS ts FROM "t/#"', [{ ts: 5 }, { ts: 15 }]],
    ['FOREACH payload AS p DO p.ts AS ts FROM "t/#"', [{ ts: 5 }, { ts: 15 }]],
    ['FOREACH json_decode(payload) DO item.ts AS ts FROM "t/#"', [{ ts: 5 }, { ts: 15 }]],
    ['FOREACH payload AS p DO p.ts AS ts FROM "t/#" WHERE length(p) > 2', []],
  ])('%s', (sql, expected) => {
    expect(rowsOf(sql, [{ ts: 5 }, { ts: 15 }])).toEqual(expected);
  });

  test('must be JSON', () => {
    expect(thrownBy(() => rowsOf('FOREACH payload FROM "t/#"', 'no JSON')).code).toBe('payload-not-json');
  });

  test('gives no rows when it is something else', () => {
    expect(rowsOf('FOREACH payload FROM "t/#"', { a: 1 })).toEqual([]);
  });
});

describe('several values before DO', () => {
  const nested = { sensors: { page: 2, collection: { info: ['x', { name: 'cmd1', cmd: '1' }] } } };
  const fields = 'json_decode(payload) AS p, p.sensors AS s, s.collection AS c';

  test.each([
    [
      `FOREACH ${fields}, c.info AS info DO info.cmd AS t, info.name AS n, s.page AS p INCASE is_map(info) FROM "t/#" WHERE s.page = '2'`,
      [{ t: '1', n: 'cmd1', p: 2 }],
    ],
    [`FOREACH ${fields}, c.info[2..2] AS info DO info.cmd AS t FROM "t/#"`, [{ t: '1' }]],
    [`FOREACH ${fields}, c.info AS info DO info FROM "t/#" WHERE s.page = '3'`, []],
  ])('are aliases, and the last is the list: %s', (sql, expected) => {
    expect(rowsOf(sql, nested)).toEqual(expected);
  });

  test('WHERE sees the list as a whole, under its alias', () => {
    const sql = 'FOREACH payload.list AS l DO l FROM "t/#" WHERE length(l) = 2';
    expect(rowsOf(sql)).toEqual([{ l: 1 }, { l: 2 }]);
  });
});

describe('what FOREACH refuses when it is loaded', () => {
  test.each([
    ['FOREACH FROM "a"', 'rule-syntax', '`,`'],
    ['FOREACH * FROM "a"', 'rule-syntax', 'a value'],
    ['FOREACH payload.x DO FROM "a"', 'rule-syntax', 'a value'],
    ['FOREACH payload.x INCASE FROM "a"', 'rule-syntax', 'a value'],
    ['FOREACH payload.x INCASE item > 1 DO item FROM "a"', 'rule-syntax', 'an operator or FROM'],
    ['FOREACH payload.x FORM "a"', 'rule-syntax', '`,`, DO, INCASE or FROM'],
    ['FOREACH payload.x DO item FORM "a"', 'rule-syntax', '`,`, INCASE or FROM'],
  ])('%s', (sql, code, expected) => {
    const error = thrownBy(() => compileRule(sql));
    expect(error.code).toBe(code);
    expect((error.details as { expected: string }).expected).toContain(expected === '`,`' ? 'a value' : expected);
  });

  test.each([
    ['an alias of DO in INCASE', 'FOREACH payload.x DO item.a AS seen INCASE seen > 1 FROM "a"', 'seen'],
    ['the element in WHERE', 'FOREACH payload.x DO item.a AS a FROM "a" WHERE item.a > 1', 'item'],
    ['item under another name', 'FOREACH payload.x AS s DO item.a AS a FROM "a"', 'item'],
  ])('%s', (_what, sql, name) => {
    expect(thrownBy(() => compileRule(sql))).toMatchObject({ code: 'rule-unknown-name', details: { name } });
  });
});

describe('a compiled FOREACH', () => {
  test('names the columns of its rows', () => {
    expect(compileRule('FOREACH payload.x AS s DO s.a, topic AS c FROM "a"').columns).toEqual(['s', 'c']);
    const columns = compileRule('FOREACH payload.x AS s FROM "a/{vin}"').columns;
    expect(columns).toEqual(expect.arrayContaining(['s', 'vin', 'payload', 'topic']));
  });

  test('is evaluated for many messages without mixing them', () => {
    const rule = compileRule('FOREACH payload AS e DO e FROM "#"');
    const rows = ['[1]', '[]', '[2, 3]'].map(payload => rule.rows(exampleMessage({ topic: 'a', payload }), []));
    expect(rows).toEqual([[{ e: 1 }], [], [{ e: 2 }, { e: 3 }]]);
  });

  test('makes all rows or none: one element that fails fails the message', () => {
    const sql = 'FOREACH payload.list DO 1 / (item - 2) AS v FROM "t/#"';
    expect(thrownBy(() => rowsOf(sql))).toMatchObject({
      code: 'rule-failed',
      details: { expression: '1 / (item - 2)' },
    });
  });
});

test('DO item gives back any list of JSON, element by element', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), list => {
      const expected = (JSON.parse(JSON.stringify(list)) as unknown[]).map(e => ({ e }));
      expect(rowsOf('FOREACH payload AS e DO e FROM "#"', list)).toEqual(expected);
    }),
    { numRuns: 200 },
  );
});

test('a row of FOREACH is what SELECT makes of the element alone', () => {
  const element = fc.record({ a: fc.integer(), b: fc.oneof(fc.string(), fc.constant(null)) }, { requiredKeys: ['a'] });
  const list = (value: string): string => `${value}.a * 2 AS a, {b: ${value}.b, t: topic} AS m, m.b IS NULL AS none`;
  fc.assert(
    fc.property(fc.array(element), elements => {
      const each = elements.flatMap(one => rowsOf(`SELECT ${list('payload')} FROM "#" WHERE payload.a > 0`, one));
      expect(rowsOf(`FOREACH payload AS e DO ${list('e')} INCASE e.a > 0 FROM "#"`, elements)).toEqual(each);
    }),
    { numRuns: 200 },
  );
});
