// What a publisher said in the properties of MQTT 5 was lost on the way to Kafka: content type, response topic, correlation data, expiry.
import { afterEach, describe, expect, test } from 'vitest';
import type { TestMessage } from '../../../api/schema/rule-tests.ts';
import { messageOf } from '../../../cli/test-message.ts';
import { propertiesOf } from '../../../cli/test-properties.ts';
import { writtenBy } from '../../../cli/test-records.ts';
import { compileRule } from '../../../rules/compile.ts';
import { rowsOf } from '../../../rules/offline.ts';
import { Flow } from './support/flowing.ts';

let flow: Flow | undefined;
afterEach(async () => {
  await flow?.stop();
  flow = undefined;
});

type Headers = readonly (readonly [name: string, value: string])[];
type Given = Partial<TestMessage>;

const sinkOf = (sink: object) => ({ kafka: { topic: 't', value: '${payload}', mqttHeaders: true, ...sink } });
const read = (headers: readonly (readonly [string, string | Buffer | undefined])[]): Headers =>
  headers.map(([name, value]) => [name, Buffer.from(value ?? '').toString('latin1')]);

async function live(sql: string, sink: object, given: Given): Promise<Headers> {
  flow = await Flow.start({
    topics: ['t', 'dead'],
    deadLetter: 'dead',
    rules: [{ name: 'r', sql, sinks: [sinkOf(sink)] }],
  });
  const properties = propertiesOf(given as TestMessage);
  const { topic = 'v/1', qos = 1, retain = false } = given;
  await flow.send({ topic, payload: '{}', qos: qos as 0 | 1 | 2, retain, properties });
  return read(flow.kafka.records('t')[0]!.headers.map(([name, value]) => [name.toString(), value ?? undefined]));
}

function offline(sql: string, sink: object, given: Given): Headers {
  const message = { topic: 'v/1', payload: '{}', qos: 1, retain: false, timestamp: 1000, ...given } as TestMessage;
  const rule = compileRule(sql);
  const made = rowsOf(rule, messageOf(message), sql.includes('{') ? ['c7'] : []);
  const [record] = writtenBy({ name: 'r', sql, sinks: [sinkOf(sink)] } as never, rule, made);
  return read(record!.headers.map(({ name, value }) => [name, value]));
}

const any = 'SELECT payload FROM "v/#"';
const facts: Headers = [
  ['mqtt.topic', 'v/1'],
  ['mqtt.qos', '1'],
  ['mqtt.retain', 'false'],
];
const pairs = (...given: [string, string][]) => ({ userProperties: given.map(([name, value]) => ({ name, value })) });

