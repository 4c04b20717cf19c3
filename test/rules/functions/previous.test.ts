// A meter that counts up had to be subtracted behind Kafka: a rule knew nothing of the message before.
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { exampleMessage } from '../../../rules/example-message.ts';
import type { Ambient } from '../../../rules/scope.ts';
import type { Value } from '../../../rules/value.ts';
import { thrownBy } from '../support/evaluate.ts';

interface Sent {
  readonly topic?: string;
  readonly at?: number;
}

/** The values of an expression for messages that come one after the other; undefined where WHERE says no. */
const session = (selected: string, ambient: Partial<Ambient> = {}, where = '') => {
  const rule = compileRule(`SELECT ${selected} AS v FROM "#"${where && ` WHERE ${where}`}`, ambient);
  return (payload: unknown, { topic = 'm/1', at = 1000 }: Sent = {}): Value => {
    const message = exampleMessage({ topic, payload: JSON.stringify(payload), timestamp: at });
    return rule.rows(message, []).map(row => row.v)[0];
  };
};

const each = (selected: string, payloads: readonly unknown[], where?: string): Value[] => {
  const next = session(selected, {}, where);
  return payloads.map(payload => next(payload));
};

const xs = (...values: unknown[]) => values.map(x => ({ x }));

describe('one message after the other', () => {
  test.each([
    ['lag(payload.x)', xs(1, 2, undefined, 4), [undefined, 1, 2, undefined]],
    ['lag(payload.x, 2)', xs(1, 2, 3, 4), [undefined, undefined, 1, 2]],
    ['LAG(payload.x, 1, 0)', xs(1, 2), [0, 1]],
    ['lag(payload.x, 2, payload.x)', xs(1, 2, 3), [1, 2, 1]],
    ['payload.x - lag(payload.x, 1, payload.x)', xs(10, 12, 15), [0, 2, 3]],
    ['latest(payload.x)', xs(undefined, 1, null, 2, undefined), [undefined, 1, 1, 2, 2]],
    ['Latest(payload.x, 7)', xs(undefined, 1), [7, 1]],
    ['had_changed(payload.x)', xs(1, 1, 2, undefined, 2, 1), [true, false, true, false, false, true]],
    ['had_changed(payload.x, payload.x > 1)', xs(1, 2, 2), [true, true, false]],
    ['changed_cols({a: payload.x, b: 1})', xs(1, 1, null, 2), [{ a: 1, b: 1 }, {}, {}, { a: 2 }]],
    ['changed_cols(payload)', xs(1, 1, [2]), [{ x: 1 }, {}, { x: [2] }]],
    ['acc_count(payload.x)', xs(undefined, 1, null, 'a'), [0, 1, 1, 2]],
    ['acc_sum(payload.x)', xs(undefined, 1, 2.5, null), [0, 1, 3.5, 3.5]],
    ['acc_avg(payload.x)', xs(undefined, 1, 2), [undefined, expect.objectContaining({ value: 1 }), 1.5]],
    ['acc_min(payload.x)', xs(undefined, 2, 1, 3), [undefined, 2, 1, 1]],
    ['acc_max(payload.x)', xs('b', 'a', 'c'), ['b', 'b', 'c']],
  ] as [string, unknown[], unknown[]][])('%s of %j', (sql, payloads, expected) => {
    expect(each(sql, payloads)).toEqual(expected);
  });

  test('integers of any size are added exactly', () => {
    const next = session('acc_sum(payload.x)');
    const rule = (text: string) => next(JSON.parse(text));
    rule('{"x": 9007199254740991}');
    expect(rule('{"x": 2}')).toBe(9_007_199_254_740_993n);
  });

  test('two calls in one rule remember on their own', () => {
    expect(each('[lag(payload.x), lag(payload.x, 2)]', xs(1, 2, 3))).toEqual([
      [undefined, undefined],
      [1, undefined],
      [2, 1],
    ]);
  });

  test('in SELECT they remember what WHERE leaves out; in WHERE what comes so far', () => {
    expect(each('lag(payload.x)', xs(1, 2, 3), 'payload.x != 2')).toEqual([undefined, undefined, 2]);
    expect(each('payload.x', xs(1, 5, 2, 9), 'payload.x > lag(payload.x, 1, 0)')).toEqual([1, 5, undefined, 9]);
    expect(each('payload.x', xs(1, -5, 2), 'payload.x > 0 AND payload.x > lag(payload.x, 1, 0)')).toEqual([
      1,
      undefined,
      2,
    ]);
  });

  test('bytes are copied: the buffer of a message is used again', () => {
    const rule = compileRule('SELECT lag(payload) AS v FROM "#"');
    const payload = Buffer.from('"one"');
    rule.rows(exampleMessage({ topic: 'a', payload }), []);
    payload.fill('x');
    expect(String(rule.rows(exampleMessage({ topic: 'a', payload: '2' }), [])[0]!.v)).toBe('"one"');
  });
});

