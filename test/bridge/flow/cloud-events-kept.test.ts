// An event that went through the bridge got another id, and consumers could not tell that it had come twice.
import { afterEach, describe, expect, test } from 'vitest';
import { documentOf, flow, type Given, header, live, made, read, stop } from './support/cloud-events.ts';

afterEach(stop);

describe('a message that is a CloudEvent already', () => {
  const attributes = {
    specversion: '1.0',
    id: 'A-1',
    source: '/sensors/7',
    type: 'com.example.measured',
    subject: 'tank',
    time: '2020-01-02T03:04:05.006Z',
    ext: '5',
  };
  const binary: Given = {
    payload: '{"level": 3}',
    contentType: 'application/json',
    userProperties: Object.entries(attributes).map(([name, value]) => ({ name, value })),
  };
  const envelope = JSON.stringify({ ...attributes, datacontenttype: 'application/json', data: { level: 3 } });
  const structured: Given = { payload: envelope, contentType: 'application/cloudevents+json; charset=utf-8' };
  const from311: Given = { payload: envelope };
  const kept = { ...attributes, datacontenttype: 'application/json', data: { level: 3 } };

  test.each([
    ['binary', 'binary', binary],
    ['binary', 'structured', binary],
    ['structured', 'binary', structured],
    ['structured', 'structured', structured],
    ['structured of MQTT 3.1.1', 'binary', from311],
  ] as const)('stays that event, from %s to %s mode', async (_from, mode, given) => {
    expect(read(await made(documentOf({ mode }), given))).toEqual(kept);
  });

  test('keeps its id when it is delivered again', async () => {
    const [first, again] = await live(documentOf({}), binary, binary);
    expect([header(first!, 'ce_id'), header(again!, 'ce_id')]).toEqual([['A-1'], ['A-1']]);
  });

  test('keeps bytes, from base64 and to it', async () => {
    const payload = JSON.stringify({ ...attributes, datacontenttype: 'application/octet-stream', data_base64: 'AP8=' });
    const given = { payload, contentType: 'application/cloudevents+json' };
    expect((await made(documentOf({}), given)).value).toEqual(Buffer.of(0, 255));
    await stop();
    expect(JSON.parse(String((await made(documentOf({ mode: 'structured' }), given)).value)).data_base64).toBe('AP8=');
  });

  test('is another one where the document says so', async () => {
    const event = read(await made(documentOf({ type: 'com.example.other', subject: '${payload.none}' }), binary));
    expect(event).toMatchObject({ id: 'A-1', type: 'com.example.other', ext: '5' });
    expect(event).not.toHaveProperty('subject');
  });

  test('is read by rules, and what they work out is a new event', async () => {
    const sql =
      'SELECT cloud_event.data.level AS level, cloud_event.type AS kind FROM "v/#" WHERE cloud_event.ext = \'5\'';
    for (const given of [binary, structured, from311]) {
      const event = read(await made(documentOf({}, sql), given));
      expect(event).toMatchObject({ type: 'dev.mqttkafka.message', data: { level: 3, kind: 'com.example.measured' } });
      expect(event.id).not.toBe('A-1');
      await stop();
    }
  });

  test.each<[string, Given]>([
    ['without an id', { ...binary, userProperties: binary.userProperties!.filter(({ name }) => name !== 'id') }],
    [
      'of another version',
      { ...binary, userProperties: [...binary.userProperties!, { name: 'specversion', value: '0.3' }] },
    ],
    ['in a batch', { payload: `[${envelope}]`, contentType: 'application/cloudevents-batch+json' }],
    ['in an envelope of another format', { payload: 'x', contentType: 'application/cloudevents+avro' }],
    ['in an envelope that is a list', { payload: `[${envelope}]`, contentType: 'application/cloudevents+json' }],
  ])('is none %s', async (_what, given) => {
    const [row] = await live(documentOf({}, 'SELECT coalesce(cloud_event.type, \'none\') AS kind FROM "v/#"'), given);
    expect(String(row!.value)).toBe('{"kind":"none"}');
  });

  // The bridge failed on it with the words "contentType.split is not a function", or wrote `true` as a header.
  test.each(
    [5, true, [], { a: 1 }, '', null].map(datacontenttype => ({ datacontenttype })),
  )('goes without a content type that is none: $datacontenttype', async ({ datacontenttype }) => {
    const payload = JSON.stringify({ ...attributes, datacontenttype, data: { level: 3 } });
    const given = { payload, contentType: structured.contentType! };
    for (const mode of ['binary', 'structured']) {
      expect(read(await made(documentOf({ mode }), given))).toEqual(kept);
      await stop();
    }
    const bytes = JSON.stringify({ ...attributes, datacontenttype, data_base64: 'AP8=' });
    const record = await made(documentOf({}), { ...given, payload: bytes });
    expect([record.value, header(record, 'content-type')]).toEqual([Buffer.of(0, 255), []]);
  });

  test('is a dead letter if its envelope is no JSON', async () => {
    await live(documentOf({}), { payload: 'x', contentType: 'application/cloudevents+json' });
    const [letter] = flow().records('dead');
    expect([letter!.value, Object.fromEntries(letter!.headers)['mkb.error.code']]).toEqual(['x', 'payload-not-json']);
  });
});
