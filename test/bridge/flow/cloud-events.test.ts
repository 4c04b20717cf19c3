// Consumers that take CloudEvents only could not read what the bridge wrote. What it writes is read here with the SDK of the standard.
import { afterEach, describe, expect, test } from 'vitest';
import type { Written } from '../../../cli/test-records.ts';
import {
  any,
  documentOf,
  flow,
  type Given,
  header,
  live,
  made,
  offline,
  read,
  start,
  stop,
} from './support/cloud-events.ts';

afterEach(stop);

describe.each(['binary', 'structured'])('in %s mode', mode => {
  test('a message becomes an event with attributes that say where it is from', async () => {
    const event = read(await made(documentOf({ mode }), { payload: '{"speed": 50}', contentType: 'application/json' }));
    expect(event).toEqual({
      specversion: '1.0',
      id: expect.stringMatching(/^r-[0-9A-F]{32}$/),
      source: '/mqtt-kafka-bridges/test',
      type: 'dev.mqttkafka.message',
      subject: 'v/1',
      time: '2023-11-14T22:13:20.123Z',
      datacontenttype: 'application/json',
      data: { speed: 50 },
    });
  });

  test('templates say who it is', async () => {
    const document = documentOf({
      mode,
      id: '${payload.n}',
      source: 'https://example.com/${topic}',
      type: 'com.example.${payload.kind}',
      subject: '${payload.part}',
      datacontenttype: 'application/vnd.example+json',
      dataschema: 'https://example.com/a schema',
      extensions: [
        { name: 'part', value: '${payload.part}' },
        { name: 'missing', value: '${payload.none}' },
      ],
    });
    const payload = '{"n": 7, "kind": "moved", "part": "ä"}';
    expect(read(await made(document, { payload }))).toMatchObject({
      id: '7',
      source: 'https://example.com/v/1',
      type: 'com.example.moved',
      subject: 'ä',
      datacontenttype: 'application/vnd.example+json',
      dataschema: 'https://example.com/a%20schema',
      part: 'ä',
    });
  });

  test.each<[string, Given | undefined, object, unknown, string | undefined]>([
    ['a row', { payload: '{"a": 1.0}' }, { value: '${.}' }, undefined, 'application/json'],
    ['text', { payload: 'x' }, { value: 'text of ${topic}' }, 'text of v/1', undefined],
    ['a value of the payload', { payload: '{"a": {"b": 2}}' }, { value: '${payload.a}' }, { b: 2 }, 'application/json'],
    ['a number', { payload: '{"a": 2}' }, { value: '${payload.a}' }, 2, 'application/json'],
  ])('data is %s', async (_what, given, sink, data, type) => {
    const event = read(await made(documentOf({ mode }, any, sink), given!));
    // Bytes of which nobody says what they are.
    const found = event.data ?? Buffer.from(String(event.data_base64), 'base64').toString();
    if (data !== undefined) expect(found).toEqual(data);
    if (type !== undefined) expect(event.datacontenttype).toBe(type);
  });
});

describe('in structured mode', () => {
  const data = async (given: Given, events: object = {}) =>
    JSON.parse((await made(documentOf({ mode: 'structured', ...events }), given)).value!.toString());

  test.each<[string, Given, object]>([
    ['JSON that nobody names', { payload: ' {"a": [1]}' }, { data: { a: [1] }, datacontenttype: 'application/json' }],
    ['a list that nobody names', { payload: '[1]' }, { data: [1], datacontenttype: 'application/json' }],
    ['JSON that is named', { payload: '"x"', contentType: 'Application/Problem+JSON' }, { data: 'x' }],
    ['bytes', { payload: 'base64:AP8=' }, { data_base64: 'AP8=' }],
    ['bytes that begin like JSON', { payload: '{x' }, { data_base64: 'e3g=' }],
    [
      'bytes that claim to be JSON',
      { payload: 'base64:ewD/', contentType: 'application/json' },
      { data_base64: 'ewD/' },
    ],
    ['text that is named', { payload: 'ä', contentType: 'text/plain' }, { data: 'ä', datacontenttype: 'text/plain' }],
    ['XML', { payload: '<a/>', contentType: 'application/xml' }, { data: '<a/>' }],
    [
      'text of another charset',
      { payload: 'base64:5A==', contentType: 'text/plain; charset=latin1' },
      { data_base64: '5A==' },
    ],
    [
      'text by the payload format',
      { payload: 'ä', payloadFormat: 'utf8' },
      { data: 'ä', datacontenttype: 'text/plain; charset=utf-8' },
    ],
    ['text that nobody names', { payload: 'on' }, { data_base64: 'b24=' }],
    [
      'a named format that is no text',
      { payload: 'x', contentType: 'application/avro' },
      { data_base64: 'eA==', datacontenttype: 'application/avro' },
    ],
  ])('data is %s', async (_what, given, expected) => {
    const event = await data(given);
    expect(event).toMatchObject(expected);
    expect('data' in event && 'data_base64' in event).toBe(false);
  });

  test('numbers keep every digit', async () => {
    const { value } = await made(documentOf({ mode: 'structured' }), {
      payload: '{"n": 12345678901234567890, "f": 2.0}',
    });
    expect(value!.toString()).toContain('"data":{"n": 12345678901234567890, "f": 2.0}');
  });

  test('the record says what it is', async () => {
    const record = await made(documentOf({ mode: 'structured' }), { payload: '{}' });
    expect(record.headers.map(({ name, value }) => [name, String(value)])).toEqual([
      ['content-type', 'application/cloudevents+json; charset=utf-8'],
    ]);
  });
});

