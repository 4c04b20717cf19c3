import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { thrownBy } from '../support/evaluate.ts';
import { type CarMessage, rowsOf, Windowed } from './support/windowed.ts';

const windows = (window: string, more = '') =>
  `SELECT window_start AS s, window_end AS e, COUNT(*) AS n FROM "cars/{car}" ${more} GROUP BY ${window}`;

const at = (...times: number[]): CarMessage[] => times.map(time => ({ at: time }));

describe('tumbling windows', () => {
  test('begin at multiples of their size, and do not contain their end', () => {
    expect(rowsOf(windows('TUMBLING(10s)'), at(1000, 9999, 10_000, 35_000))).toEqual([
      { s: 0, e: 10_000, n: 2 },
      { s: 10_000, e: 20_000, n: 1 },
      { s: 30_000, e: 40_000, n: 1 },
    ]);
  });

  test('give a row for each key, and none for a key without a message', () => {
    const sql = 'SELECT car, payload.on AS on, COUNT(*) AS n FROM "cars/{car}" GROUP BY car, payload.on, TUMBLING(1s)';
    const message = (car: string, on: unknown): CarMessage => ({ at: 0, car, payload: { on } });
    expect(rowsOf(sql, [message('a', true), message('b', true), message('a', true), message('a', false)])).toEqual([
      { car: 'a', on: true, n: 2 },
      { car: 'b', on: true, n: 1 },
      { car: 'a', on: false, n: 1 },
    ]);
  });

  test('take 1 and 1.0 for one key, text for another, and what is missing or null for a third', () => {
    const sql = 'SELECT COUNT(*) AS n FROM "cars/{car}" GROUP BY payload.k, TUMBLING(1s)';
    const messages = ['{"k": 1}', '{"k": 1.0}', '{"k": "1"}', '{}', '{"k": null}'].map(json => ({ at: 0, json }));
    expect(rowsOf(sql, messages)).toEqual([{ n: 2 }, { n: 1 }, { n: 2 }]);
  });

  test('without an aggregate tell which keys there were', () => {
    const sql = 'SELECT car FROM "cars/{car}" GROUP BY car, TUMBLING(1s)';
    expect(rowsOf(sql, [{ at: 0 }, { at: 0, car: 'b' }, { at: 500 }])).toEqual([{ car: 'a' }, { car: 'b' }]);
  });

  test('count what WHERE lets pass, and HAVING leaves out rows', () => {
    const sql = `SELECT car, SUM(payload.x) AS sum FROM "cars/{car}" WHERE payload.x > 0 GROUP BY car, TUMBLING(1s) HAVING sum > 2`;
    const message = (car: string, x: number): CarMessage => ({ at: 0, car, payload: { x } });
    expect(rowsOf(sql, [message('a', 1), message('a', -5), message('b', 2), message('a', 2)])).toEqual([
      { car: 'a', sum: 3 },
    ]);
  });
});

describe('hopping windows', () => {
  test('overlap, each the sum of its hops', () => {
    expect(rowsOf(windows('HOPPING(30s, 10s)'), at(15_000, 25_000))).toEqual([
      { s: -10_000, e: 20_000, n: 1 },
      { s: 0, e: 30_000, n: 2 },
      { s: 10_000, e: 40_000, n: 2 },
      { s: 20_000, e: 50_000, n: 1 },
    ]);
  });

  test('skip the time in which nothing came', () => {
    expect(rowsOf(windows('HOPPING(20s, 10s)'), at(5000, 95_000)).map(({ e }) => e)).toEqual([
      10_000, 20_000, 100_000, 110_000,
    ]);
  });

  test('put each aggregate together as if all messages had come in one hop', () => {
    const aggregates =
      'SELECT SUM(payload.x) AS sum, AVG(payload.x) AS avg, MIN(payload.x) AS min, MAX(payload.x) AS max, FIRST(payload.x) AS first, LAST(payload.x) AS last, round(coalesce(STDDEV(payload.x), 0) * 1000) AS dev, COUNT(DISTINCT payload.x) AS kinds FROM "cars/{car}" GROUP BY';
    const messages = [4, 1, 3, 1, 5, 9.5, 2].map((x, index) => ({ at: index * 1000, payload: { x } }));
    const tumbling = rowsOf(`${aggregates} TUMBLING(10s)`, messages);
    const hopping = rowsOf(`${aggregates} HOPPING(10s, 1s)`, messages);
    expect(hopping[6]).toEqual(tumbling[0]);
  });
});

