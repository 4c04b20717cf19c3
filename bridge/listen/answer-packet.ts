/** PUBACK, PUBREC, PUBREL and PUBCOMP of a client (MQTT 5, 3.4 to 3.7; MQTT 3.1.1, the same). */
import { violation } from '../mqtt/violation.ts';
import { explaining, readProperties } from './packet-properties.ts';
import { PacketReader } from './packet-reader.ts';

export interface Answer {
  readonly packetId: number;
  readonly reasonCode: number;
}

/** @param flags that the packet has to have. Throws `mqtt-protocol-error` */
export function readAnswer(bytes: Buffer, flags: number, version: '5' | '3.1.1'): Answer {
  if (((bytes[0] as number) & 0x0f) !== flags) throw violation(0x81, 'the flags of an acknowledgement are wrong');
  const reader = new PacketReader(bytes, 1, 'an acknowledgement');
  const length = reader.varint();
  const packetId = reader.uint16();
  if (packetId === 0) throw violation(0x82, 'an acknowledgement has the packet identifier 0');
  if (length === 2) return { packetId, reasonCode: 0 };
  if (version === '3.1.1') throw violation(0x81, 'an acknowledgement of MQTT 3.1.1 has a reason code');
  const reasonCode = reader.byte();
  if (!reader.done) readProperties(reader.properties(), 'an acknowledgement', explaining);
  reader.end();
  return { packetId, reasonCode };
}
