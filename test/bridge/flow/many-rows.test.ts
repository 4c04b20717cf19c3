/**
 * One message of 257 KB with 6,000 elements, each of whose rows held the whole payload, took 1.6 GB, stopped everything for minutes, and came
 * again for ever. Rows are made while there is room, a few at a time, and the source waits.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { Flow, type FlowOptions } from './support/flowing.ts';

let flow: Flow;
afterEach(async () => flow.stop());

const start = async (sql: string, options: Partial<FlowOptions> = {}): Promise<void> => {
  const rules = [{ name: 'r', sql, sinks: [{ kafka: { topic: 't', key: '${i}' } }] }];
  flow = await Flow.start({ topics: ['t', 'dead'], rules, deadLetter: 'dead', ...options });
};

const whole = 'FOREACH payload.list AS i DO i, payload FROM "v/#"';
const list = (length: number, filler = 0) => ({
  topic: 'v/1',
  payload: JSON.stringify({ list: Array.from({ length }, (_, index) => index), filler: 'x'.repeat(filler) }),
});
const keys = () => flow.records('t').map(({ key }) => Number(key));
const upTo = (length: number) => Array.from({ length }, (_, index) => index);

describe('rows that hold more than there is room for', () => {
  test('are written as Kafka takes them: in order, within the limit, with turns for everything else', async () => {
    await start(whole, { maxBytes: '1MiB', broker: { retentionBytes: -1 } });
    let turns = 0;
    let most = 0;
    let ended = false;
    const watch = async () => {
      for (; !ended; turns++) {
        most = Math.max(most, flow.bufferedBytes);
        await turn();
      }
    };
    const watching = watch();
    flow.hand(list(1000, 64_000));
    expect(flow.brakes).toEqual(['pause']);
    await flow.settledAll();
    ended = true;
    await watching;
    expect(keys()).toEqual(upTo(1000));
    // A row is 68 KB, and a batch that grows takes twice what it holds for a moment.
    expect(most).toBeLessThan(2 * 1024 * 1024);
    expect(turns).toBeGreaterThan(20);
    expect([flow.count('delivered'), flow.settled, flow.brakes]).toEqual([1, [0], ['pause', 'resume']]);
  });

  test('wait while Kafka takes nothing, and nothing of them is lost', async () => {
    await start(whole, { maxBytes: '1MiB', broker: { retentionBytes: -1 } });
    const { promise: thawed, resolve: thaw } = Promise.withResolvers<void>();
    const frozen = flow.kafka.faults.add({ api: 'Produce', until: thawed, times: Number.POSITIVE_INFINITY });
    flow.hand(list(200, 64_000));
    await frozen.met();
    expect(flow.bufferedBytes).toBeLessThan(3 * 1024 * 1024);
    frozen.remove();
    thaw();
    await flow.settledAll();
    expect(keys()).toEqual(upTo(200));
  });

  test('leave those before an element that fails, which makes the message one dead letter', async () => {
    await start('FOREACH payload.list AS i DO i, 1 / (i - 150) AS v, payload FROM "v/#"', { maxBytes: '1MiB' });
    await flow.send(list(200, 64_000));
    expect(keys()).toEqual(upTo(150));
    expect(flow.records('dead')).toHaveLength(1);
    expect([flow.count('dead_lettered'), flow.settled]).toEqual([1, [0]]);
    expect(flow.failures).toEqual([{ rule: 'r', code: 'rule-failed' }]);
  });
});

test('rows of a usual message are all or none: one element that fails fails the message', async () => {
  await start('FOREACH payload.list AS i DO i, 1 / (i - 150) AS v FROM "v/#"');
  await flow.send(list(200));
  expect([flow.records('t'), flow.count('dead_lettered'), flow.settled]).toEqual([[], 1, [0]]);
});

test('an element that is nested deeper than it can be written fails its message alone, with its reason', async () => {
  await start('FOREACH payload.list AS i DO i FROM "v/#"');
  await flow.send({ topic: 'v/1', payload: `{"list": [${'['.repeat(50_000)}${']'.repeat(50_000)}]}` });
  await flow.send(list(2));
  expect(flow.failures).toEqual([{ rule: 'r', code: 'value-not-encodable' }]);
  expect(keys()).toEqual([0, 1]);
});

test('rows that a sink cannot write are one dead letter of the message, and the others are written', async () => {
  await start('FOREACH payload.list AS i DO i FROM "v/#"', {
    rules: [
      {
        name: 'r',
        sql: 'FOREACH payload.list AS i DO i FROM "v/#"',
        sinks: [{ kafka: { topic: 't', key: '${i}' } }, { kafka: { topic: 't${i}', key: '${i}' } }],
      },
    ],
    topics: ['t', 't0', 't1', 'dead'],
  });
  await flow.send({ topic: 'v/1', payload: '{"list": [0, "a b", "c d", 1]}' });
  expect(flow.records('t').map(({ key }) => key)).toEqual(['0', 'a b', 'c d', '1']);
  expect([flow.records('t0').length, flow.records('t1').length, flow.records('dead').length]).toEqual([1, 1, 1]);
  expect([flow.count('dead_lettered'), flow.settled]).toEqual([1, [0]]);
});

test('elements that INCASE leaves out take their turns too', async () => {
  const costly = "regex_replace(payload.filler, 'x', 'y') != 'x'";
  await start(`FOREACH payload.list AS i DO i INCASE ${costly} AND i < 3 FROM "v/#"`);
  flow.hand(list(200, 3000));
  expect(flow.brakes).toEqual(['pause']);
  let turns = 0;
  for (; flow.settled.length === 0; turns++) await turn();
  expect(turns).toBeGreaterThan(3);
  expect(keys()).toEqual([0, 1, 2]);
});

test('other rules of the message come after its rows, and messages behind it after them', async () => {
  const rules = [
    { name: 'many', sql: whole, sinks: [{ kafka: { topic: 't', key: '${i}' } }] },
    { name: 'one', sql: 'SELECT topic FROM "v/#"', sinks: [{ kafka: { topic: 't', key: 'after' } }] },
  ];
  await start(whole, { rules, maxBytes: '1MiB', broker: { retentionBytes: -1 } });
  flow.hand(list(100, 64_000));
  await until('the source to go on', () => flow.brakes.includes('resume'), { everyMs: 2 });
  await flow.send({ topic: 'v/2', payload: '{"list": [7]}' });
  expect(flow.records('t').map(({ key }) => key)).toEqual([...upTo(100).map(String), 'after', '7', 'after']);
  expect([flow.count('delivered'), flow.settled.toSorted()]).toEqual([2, [0, 1]]);
});

test('an event may make as many', async () => {
  const rules = [
    { name: 'fails', sql: 'SELECT payload.x AS x FROM "v/#"', sinks: [{ kafka: { topic: 't' } }] },
    {
      name: 'e',
      sql: 'FOREACH payload.list AS i DO i, payload FROM "$events/message/dropped"',
      sinks: [{ kafka: { topic: 'events', key: '${i}' } }],
    },
  ];
  await start(whole, { rules, topics: ['t', 'events'], maxBytes: '1MiB', broker: { retentionBytes: -1 } });
  flow.raise('message.dropped', {
    topic: 'v/1',
    reason: 'rule_failed',
    payload: Buffer.from(list(300, 64_000).payload),
  });
  await until('all rows', () => flow.records('events').length === 300, { everyMs: 5 });
  expect(flow.records('events').map(({ key }) => Number(key))).toEqual(upTo(300));
});
