// A message that went through Kafka came back without its content type, response topic and correlation data: nobody could answer it.
import { CloudEvent, MQTT } from 'cloudevents';
import { describe, expect, test } from 'vitest';
import type { TestMessage } from '../../../api/schema/rule-tests.ts';
import type { Publication } from '../../../bridge/mqtt/publisher/publication.ts';
import { messageOf } from '../../../cli/test-message.ts';
import { type Written, writtenBy } from '../../../cli/test-records.ts';
import { compileRule } from '../../../rules/compile.ts';
import { rowsOf } from '../../../rules/offline.ts';
import { recordFlow } from './support/record-flow.ts';

const sql = 'SELECT value FROM "$kafka/in"';
const sinkOf = (sink: object) => ({
  topic: 'out',
  payload: '${value}',
  qos: 1,
  retain: false,
  mqttProperties: true,
  ...sink,
});
type Headers = Readonly<Record<string, string | Buffer>>;

function live(headers: Headers, sink: object = {}, value: string | undefined = 'x'): Publication {
  const flow = recordFlow(sql, sinkOf(sink));
  flow.give({ key: 'k', value: value === undefined ? undefined : Buffer.from(value), headers } as never);
  expect(flow.failures).toEqual([]);
  return flow.published[0]!;
}

/** What `mkb test` makes of a record or a message. */
function offline(given: Partial<TestMessage>, sink: object = {}): Written {
  const from = given.topic?.startsWith('$kafka/') ? sql : 'SELECT payload FROM "v/#"';
  const payload = given.topic?.startsWith('$kafka/') ? '${value}' : '${payload}';
  const message = { payload: 'x', qos: 1, retain: false, timestamp: 1000, ...given } as TestMessage;
  const rule = compileRule(from);
  const document = { name: 'r', sql: from, sinks: [{ mqtt: sinkOf({ payload, ...sink }) }] };
  return writtenBy(document as never, rule, rowsOf(rule, messageOf(message), []), 'b')[0]!;
}

const pairs = (headers: Headers) => Object.entries(headers).map(([name, value]) => ({ name, value: String(value) }));
const properties = ({ message, headers }: Written) => ({
  ...message,
  userProperties: headers.map(({ name, value }) => [name, String(value)]),
});

const none = { userProperties: [] };

describe('mqttProperties gives a message, of a record with', () => {
  test.each<[string, Headers, object]>([
    ['no headers', {}, none],
    ['a content type', { 'mqtt.content-type': 'text/plain' }, { ...none, contentType: 'text/plain' }],
    ['a response topic', { 'mqtt.response-topic': 'a/b' }, { ...none, responseTopic: 'a/b' }],
    ['correlation data', { 'mqtt.correlation-data': 'c' }, { ...none, correlationData: Buffer.from('c') }],
    ['a format', { 'mqtt.payload-format-indicator': '1' }, { ...none, payloadFormat: 1 }],
    ['an expiry', { 'mqtt.message-expiry-interval': '60' }, { ...none, expiry: { seconds: 60, from: 1000 } }],
    [
      'other headers',
      { a: '1', 'b-c': 'ä' },
      {
        userProperties: [
          ['a', '1'],
          ['b-c', 'ä'],
        ],
      },
    ],
    [
      'the facts of the first message',
      { 'mqtt.topic': 't', 'mqtt.qos': '2', 'mqtt.retain': 'true', 'mqtt.clientid': 'c' },
      none,
    ],
    ['a response topic with a wildcard', { 'mqtt.response-topic': 'a/#' }, none],
    ['a format that there is not', { 'mqtt.payload-format-indicator': '2' }, none],
    ['an expiry that is no number', { 'mqtt.message-expiry-interval': '-1' }, none],
    ['an expiry that is too long', { 'mqtt.message-expiry-interval': '4294967296' }, none],
    ['a content type with a line feed', { 'mqtt.content-type': 'a\nb' }, none],
    ['a header that is longer than MQTT has', { a: 'x'.repeat(65_536), b: '1' }, { userProperties: [['b', '1']] }],
  ])('%s', (_what, headers, expected) => {
    const { topic: _topic, payload: _payload, qos: _qos, retain: _retain, ...rest } = live(headers);
    expect(rest).toEqual(expected);
    const { qos: _, retain: __, ...made } = properties(offline({ topic: '$kafka/in', userProperties: pairs(headers) }));
    expect(made).toEqual(expected);
  });

  test('bytes that are no text: correlation data as they are, others left out', () => {
    const bytes = Buffer.of(0, 255, 254);
    const made = live({ 'mqtt.correlation-data': bytes, binary: bytes, 'mqtt.content-type': bytes });
    expect([made.correlationData, made.contentType, made.userProperties]).toEqual([bytes, undefined, []]);
  });

  test('a trace once, and fields of the sink before what the record has', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const sink = { contentType: 'own', userProperties: [{ name: 'n', value: 'v' }], responseTopic: '${headers.none}' };
    const headers = { traceparent, 'mqtt.content-type': 'theirs', 'mqtt.response-topic': 'theirs', a: '1' };
    expect(live(headers, sink)).toMatchObject({
      contentType: 'own',
      responseTopic: 'theirs',
      userProperties: [
        ['traceparent', traceparent],
        ['a', '1'],
        ['n', 'v'],
      ],
    });
  });

  test('nothing without it', () => {
    expect(live({ 'mqtt.content-type': 'c', a: '1' }, { mqttProperties: false })).toMatchObject(none);
  });

  test('of an MQTT message its own', () => {
    const given = {
      contentType: 'c',
      responseTopic: 'r',
      correlationData: 'base64:AP8=',
      messageExpiry: 5,
      payloadFormat: 'bytes' as const,
    };
    const made = properties(offline({ topic: 'v/1', ...given, userProperties: [{ name: 'a', value: '1' }] }));
    expect(made).toEqual({
      qos: 1,
      retain: false,
      contentType: 'c',
      responseTopic: 'r',
      correlationData: Buffer.of(0, 255),
      payloadFormat: 0,
      expiry: { seconds: 5, from: 1000 },
      userProperties: [['a', '1']],
    });
  });
});

