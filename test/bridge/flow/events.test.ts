import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { Flow, type FlowOptions } from './support/flowing.ts';

let flow: Flow;
afterEach(() => flow.stop());

const rule = (name: string, sql: string, kafka: Record<string, unknown>) => ({ name, sql, sinks: [{ kafka }] });
const strict = rule('strict', 'SELECT payload.speed + 1 AS speed FROM "v/{clientid}"', { topic: 't' });

const start = async (options: Partial<FlowOptions> & Pick<FlowOptions, 'rules'>): Promise<void> => {
  flow = await Flow.start({ topics: ['t', 'dead', 'losses'], ...options });
};

const values = (topic: string) => flow.records(topic).map(({ value }) => JSON.parse(value!));

/** Waits until Kafka has this many records of a topic. */
const written = async (topic: string, count: number): Promise<void> => {
  await until(`${count} records of ${topic}`, () => flow.records(topic).length >= count, { everyMs: 2 });
  await flow.rowsWritten();
};

describe('a message that is dropped', () => {
  const sql = `SELECT event, topic, clientid, qos, reason, rule, error, bin2hexstr(payload) AS hex
    FROM "$events/message/dropped"`;

  test('is an event for the rules that ask for it', async () => {
    await start({ rules: [strict, rule('losses', sql, { topic: 'losses', key: '${clientid}' })] });
    await flow.send({ topic: 'v/car-1', payload: 'no JSON' });
    await written('losses', 1);
    expect(flow.records('losses')[0]).toMatchObject({ key: 'car-1', timestamp: flow.clock.now() });
    expect(values('losses')).toEqual([
      {
        event: 'message.dropped',
        topic: 'v/car-1',
        clientid: 'car-1',
        qos: 1,
        reason: 'rule_failed',
        rule: 'strict',
        error: 'payload-not-json',
        hex: Buffer.from('no JSON').toString('hex').toUpperCase(),
      },
    ]);
  });

  test('is counted as ever, and the event in an account of its own', async () => {
    await start({ rules: [strict, rule('losses', sql, { topic: 'losses' })] });
    await flow.send({ topic: 'v/1', payload: 'no JSON' }, { topic: 'v/1', payload: '{"speed": 1}' });
    await written('losses', 1);
    expect([flow.account.received, flow.count('rule_failed'), flow.count('delivered')]).toEqual([2, 1, 1]);
    expect([flow.rows.inFlight, flow.rows.dropped]).toEqual([0, 0]);
    expect(flow.rules.map(({ matched, passed }) => [matched, passed])).toEqual([
      [2, 1],
      [1, 1],
    ]);
  });

  test('for its size is one too, with the reason', async () => {
    const forward = rule('forward', 'SELECT payload FROM "v/#"', { topic: 't' });
    await start({
      rules: [forward, rule('losses', 'SELECT reason, error FROM "$events/message_dropped"', { topic: 'losses' })],
      broker: { maxMessageBytes: 1000 },
    });
    await flow.send({ topic: 'v/1', payload: 'x'.repeat(2000) });
    await written('losses', 1);
    expect(values('losses')).toEqual([{ reason: 'record_too_large', error: 'kafka-message-too-large' }]);
  });

  test('is passed on byte for byte when the rule selects its payload alone', async () => {
    const sqlOfPayload = 'SELECT payload FROM "$events/message/dropped"';
    await start({ rules: [strict, rule('losses', sqlOfPayload, { topic: 'losses' })] });
    const payload = Buffer.of(255, 0, 1);
    await flow.send({ topic: 'v/1', payload });
    await written('losses', 1);
    expect(flow.kafka.records('losses')[0]?.value).toEqual(payload);
  });

  test('may be filtered, and counted in windows', async () => {
    const counted = `SELECT reason, COUNT(*) AS n FROM "$events/message/dropped" WHERE topic =~ 'v/#'
      GROUP BY reason, TUMBLING(10s)`;
    await start({ rules: [strict, rule('losses', counted, { topic: 'losses' })] });
    await flow.send({ topic: 'v/1', payload: 'a' }, { topic: 'v/2', payload: 'b' });
    await until('both events', () => flow.rules[1]!.matched === 2, { everyMs: 2 });
    await flow.pass(10_000);
    await written('losses', 1);
    expect(values('losses')).toEqual([{ reason: 'rule_failed', n: 2 }]);
  });
});

