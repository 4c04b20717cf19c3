import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRule } from '../../../rules/compile.ts';
import { capturesIn, type ExampleOptions, exampleMessage } from '../../../rules/example-message.ts';
import type { Rule } from '../../../rules/rule.ts';
import type { Ambient } from '../../../rules/scope.ts';
import { thrownBy } from '../support/evaluate.ts';

/** A rule of one condition, given one message after the other: whether each passes. */
const session = (condition: string, ambient: Partial<Ambient> = {}) => {
  const rule: Rule = compileRule(`SELECT topic FROM "cars/{car}" WHERE ${condition}`, ambient);
  const passes = (payload: unknown, options: Partial<ExampleOptions> = {}): boolean => {
    const message = exampleMessage({ topic: 'cars/a', payload: JSON.stringify(payload), ...options });
    return rule.rows(message, capturesIn(rule, message.topic)!).length > 0;
  };
  return Object.assign(passes, { rule });
};

describe('CHANGED', () => {
  test('is true for the first value and for each that differs from the one before', () => {
    const passes = session('CHANGED(payload.x)');
    expect([1, 1, 2, 2, 1].map(x => passes({ x }))).toEqual([true, false, true, false, true]);
  });

  test('compares with the last value of the same topic', () => {
    const passes = session('changed(payload.x)');
    const of = (car: string, x: number) => passes({ x }, { topic: `cars/${car}` });
    expect([of('a', 1), of('b', 1), of('a', 1), of('b', 2), of('a', 1)]).toEqual([true, true, false, true, false]);
  });

  test('compares with the last value of a key, if one is given', () => {
    const passes = session('CHANGED(payload.x, payload.id)');
    const of = (id: number, x: number) => passes({ x, id }, { topic: `cars/${Math.random()}` });
    expect([of(1, 5), of(2, 5), of(1, 5), of(2, 6)]).toEqual([true, true, false, true]);
  });

  test('is false for a value that is missing, which is forgotten at once; null is a value', () => {
    const passes = session('CHANGED(payload.x)');
    expect([{ x: 1 }, {}, { x: 1 }, { x: null }, { x: null }, { x: 1 }].map(each => passes(each))).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
    ]);
  });

  test('takes 1 and 1.0, and maps that differ in the order of keys, for the same', () => {
    const passes = session('CHANGED(payload.x)');
    const of = (json: string) => passes(undefined, { payload: json });
    expect([of('{"x": 1}'), of('{"x": 1.0}'), of('{"x": "1"}')]).toEqual([true, false, true]);
    expect([of('{"x": {"a": 1, "b": 2}}'), of('{"x": {"b": 2, "a": 1}}')]).toEqual([true, false]);
  });

  test('sees only messages for which the conditions before it hold', () => {
    const passes = session('payload.ok AND CHANGED(payload.x)');
    expect([passes({ ok: true, x: 1 }), passes({ ok: false, x: 2 }), passes({ ok: true, x: 1 })]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('remembers for each place in a rule on its own', () => {
    const passes = session('CHANGED(payload.x) OR CHANGED(payload.x)');
    expect([passes({ x: 1 }), passes({ x: 2 }), passes({ x: 2 }), passes({ x: 2 })]).toEqual([true, true, true, false]);
  });

  test('forgets the topic that was silent longest when its memory is full, and counts it', () => {
    const passes = session('CHANGED(payload.x)', { limits: { maxEntries: 2, maxValueBytes: 64 } });
    const of = (car: string) => passes({ x: 1 }, { topic: `cars/${car}` });
    expect(['a', 'b', 'a', 'c', 'a', 'b'].map(of)).toEqual([true, true, false, true, false, true]);
    expect(passes.rule.memories.map(({ call, memory }) => [call, memory.size, memory.forgotten])).toEqual([
      ['CHANGED(payload.x)', 2, 2],
    ]);
  });

  test('lets through the first of each run of equal values', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 30 }), values => {
        const passes = session('CHANGED(payload.x)');
        const seen = values.map(x => passes({ x }));
        const expected = values.map((x, at) => at === 0 || canonical(x) !== canonical(values[at - 1]));
        expect(seen).toEqual(expected);
      }),
    );
  });
});

/** JSON with keys in order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

describe('DEDUP', () => {
  test('lets a value through once in its time, whatever the topic', () => {
    const passes = session('DEDUP(payload.id, 60s)');
    const at = (timestamp: number, id: unknown, car = 'a') => passes({ id }, { timestamp, topic: `cars/${car}` });
    expect([at(0, 1), at(0, 2), at(59_999, 1, 'b'), at(60_000, 1), at(119_999, 1), at(119_999, 2)]).toEqual([
      true,
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  test('lets through what has no value, and forgets the oldest value when its memory is full', () => {
    const passes = session('dedup(payload.id, 1h30m)', { limits: { maxEntries: 2, maxValueBytes: 64 } });
    expect([passes({}), passes({ id: null }), passes({})]).toEqual([true, true, true]);
    expect([1, 2, 3, 2, 1].map(id => passes({ id }))).toEqual([true, true, true, false, true]);
  });

  test('lets a value through again after the clock was set back', () => {
    const passes = session('DEDUP(payload.id, 60s)');
    expect([passes({ id: 1 }, { timestamp: 500_000 }), passes({ id: 1 }, { timestamp: 100_000 })]).toEqual([
      true,
      true,
    ]);
  });

  test('is for each value true at times that lie its duration apart', () => {
    const messages = fc.array(fc.tuple(fc.nat(5000), fc.nat(3)), { maxLength: 80 });
    fc.assert(
      fc.property(messages, list => {
        const passes = session('DEDUP(payload.id, 1s)');
        const last = new Map<number, number>();
        for (const [timestamp, id] of list.sort((a, b) => a[0] - b[0])) {
          const expected = timestamp - (last.get(id) ?? Number.NEGATIVE_INFINITY) >= 1000;
          expect(passes({ id }, { timestamp })).toBe(expected);
          if (expected) last.set(id, timestamp);
        }
      }),
    );
  });

  test.each([
    ['DEDUP(qos)', 'takes 2 arguments, not 1'],
    ["DEDUP(qos, 'soon')", 'within must be a duration such as 60s or 1h30m'],
    ['DEDUP(qos, 60)', 'within must be a duration such as 60s or 1h30m'],
    ['CHANGED()', 'takes 1 to 2 arguments, not 0'],
  ])('%s is refused when the rule is loaded', (call, reason) => {
    const error = thrownBy(() => session(call));
    expect(error.code).toBe('rule-arguments');
    expect(error.message).toContain(reason);
  });
});

test('CHANGED in SELECT sees every message, whatever WHERE says', () => {
  const rule = compileRule('SELECT CHANGED(payload.x) AS c FROM "cars/+" WHERE payload.ok');
  const c = (payload: object) =>
    rule.rows(exampleMessage({ topic: 'cars/a', payload: JSON.stringify(payload) }), [])[0]?.c;
  expect([c({ x: 1, ok: true }), c({ x: 2, ok: false }), c({ x: 2, ok: true })]).toEqual([true, undefined, false]);
});
