// Messages that WHERE left out were dead letters all the same: `online` on a topic of availability is no JSON, and SELECT read inside it.
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../rules/compile.ts';
import { exampleMessage } from '../../rules/example-message.ts';
import { Pending } from '../../rules/pending.ts';
import { captureTopic } from '../../rules/sources.ts';
import { evaluated, passes, rowOf, thrownBy } from './support/evaluate.ts';

test('a rule that leaves topics out by WHERE never reads their payloads', () => {
  const sql =
    'SELECT dev, payload.linkquality AS lq FROM "zigbee2mqtt/{dev}/#" WHERE topic NOT LIKE \'%/availability\'';
  expect(rowOf(sql, { topic: 'zigbee2mqtt/lamp/availability', payload: 'online' })).toBeUndefined();
  expect(rowOf(sql, { topic: 'zigbee2mqtt/lamp', payload: '{"linkquality": 80}' })).toEqual({ dev: 'lamp', lq: 80 });
});

describe('where WHERE says no, nothing fails:', () => {
  test.each([
    ['a path into what is no JSON', 'SELECT payload.x AS x FROM "#" WHERE qos = 2'],
    ['arithmetic with what is missing', 'SELECT payload.x + 1 AS x FROM "#" WHERE is_json(payload)'],
    ['a function', 'SELECT int(payload) AS x FROM "#" WHERE false'],
    ['division by zero', 'SELECT 1 / 0 AS x FROM "#" WHERE is_json(payload) AND payload.x > 1'],
    ['an alias that WHERE reads last', 'SELECT payload.lq + 1 AS lq FROM "#" WHERE qos = 2 AND lq > 5'],
    ['an alias that WHERE does not read', 'SELECT payload.x AS bad, qos AS q FROM "#" WHERE q = 2'],
    ['an alias before the one that WHERE reads', 'SELECT int(payload) AS bad, qos + 1 AS q FROM "#" WHERE q = 9'],
    ['*, and a path put into it', 'SELECT *, 1 AS payload.x FROM "#" WHERE qos = 2'],
    ['the list of FOREACH', 'FOREACH payload.list AS l DO l FROM "#" WHERE qos = 2'],
    ['an alias of FOREACH', 'FOREACH payload.a AS a, payload.list AS l DO l FROM "#" WHERE qos = 2 AND a > 1'],
    ['FOREACH payload', 'FOREACH payload DO item FROM "#" WHERE is_json(payload)'],
    ['the key of a window', 'SELECT COUNT(*) AS n FROM "#" WHERE qos = 2 GROUP BY payload.x, TUMBLING(1s)'],
    ['an aggregate', 'SELECT SUM(payload.x) AS n FROM "#" WHERE is_json(payload) GROUP BY TUMBLING(1s)'],
    ['CHANGED behind another condition', 'SELECT topic FROM "#" WHERE qos = 2 AND CHANGED(payload.x)'],
    ['DEDUP of what cannot be read', 'SELECT topic FROM "#" WHERE is_json(payload) AND DEDUP(payload.x, 1s)'],
    ['CHANGED in SELECT', 'SELECT CHANGED(payload.x) AS c FROM "#" WHERE is_json(payload)'],
    ['what SELECT remembers', 'SELECT kv_store_put(topic, payload.x) AS kept FROM "#" WHERE is_json(payload)'],
    ['a condition behind OR', 'SELECT topic FROM "#" WHERE NOT (qos = 1 OR payload.x > 1)'],
  ])('%s', (_what, sql) => {
    expect(rowOf(sql, { payload: 'online' })).toBeUndefined();
  });

  test('an element that INCASE leaves out', () => {
    const rule = compileRule('FOREACH payload DO 10 / item.v AS v INCASE is_num(item.v) AND item.v != 0 FROM "#"');
    const message = exampleMessage({ topic: 'a', payload: '[{"v": 0}, {"v": 2}, {"w": 1}, "off"]' });
    expect(rule.rows(message, [])).toEqual([{ v: 5 }].map(() => ({ v: expect.anything() })));
  });

  test('a row that HAVING leaves out', () => {
    const sql = 'SELECT COUNT(*) AS n, 1 / (COUNT(*) - 1) AS x FROM "#" GROUP BY TUMBLING(1s) HAVING n > 1';
    expect(rowOf(sql)).toBeUndefined();
  });

  test('a branch of CASE that is not taken', () => {
    const sql = "CASE WHEN is_num(payload.x) THEN payload.x * 2 WHEN payload.x > 'a' THEN 'text' ELSE 1 / 0 END";
    expect(evaluated(sql, { x: 4 })).toBe(8);
    expect(evaluated(sql, { x: 'b' })).toBe('text');
  });
});

