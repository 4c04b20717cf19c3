import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { Flow, type FlowOptions } from './support/flowing.ts';

let flow: Flow;
afterEach(() => flow.stop());

/** A flow whose clock stands at the beginning of a minute. */
const start = async (options: Partial<FlowOptions> & Pick<FlowOptions, 'rules'>): Promise<Flow> => {
  flow = await Flow.start({ topics: ['t', 'u', 'dead'], ...options });
  flow.clock.pass(minute - (flow.clock.now() % minute));
  return flow;
};

const minute = 60_000;

const rule = (name: string, sql: string, ...sinks: Record<string, unknown>[]) => ({
  name,
  sql,
  sinks: sinks.map(kafka => ({ kafka })),
});

const counting = (window = 'TUMBLING(10s)', sink: Record<string, unknown> = {}) =>
  rule('r', `SELECT vin, COUNT(*) AS n, SUM(payload.v) AS sum FROM "v/{vin}" GROUP BY vin, ${window}`, {
    topic: 't',
    key: '${vin}',
    ...sink,
  });

const send = (vin: string, v: unknown = 1): Promise<void> =>
  flow.send({ topic: `v/${vin}`, payload: JSON.stringify({ v }) });

const values = (topic = 't') => flow.records(topic).map(({ value }) => JSON.parse(value!));

describe('a message that is counted', () => {
  test('is settled at once as aggregated, long before its window ends', async () => {
    await start({ rules: [counting()] });
    await send('a');
    expect([flow.count('aggregated'), flow.settled, flow.records('t')]).toEqual([1, [0], []]);
  });

  test('is part of the row that its window gives, which has the key and the time of the window', async () => {
    await start({ rules: [counting()] });
    const began = flow.clock.now();
    await send('a', 2);
    await send('b', 5);
    await flow.pass(9999);
    await send('a', 3);
    expect(flow.records('t')).toEqual([]);
    await flow.pass(1);
    expect(flow.records('t')).toEqual([
      { key: 'a', value: '{"vin":"a","n":2,"sum":5}', timestamp: began + 10_000, headers: [] },
      { key: 'b', value: '{"vin":"b","n":1,"sum":5}', timestamp: began + 10_000, headers: [] },
    ]);
    expect([flow.rules[0]!.rows, flow.rules[0]!.windows!.entries, flow.clock.alarms]).toEqual([2, 0, 0]);
  });

  test('is delivered if another rule makes a record of it, and filtered if WHERE says no', async () => {
    const forward = rule('forward', 'SELECT payload FROM "v/b"', { topic: 'u' });
    const sql = 'SELECT COUNT(*) AS n FROM "v/#" WHERE payload.v > 0 GROUP BY TUMBLING(10s)';
    await start({ rules: [rule('r', sql, { topic: 't' }), forward] });
    await send('a', 1);
    await send('b', 1);
    await send('a', 0);
    expect([flow.count('aggregated'), flow.count('delivered'), flow.count('filtered')]).toEqual([1, 1, 1]);
    await flow.pass(10_000);
    expect(values()).toEqual([{ n: 2 }]);
  });

  test('and that cannot be counted is a dead letter with the rule’s name, and part of no aggregate', async () => {
    await start({ deadLetter: 'dead', rules: [counting()] });
    await send('a', 1);
    await send('a', 'fast');
    expect(flow.count('dead_lettered')).toBe(1);
    expect(Object.fromEntries(flow.records('dead')[0]!.headers)).toMatchObject({
      'mkb.rule': 'r',
      'mkb.error.code': 'rule-failed',
      'mqtt.topic': 'v/a',
    });
    await flow.pass(10_000);
    expect(values()).toEqual([{ vin: 'a', n: 1, sum: 1 }]);
  });

  test('and needs a key that there is no room for is dropped as state_full; those with a key go on', async () => {
    await start({ rules: [{ ...counting(), state: { maxEntries: 2 } }] });
    for (const vin of ['a', 'b', 'c', 'a']) await send(vin);
    expect([flow.count('aggregated'), flow.count('state_full'), flow.failures]).toEqual([
      3,
      1,
      [{ rule: 'r', code: 'rule-state-full' }],
    ]);
    await flow.pass(10_000);
    await send('c');
    await flow.pass(10_000);
    expect(values().map(({ vin, n }) => [vin, n])).toEqual([
      ['a', 2],
      ['b', 1],
      ['c', 1],
    ]);
  });
});

