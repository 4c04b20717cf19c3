import fc from 'fast-check';
import mqttPacket, { type Packet } from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { MkbError } from '../../../api/errors.ts';
import { FrameReader, packetType } from '../../../bridge/mqtt/frames.ts';
import { MqttMessage } from '../../../bridge/mqtt/message.ts';

type Version = '5' | '3.1.1';

const encode = (packet: unknown, version: Version): Buffer =>
  mqttPacket.generate(packet as Packet, { protocolVersion: version === '5' ? 5 : 4 });

/** Everything that is in `chunks`, as values. Each chunk is spoiled as soon as the reader has let go of it, as a socket would. */
function read(chunks: readonly Buffer[], version: Version, maximumPacketSize = 1_000_000): unknown[] {
  const message = new MqttMessage('00000000');
  const reader = new FrameReader(message, version, maximumPacketSize);
  const found: unknown[] = [];
  let arrival = 0;
  for (const chunk of chunks.map(bytes => Buffer.from(bytes))) {
    reader.append(chunk);
    for (let type = reader.next(); type !== 0; type = reader.next()) {
      message.arrival = arrival++;
      found.push(type === packetType.publish ? seen(message) : { type, bytes: reader.bytes().toString('hex') });
    }
    chunk.fill(0xff);
  }
  return found;
}

function seen(message: MqttMessage) {
  const { topic, qos, retain, dup, packetId, userProperties } = message;
  return { topic, qos, retain, dup, packetId, payload: message.payload.toString('hex'), userProperties };
}

const topic = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 40 })
  .map(text => `t${text.replace(/[\0+#]/g, '_')}`);
const userProperties = fc.dictionary(fc.constantFrom('a', 'b', 'trace'), fc.string({ maxLength: 9 }), { maxKeys: 2 });

const publish = fc.record({
  cmd: fc.constant('publish'),
  topic,
  payload: fc.uint8Array({ maxLength: 400 }).map(bytes => Buffer.from(bytes)),
  qos: fc.constantFrom(0, 1, 2),
  retain: fc.boolean(),
  dup: fc.boolean(),
  messageId: fc.integer({ min: 1, max: 65_535 }),
  properties: userProperties.map(pairs => (Object.keys(pairs).length > 0 ? { userProperties: pairs } : {})),
});

const other = fc.constantFrom({ cmd: 'pingresp' }, { cmd: 'pubrel', messageId: 7, qos: 1 });

/** Cuts `bytes` at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...cuts, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : cuts[index - 1], end));
}

describe.each<Version>(['5', '3.1.1'])('MQTT %s', version => {
  it('any split of a stream into reads gives the same packets', () => {
    const packets = fc.array(fc.oneof({ weight: 4, arbitrary: publish }, other), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(packets, fc.array(fc.nat(), { maxLength: 60 }), (sent, places) => {
        const stream = Buffer.concat(sent.map(packet => encode(packet, version)));
        expect(read(cut(stream, places), version)).toEqual(read([stream], version));
      }),
      { numRuns: 300 },
    );
  });

  it('a PUBLISH is read as mqtt-packet wrote it', () => {
    fc.assert(
      fc.property(publish, sent => {
        const { messageId, payload, properties, cmd: _, ...plain } = sent;
        const expected = {
          ...plain,
          dup: plain.qos > 0 && plain.dup,
          packetId: plain.qos === 0 ? 0 : messageId,
          payload: payload.toString('hex'),
          userProperties: version === '5' ? Object.entries(properties.userProperties ?? {}) : [],
        };
        const [found] = read([encode(sent, version)], version) as [typeof expected];
        expect({ ...found, dup: sent.qos > 0 && found.dup }).toEqual(expected);
      }),
    );
  });

  it('no bytes make the reader fail otherwise than with an error of the table', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), chunks => {
        try {
          read(
            chunks.map(bytes => Buffer.from(bytes)),
            version,
          );
        } catch (error) {
          expect(MkbError.is(error)).toBe(true);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

it('a packet of many reads is copied once, not once for each read', () => {
  const payload = Buffer.alloc(4_000_000, 'x');
  const stream = encode({ cmd: 'publish', topic: 'big', payload, qos: 0 }, '5');
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; at += 100) chunks.push(stream.subarray(at, at + 100));
  const message = new MqttMessage('00000000');
  const reader = new FrameReader(message, '5', 5_000_000);
  const began = performance.now();
  for (const chunk of chunks) {
    reader.append(chunk);
    reader.next();
  }
  // Copying all that is there for each of 40,000 reads would move 80 GB.
  expect(performance.now() - began).toBeLessThan(3000);
  expect(message.payload.equals(payload)).toBe(true);
});

it('reads that come while packets wait are read after them, in order', () => {
  const message = new MqttMessage('00000000');
  const reader = new FrameReader(message, '5', 1000);
  const stream = Buffer.concat(
    ['a', 'b', 'c', 'd'].map(name => encode({ cmd: 'publish', topic: name, payload: '', qos: 0 }, '5')),
  );
  for (const byte of stream) reader.append(Buffer.from([byte]));
  const topics: string[] = [];
  while (reader.next() !== 0) topics.push(message.topic);
  expect(topics).toEqual(['a', 'b', 'c', 'd']);
});

/** What is wrong with a packet, and the reason code that the server is told. */
const wrong: [what: string, hex: string, reasonCode: number][] = [
  ['QoS 3', '36 06 0001 61 0001 00', 0x81],
  ['packet identifier 0', '32 06 0001 61 0000 00', 0x82],
  ['no room for the topic', '30 04 0009 6161', 0x81],
  ['no room for the packet identifier', '32 04 0001 61 00', 0x81],
  ['no properties', '30 03 0001 61', 0x81],
  ['properties that are longer than the packet', '30 04 0001 61 05', 0x81],
  ['a length of five bytes', '30 ffffffff7f', 0x81],
  ['a topic with +', '30 04 0001 2b 00', 0x90],
  ['a topic with #', '30 04 0001 23 00', 0x90],
  ['a topic with NUL', '30 04 0001 00 00', 0x81],
  ['a topic that is not UTF-8', '30 04 0001 ff 00', 0x81],
  ['a topic with a surrogate', '30 06 0003 eda080 00', 0x81],
  ['no topic', '30 03 0000 00', 0x82],
  ['a topic alias', '30 06 0000 03 230001', 0x94],
];

