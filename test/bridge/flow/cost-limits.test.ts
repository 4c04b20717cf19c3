/**
 * One message could ask for any number of rows of any size: its rows were made one after the other, and everything of its source waited for
 * hours. Past a limit it is a dead letter that names the limit, and the next message has its turn.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Flow } from './support/flowing.ts';

let flow: Flow;
afterEach(async () => flow.stop());

const start = async (sql: string, limits: object): Promise<void> => {
  const rules = [{ name: 'r', sql, sinks: [{ kafka: { topic: 't' } }] }];
  flow = await Flow.start({ topics: ['t', 'dead'], rules, deadLetter: 'dead', limits, broker: { retentionBytes: -1 } });
};

const message = (elements: number, filler = 0) => ({
  topic: 'v/1',
  payload: JSON.stringify({ list: Array.from({ length: elements }, (_, i) => i), filler: 'x'.repeat(filler) }),
});
const each = 'FOREACH payload.list AS i DO i FROM "v/#"';
const whole = 'FOREACH payload.list AS i DO i, payload FROM "v/#"';
const deadReasons = () => flow.records('dead').map(({ headers }) => Object.fromEntries(headers)['mkb.error.code']);

describe('a message of which FOREACH makes too much', () => {
  test.each<[string, string, object, number, number]>([
    ['rows', each, { rowsPerMessage: 10 }, 11, 0],
    ['rows, of which many are written before', each, { rowsPerMessage: 3000 }, 3001, 0],
    ['bytes', whole, { bytesPerMessage: '64KiB' }, 40, 2000],
    ['bytes of large rows', whole, { bytesPerMessage: '4MiB' }, 300, 64_000],
  ])('(%s) is one dead letter with the limit named, and the next goes on', async (kind, sql, limits, count, filler) => {
    await start(sql, limits);
    flow.hand(message(count, filler));
    let turns = 0;
    for (; flow.settled.length < 1; turns++) await turn();
    expect(turns).toBeGreaterThan(1);
    await flow.send(message(2));
    expect(deadReasons()).toEqual([kind.startsWith('rows') ? 'rule-rows-exceeded' : 'rule-bytes-exceeded']);
    const text = Object.fromEntries(flow.records('dead')[0]!.headers)['mkb.error.message'];
    expect(text).toContain(String(kind.startsWith('rows') ? Object.values(limits)[0] : 'bytes'));
    expect([flow.count('dead_lettered'), flow.count('delivered'), flow.settled]).toEqual([1, 1, [0, 1]]);
  });

  test('of few rows leaves none of them written', async () => {
    await start(each, { rowsPerMessage: 10 });
    await flow.send(message(11));
    expect(flow.records('t')).toEqual([]);
  });

  test('and no more than the limit is none', async () => {
    await start(each, { rowsPerMessage: 10 });
    await flow.send(message(10));
    expect([flow.records('t').length, flow.count('delivered')]).toEqual([10, 1]);
  });

  test('may leave elements out, which are no rows', async () => {
    await start('FOREACH payload.list AS i DO i INCASE i < 5 FROM "v/#"', { rowsPerMessage: 10 });
    await flow.send(message(5000));
    expect([flow.records('t').length, flow.count('delivered')]).toEqual([5, 1]);
  });
});

test('a jq program that does not end is ended after ruleTime, and others go on', async () => {
  await start(`SELECT jq('def f: f; f', payload) AS x FROM "v/#"`, { ruleTime: '300ms' });
  flow.hand({ topic: 'v/1', payload: '{}' });
  let turns = 0;
  for (; flow.settled.length < 1; turns++) await turn();
  expect(turns).toBeGreaterThan(10);
  expect(Object.fromEntries(flow.records('dead')[0]!.headers)['mkb.error.message']).toContain('within 300 ms');
});