test('rows of one message have an id each, and messages that are alike have different ones', async () => {
  const sql = 'FOREACH payload.list AS item DO item AS item FROM "v/#"';
  const records = await live(documentOf({}, sql), { payload: '{"list": [1, 1, 1]}' }, { payload: '{"list": [1]}' });
  const ids = records.flatMap(record => header(record, 'ce_id'));
  expect([records.length, new Set(ids).size]).toEqual([4, 4]);
  expect(ids.map(id => id.slice(-2))).toEqual(['-1', '-2', '-3', '-1']);
});

test('what MQTT knows travels beside it, and no publisher writes its attributes', async () => {
  const document = documentOf({}, any, { mqttHeaders: true, headers: [{ name: 'own', value: 'x' }] });
  const userProperties = ['ce_id', 'ce_x', 'content-type', 'mine'].map(name => ({ name, value: 'forged' }));
  const record = await made(document, { payload: '{}', contentType: 'text/csv', userProperties });
  expect(record.headers.map(({ name }) => name)).toEqual([
    ...['mqtt.topic', 'mqtt.qos', 'mqtt.retain', 'mqtt.content-type', 'mine'],
    ...['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time', 'content-type', 'own'],
  ]);
  expect(header(record, 'content-type')).toEqual(['text/csv']);
});

test.each<[string, object, string]>([
  ['no id', { id: '${payload.none}' }, 'template-value-missing'],
  ['an empty type', { type: '${payload.empty}' }, 'template-value-missing'],
  ['a type that lacks a part', { type: 'com.${payload.none}' }, 'template-value-missing'],
  ['a line feed in an id', { id: '${payload.lines}' }, 'cloud-event-invalid'],
  ['a schema that is no URI', { dataschema: '${payload.id}' }, 'cloud-event-invalid'],
])('a message that gives %s is a dead letter with its payload', async (_what, events, code) => {
  const payload = '{"empty": "", "lines": "a\\nb", "id": "x"}';
  for (const mode of ['binary', 'structured']) {
    const document = documentOf({ mode, ...events });
    await live(document, { payload });
    const [letter] = flow().records('dead');
    expect([letter!.value, Object.fromEntries(letter!.headers)['mkb.error.code']]).toEqual([payload, code]);
    await stop();
    expect(() => offline(document, { payload })).toThrow(expect.objectContaining({ code }));
  }
});

test('a record that Kafka refuses leaves the payload as the dead letter, and not the envelope', async () => {
  const flow = await start({
    topics: ['dead'],
    deadLetter: 'dead',
    rules: [documentOf({ mode: 'structured' }, any, { topic: '${payload.t}' })],
  });
  await flow.send({ topic: 'v/1', payload: '{"t": "nowhere"}' });
  expect(flow.records('dead').map(({ value }) => value)).toEqual(['{"t": "nowhere"}']);
});

describe('a record of Kafka', () => {
  const sql = 'SELECT value FROM "$kafka/in"';
  const recordOf = (given: Given) =>
    offline(documentOf({}, sql, { value: '${value}' }), { topic: '$kafka/in', ...given })[0]!;
  const named = (written: Written) =>
    Object.fromEntries(written.headers.map(({ name, value }) => [name, String(value)]));

  test('has its place as its id, which is the same when it is read again', () => {
    expect(named(recordOf({ payload: 'x', key: 'k' }))).toMatchObject({
      ce_id: 'r-in-0-0',
      ce_type: 'dev.mqttkafka.record',
      ce_subject: 'k',
    });
  });

  test('that is an event stays it', () => {
    const headers = { ce_id: '1', ce_source: '/s', ce_type: 't', ce_specversion: '1.0', 'content-type': 'text/plain' };
    const userProperties = Object.entries(headers).map(([name, value]) => ({ name, value }));
    expect(named(recordOf({ payload: 'x', userProperties }))).toEqual(headers);
  });
});