describe('windows', () => {
  test('that hop give a row at each hop, until the last one that spans the message', async () => {
    await start({ rules: [counting('HOPPING(30s, 10s)')] });
    await send('a', 1);
    await flow.pass(10_000);
    await send('a', 10);
    await flow.pass(minute);
    expect(values().map(({ sum }) => sum)).toEqual([1, 11, 11, 10]);
    expect(flow.clock.alarms).toBe(0);
  });

  test('of a session end a gap after the last message of the key', async () => {
    await start({ rules: [counting('SESSION(5s)')] });
    const began = flow.clock.now();
    await send('a', 1);
    await flow.pass(4000);
    await send('b', 1);
    await send('a', 1);
    await flow.pass(4000);
    await send('b', 1);
    await flow.pass(minute);
    expect(flow.records('t').map(({ key, timestamp }) => [key, timestamp - began])).toEqual([
      ['a', 9000],
      ['b', 13_000],
    ]);
  });

  test('of several rules each have one timer, however many keys there are', async () => {
    await start({ rules: [counting('SESSION(5s)'), { ...counting('HOPPING(1m, 10s)'), name: 's' }] });
    for (let vin = 0; vin < 50; vin++) await send(`${vin}`);
    expect(flow.clock.alarms).toBe(2);
  });

  test('of very many keys are written in turns, so that others are not held up', async () => {
    await start({ rules: [counting()] });
    const many = 2500;
    for (let vin = 0; vin < many; vin++) flow.hand({ topic: `v/${vin}`, payload: '{"v": 1}' });
    const turns: number[] = [];
    flow.clock.eachRing = () => void turns.push(flow.rules[0]!.rows);
    await flow.pass(10_000);
    expect(turns).toEqual([1000, 2000, 2500]);
    expect(flow.records('t')).toHaveLength(many);
  });

  test('wait while Kafka does not keep up, and lose nothing', async () => {
    await start({ rules: [counting(), rule('f', 'SELECT payload FROM "big"', { topic: 'u' })], maxBytes: '1MiB' });
    const released = Promise.withResolvers<void>();
    flow.kafka.faults.add({ api: 'Produce', until: released.promise, times: Number.POSITIVE_INFINITY });
    await send('a');
    flow.hand({ topic: 'big', payload: 'x'.repeat(700_000) }, { topic: 'big', payload: 'x'.repeat(700_000) });
    flow.clock.pass(minute);
    expect([flow.brakes, flow.rules[0]!.rows, flow.clock.alarms]).toEqual([['pause'], 0, 0]);
    released.resolve();
    await flow.send();
    await flow.rowsWritten();
    expect(values()).toEqual([{ vin: 'a', n: 1, sum: 1 }]);
  });

  test('are closed early when the bridge stops, and their rows tell when', async () => {
    const sql = 'SELECT COUNT(*) AS n, window_end - window_start AS ms FROM "v/#" GROUP BY HOPPING(20s, 10s)';
    await start({ rules: [rule('r', sql, { topic: 't' })] });
    await send('a');
    await flow.pass(3000);
    flow.stopWindows();
    await flow.rowsWritten();
    expect(values()).toEqual([
      { n: 1, ms: 13_000 },
      { n: 1, ms: 3000 },
    ]);
  });
});

