/**
 * While the partitions of a topic were being learned, a record waited with headers that pointed into the socket's buffer: a third of the
 * records had another message's bytes in a header. So the buffer is overwritten after each message here (support/flowing.ts), and every
 * way in which bytes of a payload reach a record is tried in every state in which a record waits.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { until } from '../../real/until.ts';
import { SchemaRegistry } from '../../support/schema-registry.ts';
import { Flow, type FlowOptions } from './support/flowing.ts';

let flow: Flow;
let registry: SchemaRegistry | undefined;
afterEach(async () => {
  await flow.stop();
  await registry?.stop();
  registry = undefined;
});

const payload = 'ABCDEFGHIJKLMNOP';
const part = 'BCD';
const cut = "subbits(payload, 9, 24, 'bits')";
const message = { topic: 'v/new', payload, userProperties: [['traceparent', 'trace-1']] as const };

/** How bytes of the payload reach the record, and what it must hold. */
const ways: [what: string, sql: string, sink: object, expected: object][] = [
  ['the value as it came', 'SELECT payload FROM "v/{x}"', {}, { value: payload }],
  ['the key', 'SELECT payload FROM "v/{x}"', { key: '${payload}' }, { key: payload, value: payload }],
  ['a part as key', `SELECT ${cut} AS part FROM "v/{x}"`, { key: '${part}', value: 'v' }, { key: part }],
  ['a part as value', `SELECT ${cut} AS part FROM "v/{x}"`, { value: '${part}' }, { value: part }],
  [
    'headers',
    `SELECT payload, ${cut} AS part FROM "v/{x}"`,
    {
      value: '${topic}',
      headers: [
        { name: 'whole', value: '${payload}' },
        { name: 'part', value: '${part}' },
      ],
    },
    {
      value: 'v/new',
      headers: [
        ['traceparent', 'trace-1'],
        ['whole', payload],
        ['part', part],
      ],
    },
  ],
  [
    'headers of MQTT, without a value',
    'SELECT payload FROM "v/{x}"',
    { value: '${payload}', mqttHeaders: true },
    {
      headers: [
        ['mqtt.topic', 'v/new'],
        ['mqtt.qos', '1'],
        ['mqtt.retain', 'false'],
        ['traceparent', 'trace-1'],
      ],
    },
  ],
  [
    'rows of a list',
    `FOREACH [payload, ${cut}] AS each DO each FROM "v/{x}"`,
    { key: '${each}', value: '${each}', headers: [{ name: 'each', value: '${each}' }] },
    {
      key: payload,
      value: payload,
      headers: [
        ['traceparent', 'trace-1'],
        ['each', payload],
      ],
    },
  ],
];

const start = async (sql: string, sink: object, options: Partial<FlowOptions> = {}): Promise<void> => {
  const rules = [{ name: 'r', sql, sinks: [{ kafka: { topic: 't-${x}', ...sink } }] }];
  flow = await Flow.start({ topics: ['t-new', 't-old', 'dead'], deadLetter: 'dead', rules, ...options });
};