// `payload.x > 1 AND is_json(payload)` was a dead letter for each message that is no JSON, although WHERE is false of it: only the other order worked.
describe('a condition that decides guards the other in either order', () => {
  test.each([
    ['payload.x > 1 AND is_json(payload)', false],
    ['NOT is_json(payload) OR payload.x > 1', true],
    ['payload.x > 1 OR NOT is_json(payload)', true],
    ['NOT (payload.x > 1 AND is_json(payload))', true],
    ['NOT (payload.x > 1 OR topic != payload)', false],
    ['(payload.x > 1 AND payload.y > 1) AND is_json(payload)', false],
    ['payload.x > 1 AND (payload.y > 1 AND is_json(payload))', false],
    ['CHANGED(payload.x) AND is_json(payload)', false],
    ['DEDUP(payload.x, 10s) AND is_json(payload)', false],
    ["upper(payload.x) = 'A' AND topic = 'other'", false],
    ['1 / qos > 0 AND qos > 0', false],
  ])('%s', (condition, passing) => {
    const rows = compileRule(`SELECT topic FROM "#" WHERE ${condition}`).rows(
      exampleMessage({ topic: 'a', payload: 'online' }),
      [],
    );
    expect(rows).toHaveLength(passing ? 1 : 0);
  });

  test('as a value, too', () => {
    expect(evaluated('1 / payload.x > 0 AND payload.x > 0', { x: 0 })).toBe(false);
    expect(evaluated('1 / payload.x > 0 OR payload.x = 0', { x: 0 })).toBe(true);
    expect(thrownBy(() => evaluated('1 / payload.x > 0 AND payload.x = 0', { x: 0 })).code).toBe('rule-failed');
  });

  test('where neither decides, the first failure is reported', () => {
    const error = thrownBy(() => passes('int(payload.x) > 0 AND 1 / payload.y > 0', { x: 'a', y: 0 }));
    expect(error.message).toContain('int(payload.x)');
  });

  test('a rule that has to wait for an answer waits, whatever the other condition is', () => {
    const random = () => {
      throw new Pending(() => Promise.resolve());
    };
    const message = exampleMessage({ topic: 'a', payload: '{"x": 0}' });
    for (const condition of [
      'random() > 1 AND qos = 2',
      '1 / payload.x > 0 AND random() > 1',
      'random() > 1 OR qos = 0',
    ]) {
      expect(() => compileRule(`SELECT topic FROM "#" WHERE ${condition}`, { random }).rows(message, [])).toThrow(
        'waits',
      );
    }
  });
});

// `ifnull(payload.temp, payload.raw / 10)` failed in every message that has temp and no raw.
test.each([
  ['ifnull(payload.temp, payload.raw / 10)', 7],
  ['coalesce(payload.temp, payload.raw / 10)', 7],
  ['coalesce_ne(payload.temp, 1 / 0)', 7],
  ['ifnull(payload.none, payload.gone, payload.temp, 1 / 0)', 7],
  ['ifnull(payload.none, payload.gone)', undefined],
])('%s works out no more than it needs', (sql, value) => {
  expect(evaluated(sql, { temp: 7, none: null })).toBe(value);
});

test('where WHERE says yes, what SELECT cannot work out fails as ever', () => {
  const failing = (sql: string, payload: string) => thrownBy(() => rowOf(sql, { payload })).code;
  expect(failing('SELECT payload.x AS x FROM "#" WHERE qos = 1', 'online')).toBe('payload-not-json');
  expect(failing('SELECT kv_store_put(topic, 1 / payload.x) AS x FROM "#" WHERE qos = 1', '{"x": 0}')).toBe(
    'rule-failed',
  );
  expect(failing('FOREACH payload DO item FROM "#" WHERE qos = 1', 'online')).toBe('payload-not-json');
});

test('a first condition that is unknown guards the second as one that is false does', () => {
  for (const condition of ['payload.x > 3 AND int(payload.x) > 5', 'NOT (payload.x <= 3 OR int(payload.x) > 5)']) {
    expect(passes(condition, { y: 1 })).toBe(false);
  }
});

test('SELECT remembers every message, and works each expression out once', () => {
  const rule = compileRule(
    'SELECT kv_store_get(dev) AS before, kv_store_put(dev, payload.v) AS kept, random() AS r FROM "where/{dev}" WHERE before != payload.v AND r >= 0',
    { random: counter() },
  );
  const rows = [1, 1, 2, 3].map(v => {
    const message = exampleMessage({ topic: 'where/a', payload: JSON.stringify({ v }) });
    return rule.rows(message, captureTopic(rule.captureNames, rule.sources[0]!, 'where/a'))[0]?.before;
  });
  expect(rows).toEqual([undefined, undefined, 1, 2]);
});

/** Fails when it is asked twice for one message. */
const counter = () => {
  let calls = 0;
  return () => {
    calls += 1;
    return calls / 1000;
  };
};

test('rows of two messages that are made in turns are those of each', () => {
  const rule = compileRule('FOREACH payload.l AS e DO e, topic, payload.x AS x FROM "#"');
  const cursors = ['a', 'b'].map(topic => {
    const payload = JSON.stringify({ l: [1, 2], x: topic });
    return rule.cursor(exampleMessage({ topic, payload }), []);
  });
  const rows = cursors.map((): unknown[] => []);
  // Ten turns are more than the two elements of each need; null is "not yet".
  for (let turn = 0; turn < 10; turn++) {
    for (const [at, cursor] of cursors.entries()) {
      const row = cursor.next();
      if (row) rows[at]!.push(row);
    }
  }
  expect(rows).toEqual(['a', 'b'].map(name => [1, 2].map(e => ({ e, topic: name, x: name }))));
});

test('a later alias wins in DO as well, value or none', () => {
  const rule = compileRule('FOREACH payload AS e DO e.a AS v, e.b AS v, *, e.c AS topic FROM "#"');
  const [row] = rule.rows(exampleMessage({ topic: 'a', payload: '[{"a": 1}]' }), []);
  expect([row?.v, row?.topic]).toEqual([undefined, undefined]);
});

// `sprintf('%s', payload.none)` was said to fail because payload.none is null: the format takes no value at all.
test('what is missing is named only where it is the reason', () => {
  const { message } = thrownBy(() => evaluated("sprintf('%s', payload.none)", { none: null }));
  expect(message).toMatch(/1 more are given\.$/);
});