it.each(wrong)('a PUBLISH with %s is refused', (_, hex, reasonCode) => {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  expect(() => read([bytes], '5')).toThrow(
    expect.objectContaining({ code: 'mqtt-protocol-error', details: expect.objectContaining({ reasonCode }) }),
  );
});

it('a topic may hold U+FFFD and U+FEFF themselves', () => {
  const topics = ['\ufeffa\ufffd', 'ü/漢字/🚗'];
  const stream = Buffer.concat(topics.map(name => encode({ cmd: 'publish', topic: name, payload: '', qos: 0 }, '5')));
  expect(read([stream], '5').map(found => (found as { topic: string }).topic)).toEqual(topics);
});

it('of a PUBLISH larger than allowed the beginning is handed over, however it is split, and what follows is read', () => {
  const size = fc.integer({ min: 0, max: 400_000 });
  fc.assert(
    fc.property(
      fc.array(size, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 9 }),
      (sizes, places) => {
        const packets = sizes.map((bytes, index) =>
          encode(
            { cmd: 'publish', topic: `t/${index}`, payload: Buffer.alloc(bytes, index + 1), qos: 1, messageId: 9 },
            '5',
          ),
        );
        const found = read(cut(Buffer.concat(packets), places), '5', 100_000) as { topic: string; payload: string }[];
        expect(found.map(each => each.topic)).toEqual(sizes.map((_, index) => `t/${index}`));
        for (const [index, bytes] of sizes.entries()) {
          const kept = packets[index]!.length > 100_000 ? 65_536 : bytes;
          expect(found[index]!.payload).toBe(Buffer.alloc(kept, index + 1).toString('hex'));
        }
      },
    ),
    { numRuns: 50 },
  );
});

it('a packet larger than allowed is never gathered', () => {
  const message = new MqttMessage('00000000');
  const reader = new FrameReader(message, '3.1.1', 1000);
  const before = process.memoryUsage().arrayBuffers;
  reader.append(Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f, 0, 1, 0x74]));
  const chunk = Buffer.alloc(1_048_576);
  let left = 268_435_455 - 3;
  for (; left > chunk.length; left -= chunk.length) {
    expect(reader.next()).toBe(0);
    reader.append(chunk);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1_048_576);
  reader.append(chunk.subarray(0, left));
  expect(reader.next()).toBe(packetType.publish);
  expect(message).toMatchObject({ topic: 't', oversizeBytes: 268_435_460, payloadEnd: message.payloadStart + 65_536 });
});
