import fc from 'fast-check';
import mqttPacket from 'mqtt-packet';
import { expect, test } from 'vitest';
import { publicationProblem } from '../../../bridge/mqtt/publisher/publication-problem.ts';
import { publishPacket } from '../../../bridge/mqtt/publisher/publish-packet.ts';

const publication = (parts: object = {}) => ({
  topic: 't',
  payload: Buffer.from('p'),
  qos: 1 as const,
  retain: false,
  userProperties: [] as readonly (readonly [string, string])[],
  ...parts,
});

/** What mqtt-packet, which the servers of this ecosystem use, reads. */
function parsed(packet: Buffer, version: '5' | '3.1.1') {
  const parser = mqttPacket.parser({ protocolVersion: version === '5' ? 5 : 4 });
  const packets: mqttPacket.IPublishPacket[] = [];
  parser.on('packet', found => packets.push(found as mqttPacket.IPublishPacket));
  parser.on('error', error => {
    throw error;
  });
  parser.parse(packet);
  return packets;
}

test('another implementation reads from a packet what was put into it', () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter(each => publicationProblem(publication({ topic: each })) === undefined);
  const parts = fc.record({
    topic: text,
    payload: fc.uint8Array({ maxLength: 20_000 }).map(bytes => Buffer.from(bytes)),
    qos: fc.constantFrom(0 as const, 1 as const, 2 as const),
    retain: fc.boolean(),
    userProperties: fc.array(fc.tuple(text, text)),
    contentType: fc.option(text, { nil: undefined }),
    responseTopic: fc.option(text, { nil: undefined }),
    correlationData: fc.option(
      fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
      { nil: undefined },
    ),
    payloadFormat: fc.constantFrom(undefined, 0 as const, 1 as const),
  });
  const expiry = fc.option(fc.integer({ min: 1, max: 4_294_967_295 }), { nil: undefined });
  fc.assert(
    fc.property(
      parts,
      fc.constantFrom('5' as const, '3.1.1' as const),
      fc.boolean(),
      expiry,
      (made, version, dup, left) => {
        const sending = { version, packetId: 7, dup, qos: made.qos, expirySeconds: left };
        const [packet, ...more] = parsed(publishPacket(made, sending), version);
        expect(more).toEqual([]);
        expect(packet).toMatchObject({
          topic: made.topic,
          qos: made.qos,
          retain: made.retain,
          dup: dup && made.qos > 0,
        });
        expect(packet!.payload).toEqual(made.payload);
        if (made.qos > 0) expect(packet!.messageId).toBe(7);
        const names = Object.entries(packet!.properties?.userProperties ?? {}).flatMap(([name, values]) =>
          [values].flat().map(value => `${name}=${value}`),
        );
        if (version === '5') {
          expect({ ...packet!.properties, userProperties: undefined }).toEqual({
            payloadFormatIndicator: made.payloadFormat === undefined ? undefined : made.payloadFormat === 1,
            messageExpiryInterval: left,
            contentType: made.contentType,
            responseTopic: made.responseTopic,
            correlationData: made.correlationData,
          });
        }
        expect(names.sort()).toEqual(version === '5' ? made.userProperties.map(pair => pair.join('=')).sort() : []);
      },
    ),
  );
});

const property = (name: string, value: string) => ({ userProperties: [[name, value]] });

// A string that no packet can hold was sent again and again, and nothing after it.
test.each([
  ['an empty topic', { topic: '' }, 'mqtt-topic-invalid'],
  ['a topic with +', { topic: 'a/+' }, 'mqtt-topic-invalid'],
  ['a topic with #', { topic: 'car/#' }, 'mqtt-topic-invalid'],
  ['a topic with NUL', { topic: 'a\0' }, 'mqtt-topic-invalid'],
  ['a topic with a control character', { topic: 'a\x01' }, 'mqtt-topic-invalid'],
  ['a topic with a lone surrogate', { topic: 'a\ud800' }, 'mqtt-topic-invalid'],
  ['a topic with a code point that is no character', { topic: 'a\uffff' }, 'mqtt-topic-invalid'],
  ['a topic of 65,536 bytes', { topic: 'a'.repeat(65_536) }, 'mqtt-topic-invalid'],
  ['a topic of 65,538 bytes in fewer characters', { topic: 'ä'.repeat(32_769) }, 'mqtt-topic-invalid'],
  ["the server's own topics", { topic: '$SYS/broker/uptime' }, 'mqtt-topic-invalid'],
  ['the topic of a shared subscription', { topic: '$share/g/t' }, 'mqtt-topic-invalid'],
  ['a name of 70,000 bytes', property('n'.repeat(70_000), ''), 'mqtt-property-invalid'],
  ['a value of 70,000 bytes', property('n', 'v'.repeat(70_000)), 'mqtt-property-invalid'],
  ['a name with NUL', property('n\0', ''), 'mqtt-property-invalid'],
  ['a value with NUL', property('n', '\0'), 'mqtt-property-invalid'],
  ['a value with a lone surrogate', property('n', '\udfff!'), 'mqtt-property-invalid'],
  ['a value with a line feed', property('n', 'one\ntwo'), 'mqtt-property-invalid'],
  ['a content type with NUL', { contentType: 'a\0' }, 'mqtt-property-invalid'],
  ['a response topic with a wildcard', { responseTopic: 'answers/#' }, 'mqtt-property-invalid'],
  ['an empty response topic', { responseTopic: '' }, 'mqtt-property-invalid'],
  ['correlation data of 65,536 bytes', { correlationData: Buffer.alloc(65_536) }, 'mqtt-property-invalid'],
  [
    'a payload that is not the UTF-8 it claims',
    { payload: Buffer.of(0xc3), payloadFormat: 1 },
    'mqtt-property-invalid',
  ],
  ['a packet larger than MQTT has', { payload: { length: 268_435_455 } }, 'mqtt-publish-too-large'],
])('%s is refused before it is sent', (_what, parts, code) => {
  expect(publicationProblem(publication(parts) as never)?.code).toBe(code);
});

test.each([
  ['a topic of 65,535 bytes', { topic: 'a'.repeat(65_535) }],
  ['topics of features that servers have', { topic: '$delayed/10/t' }],
  ['topics of a cloud', { topic: '$aws/things/t/shadow/update' }],
  ['a pair of surrogates', { topic: 'a\u{1f697}' }],
  ['empty names and values', property('', '')],
  ['a value of 65,535 bytes', property('n', 'v'.repeat(65_535))],
  ['correlation data of any bytes', { correlationData: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)) }],
  ['an empty content type', { contentType: '' }],
])('%s may be sent', (_what, parts) => {
  expect(publicationProblem(publication(parts))).toBe(undefined);
});