describe('a row of a window', () => {
  test('goes to every sink, to the topic and with the time and headers that its templates name', async () => {
    const sink = { topic: '${kind}', timestamp: '${window_start}', headers: [{ name: 'n', value: '${n}' }] };
    const sql = 'SELECT COUNT(*) AS n FROM "{kind}/#" GROUP BY kind, TUMBLING(10s)';
    await start({ rules: [rule('r', sql, sink, { topic: 'u' })] });
    const began = flow.clock.now();
    await flow.send({ topic: 't/1', payload: '' });
    await flow.pass(10_000);
    expect(flow.records('t')).toEqual([{ value: '{"n":1}', timestamp: began, headers: [['n', '1']] }]);
    expect(values('u')).toEqual([{ n: 1 }]);
    expect(flow.rules[0]!.sinks.map(({ delivered }) => delivered)).toEqual([1, 1]);
  });

  test('that cannot be worked out is a dead letter that tells the window and its key', async () => {
    const sql = 'SELECT 1 / SUM(payload.v) AS x FROM "v/{vin}" GROUP BY vin, TUMBLING(10s)';
    await start({ deadLetter: 'dead', rules: [rule('r', sql, { topic: 't' })] });
    const began = flow.clock.now();
    await send('a', 0);
    await send('b', 1);
    await flow.pass(10_000);
    expect(values('t')).toEqual([{ x: 1 }]);
    expect(values('dead')).toEqual([{ vin: 'a', window_start: began, window_end: began + 10_000 }]);
    expect(flow.failures).toEqual([{ rule: 'r', code: 'rule-failed' }]);
    expect([flow.rules[0]!.rowsFailed, flow.rows.deadLettered, flow.rows.inFlight]).toEqual([1, 1, 0]);
  });

  test('for a topic that does not exist is a dead letter that holds the row, under its key', async () => {
    await start({ deadLetter: 'dead', rules: [counting('TUMBLING(10s)', { topic: '${vin}' })] });
    await send('missing', 7);
    await flow.pass(10_000);
    expect(flow.records('dead')).toMatchObject([{ key: 'missing', value: '{"vin":"missing","n":1,"sum":7}' }]);
    expect(Object.fromEntries(flow.records('dead')[0]!.headers)).toMatchObject({
      'mkb.error.code': 'kafka-unknown-topic',
      'mkb.rule': 'r',
    });
    expect([flow.rules[0]!.sinks[0]!.failed, flow.rows.deadLettered, flow.count('aggregated')]).toEqual([1, 1, 1]);
  });

  test('that even the dead-letter topic finds too large is dropped and counted', async () => {
    const sql = 'SELECT LAST(payload.text) AS text FROM "v/#" GROUP BY TUMBLING(10s)';
    const big = { ...rule('r', sql, { topic: 't' }), state: { maxValueBytes: '64KiB' } };
    await start({ deadLetter: 'dead', rules: [big], broker: { maxMessageBytes: 200 } });
    await flow.send({ topic: 'v/a', payload: JSON.stringify({ text: 'x'.repeat(20_000) }) });
    await flow.pass(10_000);
    expect([flow.records('t'), flow.records('dead'), flow.rows.dropped]).toEqual([[], [], 1]);
    expect(flow.failures.map(({ rule, code }) => [rule, code])).toEqual([
      ['r', 'kafka-message-too-large'],
      ['dead letters', 'kafka-message-too-large'],
    ]);
  });

  test('whose key JSON does not take is a dead letter that tells the times of the window', async () => {
    const sql = 'SELECT payload, COUNT(*) AS n FROM "v/#" GROUP BY payload, TUMBLING(10s)';
    await start({ deadLetter: 'dead', rules: [rule('r', sql, { topic: 't' })] });
    const began = flow.clock.now();
    await flow.send({ topic: 'v/a', payload: Buffer.of(255) });
    await flow.pass(10_000);
    expect(values('dead')).toEqual([{ window_start: began, window_end: began + 10_000 }]);
    expect(flow.failures).toEqual([{ rule: 'r', code: 'value-not-text' }]);
  });

  test('that fails without a dead-letter topic is counted and told', async () => {
    const sql = 'SELECT COUNT(*) AS n FROM "v/{vin}" GROUP BY vin, TUMBLING(10s)';
    await start({ rules: [rule('r', sql, { topic: '${vin}' })] });
    await send('no such topic');
    await flow.pass(10_000);
    expect([flow.rows.dropped, flow.failures]).toEqual([1, [{ rule: 'r', code: 'kafka-invalid-topic' }]]);
  });
});

test('whatever comes, received is the sum of all outcomes, and the rows add up to what was aggregated', async () => {
  const message = fc.record({
    topic: fc.constantFrom('v/a', 'v/b', 'w/a', 'x'),
    payload: fc.constantFrom('{"v": 1}', '{"v": -1}', '{"v": "fast"}', 'no JSON', '{}'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(message, fc.nat(4000)), { maxLength: 30 }), async steps => {
      const sql =
        'SELECT vin, SUM(payload.v) AS sum, COUNT(*) AS n FROM "v/{vin}" WHERE payload.v > 0 GROUP BY vin, HOPPING(10s, 5s)';
      await start({
        deadLetter: 'dead',
        rules: [
          { ...rule('windows', sql, { topic: 't' }), state: { maxEntries: 3 } },
          rule('forward', 'SELECT payload FROM "v/b", "w/#"', { topic: 'u' }),
        ],
      });
      for (const [each, pause] of steps) {
        await flow.send(each);
        await flow.pass(pause);
      }
      await flow.pass(minute);
      const { received, inFlight, settled } = flow.account;
      expect([received, inFlight]).toEqual([steps.length, 0]);
      expect(settled.reduce((sum, count) => sum + count)).toBe(received);
      const counted = values().reduce((sum, { n }) => sum + n, 0);
      expect(counted).toBe(2 * flow.rules[0]!.passed);
      expect(flow.rules[0]!.sinks[0]!.delivered).toBe(flow.rules[0]!.rows);
      expect([flow.rules[0]!.windows!.entries, flow.clock.alarms]).toEqual([0, 0]);
      await flow.stop();
    }),
    { numRuns: 15 },
  );
});