describe('the bridge and mkb test write as headers, of', () => {
  test.each<[string, Given, Headers]>([
    ['a message without properties', {}, facts],
    [
      'QoS 2 and retain',
      { qos: 2, retain: true },
      [
        ['mqtt.topic', 'v/1'],
        ['mqtt.qos', '2'],
        ['mqtt.retain', 'true'],
      ],
    ],
    [
      'a content type',
      { contentType: 'text/plain; charset=utf-8' },
      [...facts, ['mqtt.content-type', 'text/plain; charset=utf-8']],
    ],
    ['an empty content type', { contentType: '' }, [...facts, ['mqtt.content-type', '']]],
    [
      'a response topic',
      { responseTopic: 'ä/answers' },
      [...facts, ['mqtt.response-topic', Buffer.from('ä/answers').toString('latin1')]],
    ],
    [
      'correlation data, byte for byte',
      { correlationData: 'base64:AP/+gA==' },
      [...facts, ['mqtt.correlation-data', '\x00\xff\xfe\x80']],
    ],
    ['no correlation data', { correlationData: '' }, [...facts, ['mqtt.correlation-data', '']]],
    ['an expiry', { messageExpiry: 4_294_967_295 }, [...facts, ['mqtt.message-expiry-interval', '4294967295']]],
    ['an expiry of 0', { messageExpiry: 0 }, [...facts, ['mqtt.message-expiry-interval', '0']]],
    ['a format', { payloadFormat: 'utf8' }, [...facts, ['mqtt.payload-format-indicator', '1']]],
    [
      'user properties, in order and with duplicates',
      pairs(['b', '1'], ['a', ''], ['b', '2']),
      [...facts, ['b', '1'], ['a', ''], ['b', '2']],
    ],
    ['a trace', pairs(['traceparent', 'x']), [...facts, ['traceparent', 'x']]],
    [
      'user properties that claim to be ours',
      pairs(['mqtt.topic', 'v/9'], ['mqtt.', ''], ['mqtt', 'm']),
      [...facts, ['mqtt', 'm']],
    ],
    ['a value as long as MQTT has', pairs(['n', 'v'.repeat(65_535)]), [...facts, ['n', 'v'.repeat(65_535)]]],
    [
      'all of them',
      {
        payloadFormat: 'bytes',
        messageExpiry: 9,
        contentType: 'c',
        responseTopic: 'r',
        correlationData: 'd',
        ...pairs(['u', 'v']),
      },
      [
        ...facts,
        ['mqtt.payload-format-indicator', '0'],
        ['mqtt.message-expiry-interval', '9'],
        ['mqtt.content-type', 'c'],
        ['mqtt.response-topic', 'r'],
        ['mqtt.correlation-data', 'd'],
        ['u', 'v'],
      ],
    ],
  ])('%s', async (_what, given, headers) => {
    expect([await live(any, {}, given), offline(any, {}, given)]).toEqual([headers, headers]);
  });

  test('a client id that FROM captures, and the sink’s own headers last', async () => {
    const sql = 'SELECT payload FROM "v/{clientid}"';
    const sink = { headers: [{ name: 'own', value: '${payload.none:-x}' }] };
    const expected = [
      ...facts.map(([name, value]) => [name, value.replace('v/1', 'v/c7')]),
      ['mqtt.clientid', 'c7'],
      ['own', 'x'],
    ];
    const given = { topic: 'v/c7' };
    expect([await live(sql, sink, given), offline(sql, sink, given)]).toEqual([expected, expected]);
  });
});

test('headers of one message are not those of the next, whichever topic, QoS and properties they have', async () => {
  flow = await Flow.start({ topics: ['t'], rules: [{ name: 'r', sql: any, sinks: [sinkOf({})] }] });
  const given = Array.from({ length: 300 }, (_, index) => ({
    topic: `v/${index % 7}`,
    payload: '{}',
    qos: (index % 3) as 0 | 1 | 2,
    retain: index % 2 === 0,
    userProperties: index % 5 === 0 ? ([['n', 'x'.repeat(index * 10)]] as const) : [],
  }));
  await flow.send(...given);
  expect(flow.records('t').map(({ headers }) => headers)).toEqual(
    given.map(({ topic, qos, retain, userProperties }) => [
      ['mqtt.topic', topic],
      ['mqtt.qos', `${qos}`],
      ['mqtt.retain', `${retain}`],
      ...userProperties,
    ]),
  );
});

test('properties that are cut off are a dead letter, and the next message is delivered', async () => {
  flow = await Flow.start({
    topics: ['t', 'dead'],
    deadLetter: 'dead',
    rules: [{ name: 'r', sql: any, sinks: [sinkOf({})] }],
  });
  await flow.send(
    { topic: 'v/1', payload: 'bad', properties: Buffer.of(3, 0, 9, 65) },
    { topic: 'v/1', payload: 'good' },
  );
  expect(flow.records('dead').map(({ value }) => value)).toEqual(['bad']);
  expect(flow.records('t').map(({ value, headers }) => [value, headers])).toEqual([['good', facts]]);
});

test('a record that waits for its topic keeps its headers', async () => {
  flow = await Flow.start({
    topics: [],
    broker: { topics: [] },
    rules: [{ name: 'r', sql: any, sinks: [sinkOf({ topic: 'later' })] }],
  });
  flow.hand({ topic: 'v/1', payload: 'a', userProperties: [['n', '1']] }, { topic: 'v/2', payload: 'b' });
  flow.kafka.cluster.createTopic('later', 1);
  await flow.settledAll();
  expect(flow.records('later').map(({ headers }) => headers)).toEqual([
    [...facts, ['n', '1']],
    [['mqtt.topic', 'v/2'], ...facts.slice(1)],
  ]);
});
