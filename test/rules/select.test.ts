import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { encodeJson } from '../../rules/json.ts';
import { rowOf, thrownBy } from './support/evaluate.ts';

const payload = '{"a": {"b": 1, "c": [10, 20]}, "d": "{\\"e\\": 5}", "n": null}';

const select = (list: string, rest = ''): unknown => {
  const row = rowOf(`SELECT ${list} FROM "#" ${rest}`, { payload });
  return row === undefined ? undefined : JSON.parse(encodeJson(row));
};

describe('names of what is selected', () => {
  test.each([
    ['qos', { qos: 1 }],
    ['qos AS q', { q: 1 }],
    ['qos q', { q: 1 }],
    ['qos AS "my-qos"', { 'my-qos': 1 }],
    ['payload.a.b', { payload: { a: { b: 1 } } }],
    ['payload.a.c[2]', { payload: { a: { c: [20] } } }],
    ['payload.a.c[1..2]', { payload: { a: { c: [10, 20] } } }],
    ["'text'", { text: 'text' }],
    ['1 + 1', { '1 + 1': 2 }],
    ['lower(clientid)', { 'lower(clientid)': 'c7' }],
    ['payload.n AS n', { n: null }],
    ['payload.missing AS m, qos', { qos: 1 }],
    ['qos AS a.b.c', { a: { b: { c: 1 } } }],
    ['1 AS l[1], 2 AS l[-0], 0 AS l[0], 9 AS l[2], 7 AS l[8]', { l: [0, 9, 2] }],
    ['1 AS a.b, 2 AS a.c', { a: { b: 1, c: 2 } }],
    ['1 AS __proto__, 2 AS constructor', JSON.parse('{"__proto__": 1, "constructor": 2}')],
  ])('SELECT %s', (list, expected) => {
    expect(select(list)).toEqual(expected);
  });
});

describe('aliases', () => {
  test.each([
    ['1 AS qos, qos + 1 AS next', { qos: 1, next: 2 }],
    ['5 AS qos, qos AS q', { qos: 5, q: 5 }],
    // What an alias does not have is looked for in the message, while SELECT goes on.
    ['payload.missing AS qos, qos AS q', { q: 1 }],
    // A later alias wins, value or none: an earlier one, or a column of the message, would be data of another name.
    ['payload.a.b AS v, payload.missing AS v', {}],
    ['payload.a.b AS v, payload.missing AS v, payload.d AS v', { v: '{"e": 5}' }],
    ['1 AS v.x, 2 AS v.y, payload.missing AS v.x', { v: { y: 2 } }],
    ['1 AS v.x.y, payload.missing AS v.x', { v: {} }],
    // What was v before is nothing that v.x ever was.
    ['1 AS v, payload.missing AS v.x', { v: {} }],
    ["'text' AS v, payload.missing AS v.x", { v: {} }],
    ['payload.n AS v, payload.missing AS v.x.y', { v: {} }],
    ['[1, 2] AS v, payload.missing AS v.x', { v: [1, 2] }],
    ['[1, 2] AS l, payload.missing AS l[1]', { l: [null, 2] }],
    ['payload.missing AS v.x', {}],
    ['payload.a.b, payload.missing AS payload', {}],
    ['1 AS v, 2 AS w, payload.missing AS v, w + 1 AS x', { w: 2, x: 3 }],
    ['1 AS payload.x, payload AS p', { payload: { x: 1 }, p: { x: 1 } }],
    ['1 AS payload.x, payload.d AS own, payload.x AS x', { payload: { x: 1 }, own: '{"e": 5}', x: 1 }],
    ['map(\'{"a": 1}\') AS payload, payload.a AS a, payload.d AS d', { payload: { a: 1 }, a: 1, d: '{"e": 5}' }],
    ['5 AS x.1, x.1 AS y', { x: { 1: 5 }, y: 5 }],
    ["'qos', qos AS q", { qos: 'qos', q: 'qos' }],
    ['1 AS x, x, x + 1 AS y', { x: 1, y: 2 }],
    ['1 AS a.b, a.b, a.b + 1 AS c', { a: { b: 1 }, c: 2 }],
    ['payload.a AS x, x.b AS b', { x: { b: 1, c: [10, 20] }, b: 1 }],
    ['7 AS payload.a.b, payload.a.b AS now', { payload: { a: { b: 7 } }, now: 7 }],
    ['7 AS payload.z, payload.a.b AS still', { payload: { z: 7 }, still: 1 }],
    ['payload.a AS payload, payload.b AS inner', { payload: { b: 1, c: [10, 20] }, inner: 1 }],
    // Once the payload was read inside, a text alias does not replace what was decoded.
    ['payload.d AS payload, payload.a.b AS original', { payload: '{"e": 5}', original: 1 }],
  ])('SELECT %s', (list, expected) => {
    expect(select(list)).toEqual(expected);
  });

  test('a payload that is decoded first is read by later paths', () => {
    const row = rowOf('SELECT base64_decode(payload) AS payload, payload.t AS t FROM "#"', { payload: 'eyJ0Ijo1fQ==' });
    expect(row?.t).toBe(5);
  });

  test('a decoded payload that is no JSON after all is an error', () => {
    const sql = 'SELECT base64_decode(payload) AS payload, payload.t AS t FROM "#"';
    expect(thrownBy(() => rowOf(sql, { payload: 'aGVsbG8=' })).code).toBe('payload-not-json');
  });

  test('* then an alias changes one field of the payload and keeps the others', () => {
    const row = select("*, 'x' AS payload.d") as { payload: unknown; qos: number };
    expect(row).toMatchObject({ payload: { a: { b: 1, c: [10, 20] }, d: 'x', n: null }, qos: 1 });
  });

  test.each(['qos', 'topic', 'payload'])('* then an alias without a value takes %s away', name => {
    const row = select(`*, payload.missing AS ${name}`) as object;
    expect(Object.keys(row)).not.toContain(name);
    expect(row).toMatchObject({ event: 'message.publish' });
  });

  test('* then a path into the payload is read by WHERE as it is after it', () => {
    expect(select('*, 9 AS payload.a.b', 'WHERE payload.a.b = 9')).toBeDefined();
    expect(select('9 AS payload.a.b', 'WHERE payload.a.b = 9')).toBeUndefined();
  });

  test('* after a path into the payload gives the whole payload', () => {
    expect(select('payload.a.b, *')).toMatchObject({ payload });
  });
});