test('a message that becomes a dead letter is an event of its own', async () => {
  const sql = 'SELECT event, error, topic FROM "$events/message/dead_lettered", "$events/message/dropped"';
  await start({ rules: [strict, rule('losses', sql, { topic: 'losses' })], deadLetter: 'dead' });
  await flow.send({ topic: 'v/1', payload: 'no JSON' });
  await written('losses', 1);
  expect(values('losses')).toEqual([{ event: 'message.dead_lettered', error: 'payload-not-json', topic: 'v/1' }]);
  expect(flow.records('dead')).toHaveLength(1);
});

describe('what goes wrong with an event', () => {
  const failing = rule('losses', 'SELECT abs(reason) AS a FROM "$events/message/dropped"', { topic: 'losses' });
  const listening = rule('all', 'SELECT event FROM "$events/message/dead_lettered"', { topic: 'losses' });

  test('is a dead letter that raises no event, so that nothing goes round in circles', async () => {
    await start({ rules: [failing], deadLetter: 'dead' });
    flow.raise('message.dropped', { reason: 'x', payload: Buffer.of(255) });
    await until('the dead letter', () => flow.records('dead').length === 1, { everyMs: 2 });
    await flow.rowsWritten();
    expect(JSON.parse(flow.records('dead')[0]!.value!)).toMatchObject({
      event: 'message.dropped',
      payload_base64: '/w==',
    });
    expect([flow.rules[0]!.failed, flow.rows.deadLettered]).toEqual([1, 1]);
  });

  test('of one kind is no event of the other kind either', async () => {
    await start({ rules: [failing, listening], deadLetter: 'dead' });
    flow.raise('message.dropped', { reason: 'x' });
    await until('the dead letter', () => flow.records('dead').length === 1, { everyMs: 2 });
    await flow.rowsWritten();
    expect([flow.rules[1]!.matched, flow.records('losses')]).toEqual([0, []]);
  });

  test('is counted as dropped without a dead-letter topic', async () => {
    await start({ rules: [failing] });
    flow.raise('message.dropped', { reason: 'x' });
    await until('the loss', () => flow.rows.dropped === 1, { everyMs: 2 });
    expect(flow.failures).toEqual([{ rule: 'losses', code: 'rule-failed' }]);
  });
});

test('a thousand events wait at most; more are counted and forgotten', async () => {
  await start({ rules: [rule('all', 'SELECT reason FROM "$events/message/dropped"', { topic: 'losses' })] });
  for (let n = 0; n < 1500; n++) flow.raise('message.dropped', { reason: `${n}` });
  await written('losses', 1000);
  expect([flow.records('losses').length, flow.eventsForgotten]).toEqual([1000, 500]);
});

test('what nobody asks for is not made', async () => {
  await start({ rules: [strict] });
  let made = 0;
  flow.raise('message.dropped', () => {
    made++;
    return {};
  });
  expect([made, flow.eventsForgotten]).toEqual([0, 0]);
});

test('a payload larger than the whole buffer is an event like others, and reading goes on', async () => {
  // One lost message of 2 MB with `maxBytes: 1MiB` stopped the bridge until it was restarted: its event waited for room, which it took up itself.
  const sql = 'SELECT reason FROM "$events/message/dropped"';
  await start({ rules: [strict, rule('losses', sql, { topic: 'losses' })], maxBytes: '1MiB' });
  await flow.send({ topic: 'v/car-1', payload: 'x'.repeat(2_000_000) });
  await written('losses', 1);
  await flow.send({ topic: 'v/car-1', payload: '{"speed": 1}' });
  expect(values('t')).toEqual([{ speed: 2 }]);
  expect(flow.brakes.at(-1) ?? 'resume').toBe('resume');
});