describe('bytes of a message are its own', () => {
  test.each(ways)('while the partitions of its topic are learned: %s', async (_what, sql, sink, expected) => {
    await start(sql, sink);
    const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
    const fault = flow.kafka.faults.add({ api: 'Metadata', times: Number.POSITIVE_INFINITY, until: asked });
    flow.hand(message);
    for (let others = 0; others < 5; others++) flow.hand({ topic: 'v/new', payload: 'zzzzzzzzzzzzzzzz' });
    fault.remove();
    answer();
    await flow.settledAll();
    expect(flow.records('t-new')[0]).toMatchObject(expected);
  });

  test.each(ways)('in the dead letter, when the topic is nowhere: %s', async (_what, sql, sink) => {
    await start(sql, sink, { topics: ['dead'] });
    flow.hand(message, { topic: 'v/new', payload: 'zzzzzzzzzzzzzzzz' });
    await flow.settledAll();
    expect(flow.records('dead')[0]).toMatchObject({ value: payload });
  });

  test.each(ways)('in the dead letter, when Kafka refuses the record: %s', async (_what, sql, sink) => {
    await start(sql, sink);
    flow.kafka.faults.add({ api: 'Produce', topic: 't-new', error: 'INVALID_RECORD', times: 9 });
    flow.hand(message, { topic: 'v/new', payload: 'zzzzzzzzzzzzzzzz' });
    await flow.settledAll();
    expect(flow.records('dead')[0]).toMatchObject({ value: payload });
  });

  test.each(ways)('while a schema is fetched for it: %s', async (_what, sql, sink, expected) => {
    registry = await SchemaRegistry.start();
    registry.add('points', { id: 65, schema: '"string"' });
    const schemas = [{ name: 'points', registry: { url: registry.url } }];
    const decoded = sql.replace(' FROM', `, schema_check('points', payload) AS known FROM`);
    await start(decoded, sink, { schemas });
    const framed = Buffer.concat([Buffer.of(0, 0, 0, 0, 65), Buffer.from(payload)]);
    flow.hand({ ...message, payload: framed });
    flow.hand({ topic: 'other', payload: 'zzzzzzzzzzzzzzzz' });
    await flow.settledAll();
    const written = [...flow.records('t-new'), ...flow.records('dead')];
    expect(written.length).toBeGreaterThan(0);
    expect(JSON.stringify([written, expected])).not.toMatch(/##|zz/);
  });
});

describe('what is remembered of a payload is a copy', () => {
  test.each(['FIRST', 'LAST'])('%s of a window', async name => {
    const sql = `SELECT ${name}(payload) AS kept, ${name}(${cut}) AS part FROM "v/#" GROUP BY TUMBLING(10s)`;
    flow = await Flow.start({ topics: ['t'], rules: [{ name: 'r', sql, sinks: [{ kafka: { topic: 't' } }] }] });
    await flow.send(message);
    await flow.pass(20_000);
    expect(flow.records('t')[0]?.value).toBe(JSON.stringify({ kept: payload, part }));
  });

  test.each([
    [
      'a key of a window',
      'SELECT payload AS p, COUNT(*) AS n FROM "v/#" GROUP BY payload, TUMBLING(10s)',
      { p: payload, n: 2 },
    ],
    ['COUNT(DISTINCT)', 'SELECT COUNT(DISTINCT payload) AS n FROM "v/#" GROUP BY TUMBLING(10s)', { n: 1 }],
  ])('%s', async (_what, sql, expected) => {
    flow = await Flow.start({ topics: ['t'], rules: [{ name: 'r', sql, sinks: [{ kafka: { topic: 't' } }] }] });
    await flow.send(message);
    await flow.send(message);
    await flow.pass(20_000);
    expect(flow.records('t').map(({ value }) => JSON.parse(value!))).toEqual([expected]);
  });

  test.each([
    ['CHANGED', 'SELECT payload FROM "v/#" WHERE CHANGED(payload)'],
    ['DEDUP', 'SELECT payload FROM "v/#" WHERE DEDUP(payload, 60s)'],
    ['CHANGED by key', 'SELECT payload FROM "v/#" WHERE CHANGED(payload, payload)'],
  ])('%s', async (_what, sql) => {
    flow = await Flow.start({ topics: ['t'], rules: [{ name: 'r', sql, sinks: [{ kafka: { topic: 't' } }] }] });
    await flow.send(message);
    await flow.send(message);
    expect(flow.records('t').map(({ value }) => value)).toEqual([payload]);
  });

  test('kv_store_put, in lists and maps too', async () => {
    const sql = `SELECT kv_store_put('k', [payload]) AS put, kv_store_get('k') AS kept FROM "v/#"`;
    flow = await Flow.start({ topics: ['t'], rules: [{ name: 'r', sql, sinks: [{ kafka: { topic: 't' } }] }] });
    await flow.send(message);
    await flow.send({ topic: 'v/2', payload: 'x' });
    expect(flow.records('t')[0]?.value).toBe(JSON.stringify({ put: true, kept: [payload] }));
  });

  test('an event', async () => {
    const rules = [
      { name: 'fails', sql: 'SELECT payload.x AS x FROM "v/#"', sinks: [{ kafka: { topic: 't' } }] },
      { name: 'e', sql: 'SELECT payload FROM "$events/message/dropped"', sinks: [{ kafka: { topic: 'events' } }] },
    ];
    flow = await Flow.start({ topics: ['t', 'events'], rules });
    await flow.send(message);
    await until('the event to be written', () => flow.records('events').length === 1, { everyMs: 2 });
    expect(flow.records('events')[0]?.value).toContain(payload);
  });
});
