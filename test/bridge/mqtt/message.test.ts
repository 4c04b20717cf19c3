import { expect, it } from 'vitest';
import { FrameReader } from '../../../bridge/mqtt/frames.ts';
import { MqttMessage } from '../../../bridge/mqtt/message.ts';

/** A message of topic `t` with these property bytes and payload. */
function message(properties: string, payload = ''): MqttMessage {
  const bytes = Buffer.from(properties.replaceAll(' ', ''), 'hex');
  const body = Buffer.concat([Buffer.from([0, 1, 0x74, bytes.length]), bytes, Buffer.from(payload)]);
  const pointed = new MqttMessage('0000abcd');
  const reader = new FrameReader(pointed, '5', 1000);
  reader.append(Buffer.concat([Buffer.from([0x30, body.length]), body]));
  reader.next();
  pointed.arrival = 1;
  return pointed;
}

const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]).toString('hex');
const pair = (key: string, value: string) => `26${text(key)}${text(value)}`;

it('user properties keep their order and their duplicates', () => {
  const { userProperties, properties } = message(pair('a', '1') + pair('b', '2') + pair('a', '3'));
  expect(userProperties).toEqual([
    ['a', '1'],
    ['b', '2'],
    ['a', '3'],
  ]);
  expect({ ...(properties['User-Property'] as object) }).toEqual({ a: '3', b: '2' });
  expect(properties['User-Property-Pairs']).toEqual([
    { key: 'a', value: '1' },
    { key: 'b', value: '2' },
    { key: 'a', value: '3' },
  ]);
});

it('a copy stays what it is when the original is pointed elsewhere', () => {
  const original = message(pair('a', '1'), 'payload');
  const copy = original.copy();
  const { topic, id, properties } = original;
  original.buffer.fill(0);
  Object.assign(original, { topic: 'other', arrival: 2 });
  expect(copy.payload.toString()).toBe('payload');
  expect([copy.topic, copy.id, copy.properties]).toEqual([topic, id, properties]);
});

it('a user property named __proto__ is a property like others', () => {
  const { properties } = message(pair('__proto__', 'x'));
  expect(Object.entries(properties['User-Property'] as object)).toEqual([['__proto__', 'x']]);
});

it("each property has its name of EMQX's rules", () => {
  const { properties } = message(`01 01 02 0000003c 03 ${text('json')} 08 ${text('re/ply')} 09 0002 beef 0b 8101`);
  expect({ ...properties }).toEqual({
    'Payload-Format-Indicator': 1,
    'Message-Expiry-Interval': 60,
    'Content-Type': 'json',
    'Response-Topic': 're/ply',
    'Correlation-Data': Buffer.from('beef', 'hex'),
  });
});

it('the subscriptions that a copy is for are no properties of the message, and are found among others', () => {
  const subject = message(`0b 8101 ${pair('a', '1')} 0b 01 03 ${text('json')} 0b ffffff7f`);
  subject.named.read(subject.buffer, subject.propertiesStart, subject.propertiesEnd);
  expect([...subject.named.identifiers].slice(0, subject.named.count)).toEqual([129, 1, 268_435_455]);
  expect(Object.keys(subject.properties)).not.toContain('Subscription-Identifier');
});

it.each([
  ['a property that the standard does not know', '0b 01 7f'],
  ['a property that is cut off', '0b 01 03 00ff'],
  ['an identifier that is cut off', '0b 01 0b 81'],
  ['an identifier of more than four bytes', '0b 01 0b 8181818101'],
  ['the identifier 0', '0b 00'],
])('a copy with %s is for all subscriptions', (_, properties) => {
  const subject = message(properties);
  subject.named.read(subject.buffer, subject.propertiesStart, subject.propertiesEnd);
  expect(subject.named.count).toBe(0);
});

it.each(['7f 00', '02 00', '26 0001', '03 0005 61', '0b 8080808001'])('broken properties %s are refused', hex => {
  expect(() => message(hex).properties).toThrow(expect.objectContaining({ code: 'mqtt-protocol-error' }));
});

it('a message without properties has none', () => {
  expect(Object.keys(message('').properties)).toEqual([]);
  expect(message('').userProperties).toEqual([]);
});

it('what was decoded for one message is not seen in the next', () => {
  const pointed = message(pair('a', '1'), '{"n":1}');
  expect([pointed.json(), pointed.payload.toString(), pointed.userProperties.length]).toEqual([{ n: 1 }, '{"n":1}', 1]);
  const reader = new FrameReader(pointed, '5', 1000);
  reader.append(Buffer.from([0x30, 5, 0, 1, 0x74, 0, 0x32]));
  reader.next();
  pointed.arrival = 2;
  expect([pointed.json(), pointed.payload.toString(), pointed.userProperties.length]).toEqual([2, '2', 0]);
});

it('JSON is decoded once for a message', () => {
  const pointed = message('', '{"n":1}');
  expect(pointed.json()).toBe(pointed.json());
});