describe('messages look back at', () => {
  const values = (selected: string) => {
    const next = session(selected);
    return [
      next({ x: 1, k: 'a' }, { topic: 'm/1' }),
      next({ x: 2, k: 'b' }, { topic: 'm/1' }),
      next({ x: 3, k: 'a' }, { topic: 'm/2' }),
      next({ x: 4, k: 'b' }, { topic: 'm/2' }),
      next({ x: 5 }, { topic: 'm/2' }),
    ];
  };

  test.each([
    ['lag(payload.x)', [undefined, 1, undefined, 3, 4]],
    ['lag(payload.x) OVER ()', [undefined, 1, 2, 3, 4]],
    ['lag(payload.x) OVER (PARTITION BY payload.k)', [undefined, undefined, 1, 2, undefined]],
    ['lag(payload.x) over (partition by topic, payload.k)', [undefined, undefined, undefined, undefined, undefined]],
    ['acc_sum(payload.x) OVER (PARTITION BY payload.x mod 2)', [1, 2, 4, 6, 9]],
    ['lag(payload.x) OVER (WHEN payload.x != 2)', [undefined, 1, 1, 3, 4]],
    ['lag(payload.x) OVER (PARTITION BY 1 WHEN payload.x != 2)', [undefined, 1, 1, 3, 4]],
    ['acc_sum(payload.x) OVER (PARTITION BY 1 WHEN payload.x > 2)', [0, 0, 3, 7, 12]],
    ['latest(payload.x) OVER (PARTITION BY 1 WHEN payload.x < 3)', [1, 2, 2, 2, 2]],
    ["had_changed(payload.k) OVER (PARTITION BY 1 WHEN payload.k = 'a')", [true, true, false, true, false]],
    ['acc_count(1) OVER (WHEN payload.missing)', [0, 0, 0, 0, 0]],
  ])('%s', (sql, expected) => {
    expect(values(sql)).toEqual(expected);
  });

  test('elements of FOREACH, and steps of LET', () => {
    const rule = compileRule(
      'LET scale = 10 FOREACH payload.l AS e DO e.id AS id, lag(e.v * scale) OVER (PARTITION BY e.id) AS before FROM "#"',
    );
    const rows = (...l: unknown[]) =>
      rule.rows(exampleMessage({ topic: 'a', payload: JSON.stringify({ l }) }), []).map(({ before }) => before);
    expect(rows({ id: 1, v: 1 }, { id: 2, v: 2 }, { id: 1, v: 3 })).toEqual([undefined, undefined, 10]);
    expect(rows({ id: 2, v: 4 })).toEqual([20]);
  });

  test('a difference within an aggregate', () => {
    const rule = compileRule(
      'SELECT SUM(payload.x - lag(payload.x, 1, payload.x)) AS used FROM "#" GROUP BY TUMBLING(10s)',
    );
    for (const x of [10, 12, 17])
      rule.rows(exampleMessage({ topic: 'm', payload: JSON.stringify({ x }), timestamp: 1000 }), []);
    expect(rule.windows!.next(Number.POSITIVE_INFINITY)).toMatchObject({ row: { used: 7 } });
  });
});