describe('WHERE', () => {
  test.each([
    ['1 AS x', 'WHERE x = 1', { x: 1 }],
    ['1 AS x', 'WHERE x = 2', undefined],
    ['9 AS payload.a.b', 'WHERE payload.a.b = 1', { payload: { a: { b: 9 } } }],
    ['2 AS qos', 'WHERE qos = 2', { qos: 2 }],
    // In WHERE an alias stands before the column even without a value.
    ['payload.missing AS qos', 'WHERE qos = 1', undefined],
    ['payload.missing AS qos', 'WHERE qos IS NULL', {}],
    ['1 AS v, payload.missing AS v', 'WHERE v = 1', undefined],
    ['payload.a.b AS m, m + 1 AS n, 5 AS m', 'WHERE n = 2 AND m = 5', { m: 5, n: 2 }],
    ["base64_decode('eyJ0Ijo1fQ==') AS payload, payload.t AS t", 'WHERE payload.t = 5', { payload: '{"t":5}', t: 5 }],
  ])('SELECT %s %s', (list, where, expected) => {
    expect(select(list, where)).toEqual(expected);
  });

  test('one rule is evaluated for many messages without mixing them', () => {
    const sql = 'SELECT payload.v AS v FROM "#" WHERE v > 1';
    expect([1, 2, 3].map(v => rowOf(sql, { payload: `{"v": ${v}}` })?.v)).toEqual([undefined, 2, 3]);
  });
});

describe('plain rules', () => {
  test.each([
    ['SELECT payload FROM "a/#"', true, true],
    ['SELECT * FROM "a/#"', true, false],
    ['SELECT payload, qos AS qos FROM "a/#" WHERE payload.x > 1', true, false],
    ['SELECT vin, payload FROM "a/{vin}"', true, false],
    ['SELECT payload AS p FROM "a/#"', false, false],
    ['SELECT payload.x FROM "a/#"', false, false],
    ['SELECT payload FROM "a/{payload}"', true, false],
  ])('%s', (sql, plain, passesPayload) => {
    expect(compileRule(sql)).toMatchObject({ plain, passesPayload });
  });

  test('they never parse the payload', () => {
    for (const sql of [
      'SELECT payload FROM "#"',
      'SELECT * FROM "#"',
      'SELECT topic, payload FROM "#" WHERE qos > 0',
    ]) {
      expect(compileRule(sql).readsPayload).toBe(false);
      expect(rowOf(sql, { payload: Buffer.from([0xff, 0, 1]) })?.payload).toEqual(Buffer.from([0xff, 0, 1]));
    }
  });

  test('they all give one shared row', () => {
    const first = compileRule('SELECT payload FROM "#"');
    const second = compileRule('SELECT * FROM "#" WHERE qos = 1');
    const message = { qos: 1 } as never;
    expect(first.rows(message, [])[0]).toBe(second.rows(message, [])[0]);
  });

  test('SELECT * has every column that the message has', () => {
    expect(Object.keys(rowOf('SELECT * FROM "cars/{vin}/#"')!)).toEqual(
      'id event clientid username topic payload qos flags pub_props timestamp publish_received_at node vin'.split(' '),
    );
  });
});

describe('a changed payload', () => {
  test('does not change what other rules see of the same message', () => {
    const rule = compileRule('SELECT *, 5 AS payload.a.b FROM "#"');
    const decoded = { a: { b: 1 } };
    const message = { payload: Buffer.from('{}'), json: () => decoded } as never;
    rule.rows(message, []);
    compileRule('SELECT payload.a AS x, 6 AS x.b FROM "#"').rows(message, []);
    expect(decoded).toEqual({ a: { b: 1 } });
  });
});
