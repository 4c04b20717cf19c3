import { expect, test } from 'vitest';
import { asExpected } from '../../cli/test-diff.ts';
import { messageOf } from '../../cli/test-message.ts';
import { writtenBy } from '../../cli/test-records.ts';
import { compileRule } from '../../rules/compile.ts';
import { rowsOf } from '../../rules/offline.ts';
import { type GivenRecord, recordFlow } from '../bridge/flow/support/record-flow.ts';

interface Case {
  readonly key?: string;
  readonly value?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly sink?: object;
}

const sql = 'SELECT * FROM "$kafka/commands"';
const ruleOf = (sink: object) => ({
  name: 'r',
  sql,
  sinks: [{ mqtt: { topic: 'car/${key}', payload: '${value}', qos: 1, retain: false, userProperties: [], ...sink } }],
});

type Outcome = string | { topic: string; payload: string; properties: readonly (readonly [string, string])[] };

/** What the bridge publishes, or the code of what becomes of the record. */
function live({ key, value, headers, sink = {} }: Case): Outcome {
  const flow = recordFlow(sql, ruleOf(sink).sinks[0]!.mqtt);
  flow.give({ key, value: value === undefined ? undefined : Buffer.from(value), headers } as GivenRecord);
  const [made] = flow.published;
  if (made === undefined) return flow.failures[0]!;
  return { topic: made.topic, payload: made.payload.toString(), properties: made.userProperties };
}

