import { afterEach, describe, expect, test } from 'vitest';
import { Flow, type FlowOptions } from './support/flowing.ts';

let flow: Flow;
afterEach(() => flow.stop());

const start = async (options: Partial<FlowOptions> & Pick<FlowOptions, 'rules'>): Promise<Flow> => {
  flow = await Flow.start({ topics: ['t', 'dead'], ...options });
  return flow;
};

const rule = (name: string, sql: string, ...sinks: Record<string, unknown>[]) => ({
  name,
  sql,
  sinks: sinks.map(kafka => ({ kafka })),
});

const forward = rule('forward', 'SELECT payload FROM "v/{clientid}/#"', { topic: 't', key: '${clientid}' });

describe('a message that is forwarded', () => {
  test('keeps its bytes, is keyed by a level of its topic, and has the time of its receipt', async () => {
    await start({ rules: [forward] });
    const payload = Buffer.from([0, 255, 123, 10]);
    await flow.send({ topic: 'v/car-1/x', payload });
    expect(flow.kafka.records('t')[0]?.value).toEqual(payload);
    expect(flow.records('t')).toMatchObject([{ key: 'car-1', timestamp: 1_700_000_000_123 }]);
    expect([flow.count('delivered'), flow.settled]).toEqual([1, [0]]);
  });

  test('goes as JSON of the row when the rule selects anything but the payload', async () => {
    const sql = 'SELECT payload.speed AS speed, clientid FROM "v/{clientid}"';
    await start({ rules: [rule('r', sql, { topic: 't' })] });
    await flow.send({ topic: 'v/car-1', payload: '{"speed": 7, "more": 1}' });
    expect(flow.records('t')[0]?.value).toBe('{"speed":7,"clientid":"car-1"}');
  });

  test('has the timestamp, value and headers that the sink’s templates give', async () => {
    const sink = {
      topic: 't',
      key: 'k-${payload.id}',
      value: '${payload.speed:-none} km/h',
      timestamp: '${payload.at}',
      headers: [{ name: 'from', value: '${topic}' }],
    };
    await start({ rules: [rule('r', 'SELECT * FROM "v/#"', sink)] });
    await flow.send({ topic: 'v/1', payload: '{"id": 5, "at": 1234, "speed": 9.5}' });
    expect(flow.records('t')).toEqual([{ key: 'k-5', value: '9.5 km/h', timestamp: 1234, headers: [['from', 'v/1']] }]);
  });

  test('tells what MQTT knows of it in headers when asked, user properties in order with duplicates', async () => {
    await start({ rules: [rule('r', 'SELECT payload FROM "v/#"', { topic: 't', mqttHeaders: true })] });
    const userProperties = [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ] as const;
    await flow.send({ topic: 'v/1', payload: 'x', qos: 2, retain: true, userProperties });
    expect(flow.records('t')[0]?.headers).toEqual([
      ['mqtt.topic', 'v/1'],
      ['mqtt.qos', '2'],
      ['mqtt.retain', 'true'],
      ...userProperties,
    ]);
  });

  test('carries its trace on, without being asked', async () => {
    await start({ rules: [forward] });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await flow.send({
      topic: 'v/1',
      payload: 'x',
      userProperties: [
        ['traceparent', traceparent],
        ['other', 'no'],
      ],
    });
    expect(flow.records('t')[0]?.headers).toEqual([['traceparent', traceparent]]);
  });

  test('goes to the topic that its own content names', async () => {
    await start({
      topics: ['t-north', 't-south'],
      rules: [rule('r', 'SELECT payload FROM "{region}/#"', { topic: 't-${region}' })],
    });
    await flow.send({ topic: 'north/1', payload: 'n' }, { topic: 'south/1', payload: 's' });
    expect([flow.records('t-north')[0]?.value, flow.records('t-south')[0]?.value]).toEqual(['n', 's']);
  });
});

