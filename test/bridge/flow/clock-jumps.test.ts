/** When the clock was set back an hour, windows gave no rows for that hour, and none after it was right again. */
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { Flow } from './support/flowing.ts';

const hour = 3_600_000;
const begin = 1_700_000_000_000;

let flow: Flow;
afterEach(async () => flow.stop());

const start = async (window: string): Promise<void> => {
  const sql = `SELECT topic, COUNT(*) AS n, window_start AS since, window_end AS until FROM "v/#" GROUP BY topic, ${window}`;
  flow = await Flow.start({ topics: ['t'], rules: [{ name: 'r', sql, sinks: [{ kafka: { topic: 't' } }] }] });
  flow.clock.set(begin);
};

const send = () => flow.send({ topic: 'v/1', payload: 'x' });
const rows = () =>
  flow.records('t').map(({ value }) => JSON.parse(value!) as { n: number; since: number; until: number });

describe.each(['TUMBLING(10s)', 'HOPPING(10s, 5s)', 'SESSION(10s)'])('%s', window => {
  test.each([
    ['back an hour', -hour],
    ['back a week', -168 * hour],
    ['back five seconds', -5000],
  ])('whose clock is set %s ends what is open, and counts on at the new time', async (_what, jump) => {
    await start(window);
    await send();
    flow.clock.set(begin + 1000 + jump);
    await until('the row of what was open', () => rows().length > 0, { everyMs: 2 });
    expect(rows()[0]).toMatchObject({ n: 1, until: begin + 1 });
    const before = rows().length;
    await send();
    await flow.pass(30_000);
    const later = rows().slice(before);
    expect(later.length).toBeGreaterThan(0);
    for (const { n, since } of later) expect([n, since <= begin + 1000 + jump]).toEqual([1, true]);
  });

  test('whose clock is an hour ahead for a while gives rows then, and when it is right again', async () => {
    await start(window);
    await send();
    flow.clock.set(begin + hour);
    await until('the row of what was open', () => rows().length > 0, { everyMs: 2 });
    const early = rows().length;
    await send();
    flow.clock.set(begin + 2000);
    await until('the row of the wrong hour', () => rows().length > early, { everyMs: 2 });
    const wrong = rows().length;
    await send();
    await flow.pass(30_000);
    expect(rows().slice(wrong).at(-1)).toMatchObject({ n: 1 });
    expect(Math.abs(rows().at(-1)!.until - begin)).toBeLessThan(60_000);
  });

  test('that a server of time corrects by less than a second is left alone', async () => {
    await start(window);
    await send();
    flow.clock.set(begin - 900);
    await send();
    expect(rows()).toEqual([]);
    await flow.pass(30_000);
    expect(rows().some(({ n }) => n === 2)).toBe(true);
  });
});

test('a message that was read before the clock was set back counts at the new time', async () => {
  await start('TUMBLING(10s)');
  await send();
  flow.clock.set(begin - hour);
  await send();
  await flow.pass(60_000);
  expect(rows().map(({ n, since }) => [n, since])).toEqual([
    [1, begin],
    [1, begin - hour],
  ]);
});

test('DEDUP lets a value through again rather than never, when the clock was set back', async () => {
  const sql = 'SELECT payload FROM "v/#" WHERE DEDUP(payload, 60s)';
  flow = await Flow.start({ topics: ['t'], rules: [{ name: 'r', sql, sinks: [{ kafka: { topic: 't' } }] }] });
  flow.clock.set(begin);
  await send();
  await send();
  flow.clock.set(begin - hour);
  await send();
  await send();
  flow.clock.set(begin);
  await send();
  expect(flow.records('t')).toHaveLength(3);
});
