/**
 * A jq program that did not end stopped all rules for 20 seconds, and keep-alive and /healthz with them. jq is awaited: its message waits, and
 * everything else goes on.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { Flow, type FlowOptions } from './support/flowing.ts';

let flow: Flow;
afterEach(async () => flow.stop());

const rule = (name: string, sql: string, topic = 't') => ({ name, sql, sinks: [{ kafka: { topic, value: '${.}' } }] });
const start = async (sql: string, options: Partial<FlowOptions> = {}): Promise<void> => {
  flow = await Flow.start({ topics: ['t', 'u', 'dead'], deadLetter: 'dead', rules: [rule('r', sql)], ...options });
};
const values = (topic = 't') => flow.records(topic).map(({ value }) => JSON.parse(value!));
const endless = "jq('def f: f; f', payload, 200)";

/** Turns of the event loop until all is settled: a thread that sleeps has none. */
const turnsUntilSettled = async (): Promise<number> => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await flow.settledAll();
  clearInterval(timer);
  return turns;
};

describe('a jq program', () => {
  test('that does not end is a dead letter when its time is up; the source waits, and everything else goes on', async () => {
    await start(`SELECT ${endless} AS x FROM "v/#" WHERE topic = 'v/bad'`, {
      rules: [
        rule('r', `SELECT ${endless} AS x FROM "v/bad"`),
        rule('good', 'SELECT jq(\'.a + 1\', payload)[1] AS x FROM "v/good"', 'u'),
      ],
    });
    flow.hand({ topic: 'v/bad', payload: '{"a": 1}' });
    expect(flow.brakes).toEqual(['pause']);
    expect(await turnsUntilSettled()).toBeGreaterThan(20);
    expect(flow.records('dead')).toHaveLength(1);
    expect(Object.fromEntries(flow.records('dead')[0]!.headers)['mkb.error.message']).toContain('200 ms');
    await flow.send({ topic: 'v/good', payload: '{"a": 41}' });
    expect([values('u'), flow.brakes]).toEqual([[{ x: 42 }], ['pause', 'resume', 'pause', 'resume']]);
    expect([flow.count('dead_lettered'), flow.count('delivered'), flow.settled]).toEqual([1, 1, [0, 1]]);
  });

  test('gets the payload that the message had, although the next is read into the same place', async () => {
    await start('SELECT jq(\'.a\', payload)[1] AS a, payload.b AS b, topic FROM "v/#"');
    await flow.send({ topic: 'v/1', payload: '{"a": [1, 2], "b": "c"}' });
    expect(values()).toEqual([{ a: [1, 2], b: 'c', topic: 'v/1' }]);
  });

  test('is asked once each, whatever the rule remembers, draws by chance or reads from the clock', async () => {
    const sql = `SELECT jq('.', str(random()))[1] AS first, jq('. + 1', str(random()))[1] AS second,
      kv_store_put('seen', coalesce(kv_store_get('seen'), 0) + 1) AS put, kv_store_get('seen') AS seen,
      CHANGED(payload.x) AS changed FROM "v/#"`;
    await start(sql);
    await flow.send({ topic: 'v/1', payload: '{"x": 1}' });
    await flow.send({ topic: 'v/1', payload: '{"x": 1}' });
    const [one, two] = values();
    expect([one.seen, two.seen - one.seen, one.changed, two.changed]).toEqual([one.seen, 1, true, false]);
    expect(one.second).toBeGreaterThanOrEqual(1);
    expect(one.first).not.toBe(two.first);
  });

  test('may be called for each element of FOREACH, and each element is made once', async () => {
    const sql = `FOREACH payload.list AS i DO jq('. * 2', str(i))[1] AS x, CHANGED(i, 'k') AS changed INCASE jq('. > 1', str(i))[1]
      FROM "v/#"`;
    await start(sql);
    await flow.send({ topic: 'v/1', payload: '{"list": [1, 2, 2, 3]}' });
    expect(values()).toEqual([
      { x: 4, changed: true },
      { x: 4, changed: false },
      { x: 6, changed: true },
    ]);
  });

  test('that fails, or is none, fails the message alone', async () => {
    await start('SELECT jq(payload.program, \'1\') AS x FROM "v/#"');
    await flow.send({ topic: 'v/1', payload: '{"program": "]"}' });
    await flow.send({ topic: 'v/1', payload: '{"program": "error(\\"no\\")"}' });
    await flow.send({ topic: 'v/1', payload: '{"program": ".", "more": 1}' });
    expect([flow.count('dead_lettered'), values()]).toEqual([2, [{ x: [1] }]]);
  });

  test('whose output is larger than any message could be fails the message', async () => {
    await start('SELECT jq(\'"x" * 20000000\', payload) AS x FROM "v/#"');
    await flow.send({ topic: 'v/1', payload: '1' });
    expect(Object.fromEntries(flow.records('dead')[0]!.headers)['mkb.error.message']).toContain('at most 16777216');
  });

  test('counts in a window, and may stand after it', async () => {
    const sql = `SELECT SUM(jq('.a', payload)[1]) AS sum, jq('.a * 10', LAST(payload))[1] AS last FROM "v/#"
      WHERE jq('.a > 1', payload)[1] GROUP BY TUMBLING(10s)`;
    await start(sql);
    for (const a of [1, 2, 3]) await flow.send({ topic: 'v/1', payload: JSON.stringify({ a }) });
    flow.clock.pass(20_000);
    await until('the row', () => flow.records('t').length === 1, { everyMs: 2 });
    expect([values(), flow.count('aggregated'), flow.count('filtered')]).toEqual([[{ sum: 5, last: 30 }], 2, 1]);
  });

  test('counts also if it was asked before the bridge stopped and answered after', async () => {
    // The message was acknowledged as part of a window that nobody wrote any more.
    await start('SELECT COUNT(*) AS n FROM "v/#" WHERE jq(\'.a\', payload)[1] = 1 GROUP BY TUMBLING(10s)');
    flow.hand({ topic: 'v/1', payload: '{"a": 1}' });
    flow.stopWindows();
    await flow.settledAll();
    await flow.rowsWritten();
    expect([values(), flow.count('aggregated')]).toEqual([[{ n: 1 }], 1]);
  });

  test('may be asked about an event', async () => {
    await start('SELECT payload.x FROM "v/#"', {
      rules: [rule('e', 'SELECT jq(\'.a\', payload)[1] AS a FROM "$events/message/dropped"')],
    });
    flow.raise('message.dropped', { topic: 'v/1', reason: 'rule_failed', payload: Buffer.from('{"a": 7}') });
    flow.raise('message.dropped', { topic: 'v/1', reason: 'rule_failed', payload: Buffer.from('{"a": 8}') });
    await until('both rows', () => flow.records('t').length === 2, { everyMs: 2 });
    expect(values()).toEqual([{ a: 7 }, { a: 8 }]);
  });
});