describe('what becomes of a message', () => {
  test('that WHERE does not let pass, and of one that no rule matches, is counted by reason and acknowledged', async () => {
    await start({ rules: [rule('r', 'SELECT payload FROM "v/#" WHERE payload.x > 1', { topic: 't' })] });
    await flow.send(
      { topic: 'v/1', payload: '{"x": 1}' },
      { topic: 'other', payload: '{}' },
      { topic: 'v/2', payload: '{"x": 2}' },
    );
    expect([flow.count('filtered'), flow.count('no_rule'), flow.count('delivered')]).toEqual([1, 1, 1]);
    expect(flow.settled.toSorted()).toEqual([0, 1, 2]);
  });

  test('that passes through several rules and sinks is settled once, when all records are there', async () => {
    await start({
      topics: ['t', 'u'],
      rules: [
        rule('a', 'SELECT payload FROM "v/#"', { topic: 't' }, { topic: 'u' }),
        rule('b', 'SELECT topic FROM "v/+"', { topic: 't' }),
      ],
    });
    await flow.send({ topic: 'v/1', payload: 'x' });
    expect([flow.records('t').length, flow.records('u').length]).toEqual([2, 1]);
    expect([flow.account.received, flow.count('delivered'), flow.settled]).toEqual([1, 1, [0]]);
  });

  test('that FOREACH makes several rows of has a record of each row in each sink, and is settled once', async () => {
    const sql = 'FOREACH payload.list AS e DO e.v AS v INCASE e.v > 0 FROM "v/{clientid}"';
    await start({ topics: ['t', 'u'], rules: [rule('r', sql, { topic: 't', key: 'k${v}' }, { topic: 'u' })] });
    await flow.send({ topic: 'v/1', payload: '{"list": [{"v": 1}, {"v": 0}, {"v": 2}]}' });
    expect(flow.records('t').map(({ key, value }) => [key, value])).toEqual([
      ['k1', '{"v":1}'],
      ['k2', '{"v":2}'],
    ]);
    expect(flow.records('u').map(({ value }) => value)).toEqual(['{"v":1}', '{"v":2}']);
    expect([flow.account.received, flow.count('delivered'), flow.settled]).toEqual([1, 1, [0]]);
  });

  test('of which FOREACH makes no row is filtered', async () => {
    await start({ rules: [rule('r', 'FOREACH payload.list FROM "v/#"', { topic: 't' })] });
    await flow.send({ topic: 'v/1', payload: '{"list": []}' }, { topic: 'v/2', payload: '{"list": 5}' });
    expect([flow.count('filtered'), flow.settled]).toEqual([2, [0, 1]]);
  });

  test('one of whose elements fails is one dead letter, and nothing else of it is sent', async () => {
    const sql = 'FOREACH payload.list AS e DO 1 / e AS v FROM "v/#"';
    await start({ deadLetter: 'dead', rules: [rule('r', sql, { topic: 't' })] });
    await flow.send({ topic: 'v/1', payload: '{"list": [1, 2, 0]}' });
    expect([flow.records('t').length, flow.records('dead').length]).toEqual([0, 1]);
    expect([flow.count('dead_lettered'), flow.settled]).toEqual([1, [0]]);
  });

  test('several of whose rows a sink cannot write is one dead letter, and the other rows arrive', async () => {
    const sql = 'FOREACH payload.list AS e DO e AS at FROM "v/#"';
    await start({ deadLetter: 'dead', rules: [rule('r', sql, { topic: 't', timestamp: '${at}' })] });
    await flow.send({ topic: 'v/1', payload: '{"list": ["a", 5, "b"]}' });
    expect([flow.records('t').map(({ timestamp }) => timestamp), flow.records('dead').length]).toEqual([[5], 1]);
    expect([flow.count('dead_lettered'), flow.failures.length]).toEqual([1, 1]);
  });

  test('whose rule fails is a dead letter that tells the whole story, and the other rule’s record arrives', async () => {
    const reads = rule('reads', 'SELECT payload.x AS x FROM "v/{clientid}"', { topic: 't' });
    await start({ deadLetter: 'dead', rules: [reads, { ...forward, sql: 'SELECT payload FROM "v/{clientid}"' }] });
    await flow.send({ topic: 'v/car', payload: 'not JSON', qos: 1 });
    const [letter] = flow.records('dead');
    expect(letter?.value).toBe('not JSON');
    expect(Object.fromEntries(letter?.headers ?? [])).toMatchObject({
      'mkb.error.code': 'payload-not-json',
      'mkb.error.message': expect.stringContaining('not JSON'),
      'mkb.rule': 'reads',
      'mkb.time': expect.stringMatching(/^\d{4}-.*Z$/),
      'mqtt.topic': 'v/car',
      'mqtt.clientid': 'car',
      'mqtt.qos': '1',
    });
    expect(flow.records('t')[0]?.value).toBe('not JSON');
    expect([flow.count('dead_lettered'), flow.count('delivered')]).toEqual([1, 0]);
  });

  test('that one sink cannot write names that sink in its dead letter, and the version of its rule', async () => {
    const timed = { topic: 't', timestamp: '${at}' };
    const text = 'SELECT payload.at AS at FROM "v/#"';
    const rules = [rule('r', text, { topic: 't' }, timed), rule('s', 'SELECT payload.at AS at FROM "w/#"', timed)];
    await start({ deadLetter: 'dead', rules });
    await flow.send({ topic: 'v/1', payload: '{"at": "x"}' }, { topic: 'w/1', payload: '{"at": "x"}' });
    const [first, second] = flow.records('dead').map(({ headers }) => Object.fromEntries(headers));
    expect([first!['mkb.sink'], second!['mkb.sink'], flow.records('t').length]).toEqual([
      'sinks[1].kafka',
      'sinks[0].kafka',
      1,
    ]);
    expect(first!['mkb.rule.version']).toMatch(/^[0-9a-f]{12}$/);
    expect(second!['mkb.rule.version']).not.toBe(first!['mkb.rule.version']);
    expect(first!['mkb.version']).toMatch(/^\d+\.\d+\.\d+/);
  });

  test('whose rule fails without a dead-letter topic is dropped, counted and told', async () => {
    await start({ rules: [rule('reads', 'SELECT payload.x AS x FROM "v/#"', { topic: 't' })] });
    await flow.send({ topic: 'v/1', payload: 'not JSON' });
    expect(flow.count('rule_failed')).toBe(1);
    expect(flow.failures).toEqual([{ rule: 'reads', code: 'payload-not-json' }]);
  });

  test.each([
    ['a time that is none', { timestamp: '${payload.x}' }, 'record-timestamp-invalid'],
    ['a topic that is none', { topic: '${payload.x}' }, 'kafka-invalid-topic'],
  ])('with %s fails alone', async (_what, sink, code) => {
    await start({ deadLetter: 'dead', rules: [rule('r', 'SELECT * FROM "v/#"', { topic: 't', ...sink })] });
    await flow.send({ topic: 'v/1', payload: '{"x": "no/way"}' });
    expect(flow.failures.map(failure => failure.code)).toEqual([code]);
    expect(flow.count('dead_lettered')).toBe(1);
  });

  test('that Kafka finds too large is a dead letter with the original payload, although the record held something else', async () => {
    await start({
      deadLetter: 'dead',
      rules: [
        rule('r', 'SELECT payload.text AS text, payload.text AS again FROM "v/#"', { topic: 't', key: 'the-key' }),
      ],
      broker: { maxMessageBytes: 10_000 },
    });
    const payload = JSON.stringify({ text: 'x'.repeat(6000) });
    await flow.send({ topic: 'v/1', payload }, { topic: 'v/2', payload: '{"text": "small"}' });
    expect(flow.records('dead')).toMatchObject([{ key: 'the-key', value: payload }]);
    expect([flow.count('dead_lettered'), flow.count('delivered')]).toEqual([1, 1]);
  });

  test('that even the dead-letter topic finds too large is kept with its beginning, and says so', async () => {
    await start({ deadLetter: 'dead', rules: [forward], broker: { maxMessageBytes: 100_000 } });
    await flow.send({ topic: 'v/1', payload: 'x'.repeat(200_000) });
    const [letter] = flow.records('dead');
    expect(letter?.value?.length).toBe(64 * 1024);
    expect(letter?.headers).toContainEqual(['mkb.truncated.from.bytes', '200000']);
    expect(flow.count('dead_lettered')).toBe(1);
  });

  test('whose dead letter cannot be written either is dropped under a reason of its own', async () => {
    await start({
      deadLetter: 'dead',
      rules: [rule('r', 'SELECT payload.x AS x FROM "v/#"', { topic: 't' })],
    });
    flow.kafka.faults.add({ api: 'Produce', topic: 'dead', error: 'INVALID_RECORD' });
    await flow.send({ topic: 'v/1', payload: 'not JSON' });
    expect(flow.count('dead_letter_failed')).toBe(1);
  });

  test('for a topic that does not exist is dropped as unknown_topic, and the stream goes on', async () => {
    await start({ rules: [rule('r', 'SELECT payload FROM "{where}/#"', { topic: '${where}' })] });
    await flow.send({ topic: 'missing/1', payload: 'x' }, { topic: 't/1', payload: 'y' });
    expect([flow.count('unknown_topic'), flow.count('delivered')]).toEqual([1, 1]);
  });
});

test('reading pauses while more is held than may be, and goes on when there is room', async () => {
  await start({ rules: [forward], maxBytes: '1MiB', broker: { maxMessageBytes: 4_000_000 } });
  const released = Promise.withResolvers<void>();
  flow.kafka.faults.add({ api: 'Produce', until: released.promise });
  for (let index = 0; index < 5; index++) flow.hand({ topic: 'v/1', payload: 'x'.repeat(400_000) });
  expect(flow.brakes).toEqual(['pause']);
  released.resolve();
  await flow.send();
  expect(flow.brakes).toEqual(['pause', 'resume']);
  expect(flow.count('delivered')).toBe(5);
});