describe('what is remembered is bounded', () => {
  const limits = { maxEntries: 2, maxValueBytes: 64, maxAgeMs: 1000 };

  test('by keys: the one that was written longest ago gives way', () => {
    const rule = compileRule('SELECT lag(payload.x) AS v FROM "#"', { limits });
    const next = (topic: string, x: number) =>
      rule.rows(exampleMessage({ topic, payload: JSON.stringify({ x }), timestamp: 1 }), [])[0]!.v;
    for (const topic of ['a', 'b', 'c']) next(topic, 1);
    expect([next('c', 2), next('b', 2), next('a', 2)]).toEqual([1, 1, undefined]);
    expect(rule.memories.map(({ memory }) => [memory.size, memory.forgotten])).toEqual([[2, 2]]);
  });

  test('by age: a key is as new when its last message is too old', () => {
    const next = session('acc_count(payload.x)', { limits });
    expect([1000, 2000, 3001, 3000, 4001].map(at => next({ x: 1 }, { at }))).toEqual([1, 2, 1, 2, 1]);
  });

  test('by size: a message that needs more fails, and changes nothing', () => {
    const next = session('lag(payload.x)', { limits });
    next({ x: 'short' });
    expect(thrownBy(() => next({ x: 'x'.repeat(100) }))).toMatchObject({ code: 'rule-failed' });
    expect(next({ x: 1 })).toBe('short');
    for (const wide of ['changed_cols(payload)', 'latest(payload)', 'acc_max(payload.x)']) {
      const error = thrownBy(() => session(wide, { limits })({ x: 'x'.repeat(100), y: 1, z: 2, a: 1, b: 1, c: 1 }));
      expect(error.message).toContain('state.maxValueBytes');
    }
  });

  test('long keys are kept as their hashes', () => {
    const next = session('lag(payload.x) OVER (PARTITION BY payload.k)');
    const k = 'k'.repeat(1_000_000);
    next({ x: 1, k });
    expect([next({ x: 2, k }), next({ x: 3, k: `${k}2` })]).toEqual([1, undefined]);
  });
});

describe('what is refused when the rule is loaded', () => {
  test.each([
    ['lower(topic) OVER ()', 'rule-arguments', 'takes no OVER'],
    ['CHANGED(payload.x) OVER (PARTITION BY qos)', 'rule-arguments', 'takes no OVER'],
    ['lag(payload.x, 0)', 'rule-arguments', 'back must be'],
    ['lag(payload.x, 101)', 'rule-arguments', 'back must be'],
    ['lag()', 'rule-arguments', 'takes 1 to 3 arguments'],
    ['lag(payload.x) OVER (PARTITION BY nothing)', 'rule-unknown-name', 'nothing'],
    ['lag(payload.x) OVER (WHEN 1)', 'rule-syntax', 'a condition'],
    ['SUM(payload.x) OVER (PARTITION BY qos)', 'rule-aggregate-misplaced', 'of all messages so far it is acc_sum()'],
    ['SUM(payload.x)', 'rule-aggregate-misplaced', 'of a list it is array_sum()'],
  ])('%s', (sql, code, message) => {
    const error = thrownBy(() => compileRule(`SELECT ${sql} AS v FROM "#"`));
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test.each([
    'SELECT lag(COUNT(*)) AS v FROM "#" GROUP BY TUMBLING(1s)',
    'SELECT SUM(payload.x) OVER (PARTITION BY qos) AS v FROM "#" GROUP BY TUMBLING(1s)',
  ])('%s', sql => {
    expect(['rule-not-grouped', 'rule-arguments']).toContain(thrownBy(() => compileRule(sql)).code);
  });
});

test('a total that a restart forgets is warned of', () => {
  const doubts = (sql: string) => compileRule(`SELECT ${sql} AS v FROM "#"`).doubts.map(({ reason }) => reason);
  expect(doubts('acc_sum(payload.x)')).toEqual([expect.stringContaining('begins at zero again')]);
  expect(doubts('acc_max(payload.x)')).toEqual([]);
});

test('a rule that has to wait, and is tried again, remembers a message once', () => {
  const rule = compileRule('SELECT acc_count(payload.x) AS n, jq(\'.x\', payload) AS x FROM "#"', {
    askJq: () => new Promise(() => {}),
  });
  const message = exampleMessage({ topic: 'a', payload: '{"x": 1}' });
  for (const _try of [1, 2]) {
    expect(thrownBy(() => rule.rows(message, []))).toHaveProperty('answered');
    expect(rule.memories[0]!.memory.size).toBe(1);
    rule.undo();
    expect(rule.memories[0]!.memory.size).toBe(0);
  }
});