describe('session windows', () => {
  test('end a gap after the last message of their key', () => {
    const sql =
      'SELECT car, window_start AS s, window_end AS e, COUNT(*) AS n FROM "cars/{car}" GROUP BY car, SESSION(10s)';
    const messages = [...at(0, 9000, 18_999), { at: 5000, car: 'b' }, ...at(40_000)].sort((a, b) => a.at - b.at);
    expect(rowsOf(sql, messages)).toEqual([
      { car: 'b', s: 5000, e: 15_000, n: 1 },
      { car: 'a', s: 0, e: 28_999, n: 3 },
      { car: 'a', s: 40_000, e: 50_000, n: 1 },
    ]);
  });

  test('are two when a message comes exactly a gap later, even if nobody closed the first', () => {
    const windowed = new Windowed(windows('SESSION(10s)'));
    for (const message of at(0, 10_000)) windowed.count(message);
    expect(windowed.rowsUntil(10_000)).toEqual([{ s: 0, e: 10_000, n: 1 }]);
    expect(windowed.rowsUntil(20_000)).toEqual([{ s: 10_000, e: 20_000, n: 1 }]);
  });

  test('are not kept open by a message that could not be counted', () => {
    const windowed = new Windowed(
      'SELECT SUM(payload.x) AS v, window_end AS e FROM "cars/{car}" GROUP BY SESSION(10s)',
    );
    windowed.count({ at: 0, payload: { x: 1 } });
    thrownBy(() => windowed.count({ at: 9000, payload: { x: 'no number' } }));
    expect(windowed.rowsUntil(10_000)).toEqual([{ v: 1, e: 10_000 }]);
  });
});