describe('an mqtt sink with cloudEvents', () => {
  /** As the standard's SDK reads it. */
  const read = ({ value, message, headers }: Written) => {
    const structured = message!.contentType!.startsWith('application/cloudevents');
    const user = Object.fromEntries(headers.map(each => [each.name, String(each.value)]));
    const event = MQTT.toEvent({
      PUBLISH: { 'Content Type': message!.contentType },
      'User Properties': user,
      headers: structured ? {} : { ...user, datacontenttype: message!.contentType },
      payload: String(value),
      body: structured ? String(value) : JSON.parse(String(value)),
    } as never) as CloudEvent<unknown>;
    return JSON.parse(new CloudEvent({ ...event } as never, true).toString());
  };
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/s',
    type: 't',
    time: '2020-01-02T03:04:05.006Z',
    ext: 'e',
    datacontenttype: 'application/json',
    data: { a: 1 },
  };
  const { data, datacontenttype, ...attributes } = event;
  const named = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, value]));
  const binary = {
    payload: JSON.stringify(data),
    userProperties: pairs({ ...named, 'content-type': datacontenttype }),
  };
  const structured = {
    payload: JSON.stringify(event),
    userProperties: pairs({ 'content-type': 'application/cloudevents+json' }),
  };

  test.each([
    ['binary', 'binary', binary],
    ['binary', 'structured', binary],
    ['structured', 'binary', structured],
    ['structured', 'structured', structured],
  ] as const)('passes an event of Kafka on, from %s to %s mode', (_from, mode, given) => {
    const sink = { cloudEvents: { mode } };
    for (const mqttProperties of [true, false])
      expect(read(offline({ topic: '$kafka/in', ...given }, { ...sink, mqttProperties }))).toEqual(event);
  });

  test('makes one of a record that is none, the same in the bridge and by mkb test', () => {
    const made = offline({ topic: '$kafka/in', key: 'k' }, { cloudEvents: { mode: 'binary', type: 'com.example.a' } });
    expect(Object.fromEntries(properties(made).userProperties)).toEqual({
      specversion: '1.0',
      id: 'r-in-0-0',
      source: '/mqtt-kafka-bridges/b',
      type: 'com.example.a',
      subject: 'k',
      time: '1970-01-01T00:00:01.000Z',
    });
    const inBridge = live({}, { cloudEvents: { mode: 'structured', type: 'com.example.a' } });
    expect(inBridge.contentType).toBe('application/cloudevents+json; charset=utf-8');
    expect(JSON.parse(String(inBridge.payload))).toMatchObject({ type: 'com.example.a', data_base64: 'eA==' });
  });
});
