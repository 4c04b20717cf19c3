/** Messages whose schema a registry has: they wait for it, and nothing overtakes them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { SchemaRegistry } from '../../support/schema-registry.ts';
import { Flow, type FlowOptions } from './support/flowing.ts';

let registry: SchemaRegistry;
let flow: Flow;

beforeEach(async () => {
  registry = await SchemaRegistry.start();
  registry.add('points', {
    id: 1,
    schema: '{"type": "record", "name": "Point", "fields": [{"name": "x", "type": "int"}]}',
  });
});
afterEach(async () => {
  await flow.stop();
  await registry.stop();
});

const rule = (name: string, sql: string, topic = 't') => ({ name, sql, sinks: [{ kafka: { topic } }] });
const decode = rule('decode', `SELECT schema_decode('points', payload) AS p FROM "v/#"`);

const start = async (rules: readonly unknown[] = [decode], options: Partial<FlowOptions> = {}): Promise<void> => {
  const schemas = [{ name: 'points', registry: { url: registry.url, subject: 'points' } }];
  flow = await Flow.start({ topics: ['t', 'u', 'dead'], rules, schemas, ...options });
};

const point = (id: number, x: number) => ({ topic: 'v/1', payload: Buffer.of(0, 0, 0, 0, id, x * 2) });
const values = (topic = 't') => flow.records(topic).map(({ value }) => value);

describe('a message of an unknown schema', () => {
  test('waits until it is fetched, and later ones of its rule behind it', async () => {
    await start();
    registry.add('points', {
      id: 2,
      schema: '{"type": "record", "name": "P", "fields": [{"name": "y", "type": "int"}]}',
    });
    flow.hand(point(1, 5));
    flow.hand(point(2, 6));
    flow.hand(point(1, 7));
    expect(values()).toEqual([]);
    await until('the message to be settled', () => flow.account.inFlight === 0, { everyMs: 2 });
    expect(values()).toEqual(['{"p":{"x":5}}', '{"p":{"y":6}}', '{"p":{"x":7}}']);
    expect([flow.brakes, flow.count('delivered')]).toEqual([[], 3]);
  });

  test('keeps what it was, although the next is read into the same place', async () => {
    const sql = `SELECT schema_decode('points', payload) AS p, topic, pub_props.'User-Property' AS u FROM "v/#"`;
    await start([rule('decode', sql)]);
    registry.add('points', { id: 2, schema: '"string"' });
    flow.hand({ topic: 'v/7', payload: Buffer.from('0000000002026b', 'hex'), userProperties: [['a', 'b']] });
    flow.hand({ topic: 'w/8', payload: 'other' });
    await until('both to be settled', () => flow.account.inFlight === 0, { everyMs: 2 });
    expect(values()).toEqual(['{"p":"k","topic":"v/7","u":{"a":"b"}}']);
  });

  test('waits as long as the registry is away, and nothing is lost', async () => {
    await start();
    registry.add('points', { id: 2, schema: '"int"' });
    registry.failure = 'reset';
    flow.hand(point(2, 6));
    await until('two failures', () => flow.problems.length >= 2, { everyMs: 2 });
    expect([flow.account.inFlight, flow.settled]).toEqual([1, []]);
    registry.failure = undefined;
    await until('the message to be settled', () => flow.account.inFlight === 0, { everyMs: 2 });
    expect([values(), flow.settled]).toEqual([['{"p":6}'], [0]]);
  });

  test('becomes a dead letter when the registry has no such schema, and holds nothing up', async () => {
    await start([decode], { deadLetter: 'dead' });
    await flow.send(point(9, 5));
    await flow.send(point(1, 6));
    expect(flow.records('dead')[0]?.headers).toContainEqual(['mkb.error.code', 'rule-failed']);
    expect(Object.fromEntries(flow.records('dead')[0]!.headers)['mkb.error.message']).toContain('/schemas/ids/9');
    expect(values()).toEqual(['{"p":{"x":6}}']);
    expect(flow.brakes).toEqual([]);
  });

  test('is not asked for again and again', async () => {
    await start();
    await flow.send(point(9, 5));
    const asked = registry.asked.length;
    await flow.send(point(9, 6), point(9, 7));
    expect([registry.asked.length, flow.count('rule_failed')]).toEqual([asked, 3]);
  });

  test('is written once by the rules before the one that waits', async () => {
    registry.add('points', { id: 2, schema: '"int"' });
    await start([rule('first', 'SELECT payload FROM "v/#"', 'u'), decode]);
    await flow.send(point(2, 6));
    expect([values('u').length, values()]).toEqual([1, ['{"p":6}']]);
    expect(flow.rules.map(({ matched, passed }) => [matched, passed])).toEqual([
      [1, 1],
      [1, 1],
    ]);
  });

  test('is not taken for one that changes nothing when its rule is retried', async () => {
    const sql = `SELECT CHANGED(topic, 'one') AS changed, kv_store_put('seen', coalesce(kv_store_get('seen'), 0) + 1) AS put,
      kv_store_get('seen') AS seen, schema_decode('points', payload) AS p FROM "v/#" WHERE changed`;
    await start([rule('changed', sql)]);
    registry.add('points', { id: 2, schema: '"int"' });
    await flow.send(point(2, 6));
    await flow.send(point(2, 7));
    expect(values().map(value => JSON.parse(value!))).toEqual([{ changed: true, put: true, seen: 1, p: 6 }]);
    expect(flow.count('filtered')).toBe(1);
  });

  test('may wait for one schema after the other', async () => {
    registry.add('points', { id: 2, schema: '"int"' });
    registry.add('points', { id: 3, schema: '"long"' });
    const sql = `SELECT schema_decode('points', payload) AS a,
      schema_decode('points', hexstr2bin('000000000308')) AS b FROM "v/#"`;
    await start([rule('two', sql)]);
    await flow.send(point(2, 6));
    expect([values(), flow.brakes]).toEqual([['{"a":6,"b":4}'], []]);
  });
});

// A rule that reads events, and the row of a window, never got their schema: they were failures.
describe('a schema that nobody has fetched yet is fetched', () => {
  beforeEach(() => registry.add('points', { id: 2, schema: '"int"' }));

  test('for an event, and those after it wait', async () => {
    await start([rule('e', `SELECT schema_decode('points', payload) AS p FROM "$events/message/dropped"`)]);
    for (const x of [6, 7])
      flow.raise('message.dropped', { topic: 'v/1', reason: 'rule_failed', payload: point(2, x).payload });
    await until('both rows', () => flow.records('t').length === 2, { everyMs: 2 });
    expect([values(), flow.rules[0]!.failed]).toEqual([['{"p":6}', '{"p":7}'], 0]);
  });

  test('for the row of a window', async () => {
    const sql = `SELECT schema_decode('points', LAST(payload)) AS p FROM "v/#" GROUP BY TUMBLING(10s)`;
    await start([rule('w', sql)]);
    await flow.send(point(2, 6));
    flow.clock.pass(20_000);
    await until('the row', () => flow.records('t').length === 1, { everyMs: 2 });
    expect([values(), flow.rules[0]!.rowsFailed]).toEqual([['{"p":6}'], 0]);
  });
});

test('a schema of the document is registered when the first message needs it', async () => {
  const sql = `SELECT schema_encode_and_tag('mine', 'points', json_decode(payload), 'mine-value') AS v FROM "v/#"`;
  const schemas = [
    { name: 'points', registry: { url: registry.url } },
    { name: 'mine', avro: '{"type": "record", "name": "Mine", "fields": [{"name": "y", "type": "int"}]}' },
  ];
  await start([{ name: 'encode', sql, sinks: [{ kafka: { topic: 't', value: '${v}' } }] }], { schemas });
  await flow.send({ topic: 'v/1', payload: '{"y": 5}' });
  await flow.send({ topic: 'v/1', payload: '{"y": 6}' });
  expect(flow.kafka.records('t').map(({ value }) => value)).toEqual([
    Buffer.of(0, 0, 0, 0, 2, 10),
    Buffer.of(0, 0, 0, 0, 2, 12),
  ]);
  expect(registry.asked).toEqual(['/subjects/mine-value/versions']);
});

test('what is written begins with the id of the latest schema of the subject', async () => {
  const sql = `SELECT schema_encode('points', json_decode(payload)) AS v FROM "v/#"`;
  await start([{ name: 'encode', sql, sinks: [{ kafka: { topic: 't', value: '${v}' } }] }]);
  await flow.send({ topic: 'v/1', payload: '{"x": 5}' });
  expect(flow.kafka.records('t')[0]?.value).toEqual(Buffer.of(0, 0, 0, 0, 1, 10));
});

describe('a rule whose registry is unavailable', () => {
  // One registry that was down kept all rules of a bridge from starting, and later held every message of the source.
  test('waits alone: other rules go on with the same message and with later ones', async () => {
    const encode = rule('encode', `SELECT schema_encode('points', {x: payload.x}) AS p FROM "v/#"`);
    registry.failure = 'reset';
    await start([encode, rule('other', 'SELECT payload FROM "v/#"', 'u')], { registryAway: true });
    for (const x of [1, 2, 3]) flow.hand({ topic: 'v/1', payload: `{"x": ${x}}` });
    await until('the other rule to have written', () => values('u').length === 3, { everyMs: 2 });
    expect([flow.brakes, flow.settled, values()]).toEqual([[], [], []]);
    registry.failure = undefined;
    await until('all to be settled', () => flow.account.inFlight === 0, { everyMs: 2 });
    expect([values().length, flow.count('delivered')]).toEqual([3, 3]);
  });

  test('holds its source when more waits than the buffer takes, and lets it go on when that is through', async () => {
    await start([decode], { maxBytes: '1MiB' });
    registry.failure = { status: 500 };
    registry.add('points', { id: 2, schema: '"int"' });
    let sent = 0;
    while (flow.brakes.length === 0 && sent < 10_000) flow.hand(point(2, sent++ % 60));
    expect(flow.brakes).toEqual(['pause']);
    expect(sent).toBeLessThan(3000);
    registry.failure = undefined;
    await until('all to be settled', () => flow.account.inFlight === 0, { everyMs: 2 });
    expect([flow.count('delivered'), values().length, flow.brakes.at(-1)]).toEqual([sent, sent, 'resume']);
    expect(values().map(value => JSON.parse(value!).p)).toEqual(Array.from({ length: sent }, (_, x) => x % 60));
  });

  test.each<[string, string, 'delivered' | 'rule_failed']>([
    ['filters it', `SELECT 1 AS one FROM "v/#" WHERE schema_decode('points', payload) = 99`, 'delivered'],
    ['fails with it', `SELECT map_get('x', schema_decode('points', payload), 1) / 0 AS p FROM "v/#"`, 'rule_failed'],
  ])('and then %s leaves what another rule made of it', async (_, sql, outcome) => {
    await start([rule('late', sql), rule('other', 'SELECT payload FROM "v/#"', 'u')]);
    registry.failure = { status: 500 };
    registry.add('points', { id: 2, schema: '"int"' });
    flow.hand(point(2, 5));
    await until('a failure', () => flow.problems.length > 0, { everyMs: 2 });
    registry.failure = undefined;
    await until('it to be settled', () => flow.account.inFlight === 0, { everyMs: 2 });
    expect([values('u').length, values().length, flow.count(outcome)]).toEqual([1, 0, 1]);
  });
});