/** The same by `mkb test`. */
function offline({ key, value, headers = {}, sink = {} }: Case): Outcome {
  const rule = compileRule(sql);
  const userProperties = Object.entries(headers).map(([name, content]) => ({ name, value: content }));
  const message = messageOf({
    topic: '$kafka/commands',
    key,
    payload: value,
    userProperties,
    timestamp: 1000,
    qos: 0,
    retain: false,
  } as never);
  try {
    const [written] = writtenBy(ruleOf(sink) as never, rule, rowsOf(rule, message, []));
    const properties = written!.headers.map(each => [each.name, String(each.value)] as const);
    return { topic: written!.topic, payload: String(written!.value ?? ''), properties };
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const property = (value: string) => ({ userProperties: [{ name: 'n', value }] });

// A test passed, and in the bridge the same record was a dead letter, or had other properties.
test.each<[string, Case, Outcome]>([
  ['a message', { key: '1', value: 'x' }, { topic: 'car/1', payload: 'x', properties: [] }],
  ['a tombstone', { key: '1' }, { topic: 'car/1', payload: '', properties: [] }],
  ['a key that is a wildcard', { key: '#', value: 'x' }, 'mqtt-topic-invalid'],
  ['no key', { value: 'x' }, 'template-value-missing'],
  ['a key with NUL', { key: 'a\0', value: 'x' }, 'mqtt-topic-invalid'],
  ['a key of 70,000 bytes', { key: 'k'.repeat(70_000), value: 'x' }, 'mqtt-topic-invalid'],
  ["a topic of the server's own", { key: 'x', sink: { topic: '$SYS/${key}' } }, 'mqtt-topic-invalid'],
  [
    'a property of 70,000 bytes',
    { key: '1', headers: { h: 'h'.repeat(70_000) }, sink: property('${headers.h}') },
    'mqtt-property-invalid',
  ],
  [
    'a property with a line feed',
    { key: '1', headers: { h: 'a\nb' }, sink: property('${headers.h}') },
    'mqtt-property-invalid',
  ],
  [
    'a property without a value',
    { key: '1', value: 'x', sink: property('${headers.none}') },
    { topic: 'car/1', payload: 'x', properties: [['n', '']] },
  ],
  [
    'a trace',
    { key: '1', value: 'x', headers: { traceparent } },
    { topic: 'car/1', payload: 'x', properties: [['traceparent', traceparent]] },
  ],
  [
    'a trace header that is none',
    { key: '1', value: 'x', headers: { traceparent: 't'.repeat(70_000) } },
    { topic: 'car/1', payload: 'x', properties: [] },
  ],
])('mkb test and the bridge make the same of %s', (_what, each, outcome) => {
  expect(live(each)).toEqual(outcome);
  expect(offline(each)).toEqual(outcome);
});

/** What a message says beside topic, payload and user properties: live and by `mkb test`. */
function saidOf({ key, value, headers, sink = {} }: Case): readonly unknown[] {
  const flow = recordFlow(sql, ruleOf(sink).sinks[0]!.mqtt);
  flow.give({ key, value: value === undefined ? undefined : Buffer.from(value), headers } as GivenRecord);
  const [made] = flow.published;
  const userProperties = Object.entries(headers ?? {}).map(([name, content]) => ({ name, value: content }));
  const record = {
    topic: '$kafka/commands',
    key,
    payload: value,
    userProperties,
    timestamp: 1000,
    qos: 0,
    retain: false,
  };
  let offline: unknown;
  try {
    const [written] = writtenBy(
      ruleOf(sink) as never,
      compileRule(sql),
      rowsOf(compileRule(sql), messageOf(record as never), []),
    );
    offline = asExpected(written!);
  } catch (error) {
    offline = (error as { code: string }).code;
  }
  if (made === undefined) return [flow.failures[0], offline];
  const { topic, payload, userProperties: properties, ...message } = made;
  const header = (pair: readonly [string, string]) => ({ name: pair[0], value: Buffer.from(pair[1]) });
  const live = {
    sink: 1,
    topic,
    key: undefined,
    value: payload,
    headers: properties.map(header),
    timestamp: undefined,
  };
  return [asExpected({ ...live, message }), offline];
}

// Each is a property of MQTT 5, and either is sent as the document has it, or is not there, or makes a dead letter: never something between.
test.each<[string, object, Case['headers'], object | string]>([
  ['nothing', {}, {}, {}],
  ['QoS 2 and retain', { qos: 2, retain: true }, {}, { qos: 2, retain: true }],
  ['a content type', { contentType: 'text/${headers.h}' }, { h: 'plain' }, { contentType: 'text/plain' }],
  ['a content type without a value', { contentType: '${headers.h}' }, {}, {}],
  ['a response topic', { responseTopic: 'answers/${key}' }, {}, { responseTopic: 'answers/1' }],
  ['a response topic without a value', { responseTopic: '${headers.h}' }, {}, {}],
  ['a response topic that lacks a part', { responseTopic: 'answers/${headers.h}' }, {}, 'template-value-missing'],
  ['a response topic with a wildcard', { responseTopic: 'answers/${headers.h}' }, { h: '#' }, 'mqtt-property-invalid'],
  ['an empty response topic', { responseTopic: '${headers.h}' }, { h: '' }, 'template-value-missing'],
  ['correlation data', { correlationData: '${key}' }, {}, { correlationData: '1' }],
  ['correlation data without a value', { correlationData: '${headers.h}' }, {}, {}],
  [
    'correlation data of 70,000 bytes',
    { correlationData: '${headers.h}' },
    { h: 'h'.repeat(70_000) },
    'mqtt-property-invalid',
  ],
  ['an expiry', { messageExpiry: '60' }, {}, { messageExpiry: 60 }],
  ['an expiry of the record', { messageExpiry: '${headers.ttl}' }, { ttl: '30' }, { messageExpiry: 30 }],
  ['an expiry without a value', { messageExpiry: '${headers.ttl}' }, {}, {}],
  ['an expiry with a default', { messageExpiry: '${headers.ttl:-5}' }, {}, { messageExpiry: 5 }],
  ...['-1', 'soon', '', ' 5', '5s', '0x10', '1e3', 'NaN', 'Infinity', '4294967296', '99999999999999999999'].map(
    ttl =>
      [`an expiry of "${ttl}"`, { messageExpiry: '${headers.ttl}' }, { ttl }, 'mqtt-message-expiry-invalid'] as [
        string,
        object,
        Case['headers'],
        string,
      ],
  ),
  ['an expiry that lacks a part', { messageExpiry: '1${headers.none}' }, {}, 'mqtt-message-expiry-invalid'],
  ['a payload format', { payloadFormat: 'utf8' }, {}, { payloadFormat: 'utf8' }],
  ['the other payload format', { payloadFormat: 'bytes' }, {}, { payloadFormat: 'bytes' }],
])('mkb test and the bridge say the same of a message: %s', (_what, sink, headers, said) => {
  const usual = { sink: 1, topic: 'car/1', value: 'x', headers: [], qos: 1, retain: false };
  const expected = typeof said === 'string' ? said : { ...usual, ...said };
  expect(saidOf({ key: '1', value: 'x', headers, sink })).toEqual([expected, expected]);
});

test('correlation data is bytes, whatever they are', () => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  const flow = recordFlow(sql, ruleOf({ correlationData: '${value}', payload: 'x' }).sinks[0]!.mqtt);
  flow.give({ key: '1', value: bytes });
  expect(flow.published[0]!.correlationData).toEqual(bytes);
});

test('a payload that claims to be UTF-8 and is not is a dead letter', () => {
  const flow = recordFlow(sql, ruleOf({ payloadFormat: 'utf8' }).sinks[0]!.mqtt);
  flow.give({ key: '1', value: Buffer.of(0xc3, 0x28) });
  expect(flow.failures).toEqual(['mqtt-property-invalid']);
});
