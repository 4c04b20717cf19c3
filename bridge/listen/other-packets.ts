/** SUBSCRIBE, UNSUBSCRIBE and DISCONNECT of a client: read for what they must have, and answered. */
import { filterProblem } from '../../rules/topic-filter.ts';
import { violation } from '../mqtt/violation.ts';
import { suback, unsuback } from './answers.ts';
import { PacketReader } from './packet-reader.ts';

type Version = '5' | '3.1.1';

const noSubscriptions =
  'This server takes messages for Kafka and sends none: subscribe at an MQTT broker, or read the Kafka topic.';

/** The SUBACK that refuses each filter. Throws `mqtt-protocol-error`. */
export function refuseSubscribe(bytes: Buffer, version: Version): Buffer {
  const { reader, packetId } = begin(bytes, version, 'SUBSCRIBE');
  const reasons: number[] = [];
  do {
    const filter = reader.text().replace(/^\$share\/[^/+#]+\//, '');
    const options = reader.byte();
    const allowed = version === '5' ? 0x3f : 0x03;
    if ((options & ~allowed) !== 0 || (options & 3) === 3 || (options & 0x30) === 0x30)
      throw violation(0x81, 'the options of a subscription are wrong');
    // 0x83: the standard knows no reason such as this one.
    reasons.push(filterProblem(filter) === undefined ? 0x83 : 0x8f);
  } while (!reader.done);
  return suback(version, packetId, reasons, noSubscriptions);
}

export function refuseUnsubscribe(bytes: Buffer, version: Version): Buffer {
  const { reader, packetId } = begin(bytes, version, 'UNSUBSCRIBE');
  let filters = 0;
  do {
    reader.text();
    filters++;
  } while (!reader.done);
  return unsuback(version, packetId, filters);
}

/** The reason code of a DISCONNECT. Throws `mqtt-protocol-error`. */
export function disconnectReason(bytes: Buffer, version: Version): number {
  if (bytes[0] !== 0xe0) throw violation(0x81, 'the flags of a DISCONNECT are wrong');
  const reader = new PacketReader(bytes, 1, 'DISCONNECT');
  const length = reader.varint();
  if (length === 0) return 0;
  if (version === '3.1.1') throw violation(0x81, 'a DISCONNECT of MQTT 3.1.1 has a body');
  return reader.byte();
}

function begin(bytes: Buffer, version: Version, packet: string): { reader: PacketReader; packetId: number } {
  // [MQTT-3.8.1-1] [MQTT-3.10.1-1]
  if (((bytes[0] as number) & 0x0f) !== 2) throw violation(0x81, `the flags of ${packet} are wrong`);
  const reader = new PacketReader(bytes, 1, packet);
  reader.varint();
  const packetId = reader.uint16();
  if (packetId === 0) throw violation(0x82, `${packet} has the packet identifier 0`);
  if (version === '5') checkProperties(reader.properties(), packet);
  // [MQTT-3.8.3-2] [MQTT-3.10.3-2]
  if (reader.done) throw violation(0x82, `${packet} names no filter`);
  return { reader, packetId };
}

function checkProperties(reader: PacketReader, packet: string): void {
  while (!reader.done) {
    const id = reader.varint();
    if (id === 0x0b && packet === 'SUBSCRIBE') {
      if (reader.varint() === 0) throw violation(0x82, 'a subscription identifier is 0');
    } else if (id === 0x26) {
      reader.text();
      reader.text();
    } else throw violation(0x81, `${packet} has no property 0x${id.toString(16)}`);
  }
}