describe('time', () => {
  test.each([
    'TUMBLING(10s)',
    'HOPPING(20s, 10s)',
    'SESSION(10s)',
  ])('does not go back in %s, and so no message is late', window => {
    const windowed = new Windowed(windows(window));
    windowed.count({ at: 25_000 });
    windowed.rowsUntil(30_000);
    windowed.count({ at: 12_000 });
    const rows = windowed.rowsUntil(Number.POSITIVE_INFINITY);
    expect(rows.map(({ e }) => e).every(end => Number(end) > 30_000)).toBe(true);
    expect(rows.some(({ n }) => Number(n) >= 1)).toBe(true);
  });

  test('ends all windows when the rule is stopped, which then tell when', () => {
    const windowed = new Windowed(windows('HOPPING(20s, 10s)'));
    windowed.count({ at: 11_000 });
    windowed.rule.windows!.stop(12_000);
    expect(windowed.rowsUntil(12_000)).toEqual([
      { s: 0, e: 12_000, n: 1 },
      { s: 10_000, e: 12_000, n: 1 },
    ]);
    expect(windowed.rule.windows!.due).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('state', () => {
  test.each(['TUMBLING(10s)', 'HOPPING(20s, 10s)', 'SESSION(10s)'])('of %s is bounded, and given back', window => {
    const limits = { maxEntries: 3, maxValueBytes: 64 };
    const windowed = new Windowed(`SELECT car, COUNT(*) AS n FROM "cars/{car}" GROUP BY car, ${window}`, { limits });
    for (const car of ['a', 'b', 'c']) windowed.count({ at: 0, car });
    expect(thrownBy(() => windowed.count({ at: 0, car: 'd' }))).toMatchObject({
      code: 'rule-state-full',
      details: { limit: 3 },
    });
    expect(windowed.count({ at: 0, car: 'a' })).toBe(true);
    expect(windowed.rule.windows!.entries).toBe(3);
    windowed.rowsUntil(20_000);
    expect(windowed.rule.windows!.entries).toBe(0);
    expect(windowed.count({ at: 20_000, car: 'd' })).toBe(true);
  });

  test('counts each different value of COUNT(DISTINCT) as an entry', () => {
    const limits = { maxEntries: 3, maxValueBytes: 64 };
    const sql = 'SELECT COUNT(DISTINCT payload.x) AS kinds, COUNT(*) AS n FROM "cars/{car}" GROUP BY TUMBLING(1s)';
    const windowed = new Windowed(sql, { limits });
    for (const x of [1, 2, 1, undefined]) windowed.count({ at: 0, payload: { x } });
    expect(thrownBy(() => windowed.count({ at: 0, payload: { x: 3 } })).code).toBe('rule-state-full');
    expect(windowed.rowsUntil(1000)).toEqual([{ kinds: 2, n: 4 }]);
    expect(windowed.rule.windows!.entries).toBe(0);
  });

  test('takes no key that is too large', () => {
    const limits = { maxEntries: 3, maxValueBytes: 64 };
    const windowed = new Windowed('SELECT car FROM "cars/{car}" GROUP BY car, TUMBLING(1s)', { limits });
    expect(thrownBy(() => windowed.count({ at: 0, car: 'x'.repeat(65) }))).toMatchObject({
      code: 'rule-failed',
      details: { expression: 'car' },
    });
  });
});

/** Messages of some cars, in the order of their times. */
const streams = fc
  .array(fc.record({ at: fc.nat(100_000), car: fc.constantFrom('a', 'b', 'c'), keep: fc.boolean() }), { maxLength: 60 })
  .map(list =>
    list.sort((a, b) => a.at - b.at).map(({ at: time, car, keep }) => ({ at: time, car, payload: { keep } })),
  );

const counted = (window: string, messages: readonly CarMessage[]) =>
  rowsOf(
    `SELECT car, window_start AS s, window_end AS e, COUNT(*) AS n FROM "cars/{car}" WHERE payload.keep GROUP BY car, ${window}`,
    messages,
  );

const total = (rows: readonly { n?: unknown }[]): number => rows.reduce((sum, { n }) => sum + Number(n), 0);
const kept = (messages: readonly CarMessage[]): number =>
  messages.filter(({ payload }) => (payload as { keep: boolean }).keep).length;

test('each message that passes is counted in one tumbling window, in size/hop hopping windows, and in one session', () => {
  fc.assert(
    fc.property(streams, messages => {
      expect(total(counted('TUMBLING(7s)', messages))).toBe(kept(messages));
      expect(total(counted('HOPPING(20s, 4s)', messages))).toBe(kept(messages) * 5);
      expect(total(counted('SESSION(3s)', messages))).toBe(kept(messages));
    }),
  );
});

test('the rows of a hopping window are those that a look at all messages gives', () => {
  fc.assert(
    fc.property(streams, messages => {
      for (const { car, s, e, n } of counted('HOPPING(20s, 4s)', messages)) {
        const inside = messages.filter(each => each.car === car && each.at >= Number(s) && each.at < Number(e));
        expect(n).toBe(kept(inside));
        expect([Number(e) - Number(s), Number(e) % 4000]).toEqual([20_000, 0]);
      }
    }),
  );
});

test('sessions of a key lie a gap apart, and no message within one is', () => {
  fc.assert(
    fc.property(streams, messages => {
      const rows = counted('SESSION(3s)', messages);
      for (const car of ['a', 'b', 'c']) {
        const own = rows.filter(row => row.car === car);
        for (const [index, { s }] of own.entries())
          if (index > 0) expect(Number(s)).toBeGreaterThanOrEqual(Number(own[index - 1]!.e));
        const times = messages.filter(each => each.car === car && kept([each]) === 1).map(each => each.at);
        const breaks = times.filter((time, index) => index === 0 || time - times[index - 1]! >= 3000);
        expect(own.map(({ s }) => s)).toEqual(breaks);
      }
    }),
  );
});

test('it makes no difference when somebody looks for windows that ended', () => {
  fc.assert(
    fc.property(streams, fc.constantFrom('TUMBLING(7s)', 'HOPPING(20s, 4s)', 'SESSION(3s)'), (messages, window) => {
      const sql = `SELECT car, window_end AS e, COUNT(*) AS n FROM "cars/{car}" GROUP BY car, ${window}`;
      const windowed = new Windowed(sql);
      for (const message of messages) windowed.count(message);
      const late = windowed.rowsUntil(Number.POSITIVE_INFINITY);
      const key = (row: object) => JSON.stringify(row);
      expect(late.map(key).sort()).toEqual(rowsOf(sql, messages).map(key).sort());
      expect(windowed.rule.windows!.entries).toBe(0);
    }),
  );
});
