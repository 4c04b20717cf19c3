/** DISCONNECT of a client (MQTT 5, 3.14). */
import { violation } from '../mqtt/violation.ts';
import { PacketReader } from './packet-reader.ts';

export interface Goodbye {
  readonly reasonCode: number;
  /** Seconds; undefined if it stays what CONNECT said. */
  readonly sessionExpiry: number | undefined;
}

/** Throws `mqtt-protocol-error`. */
export function readDisconnect(bytes: Buffer, version: '5' | '3.1.1'): Goodbye {
  if (bytes[0] !== 0xe0) throw violation(0x81, 'the flags of a DISCONNECT are wrong');
  const reader = new PacketReader(bytes, 1, 'DISCONNECT');
  const length = reader.varint();
  if (length === 0) return { reasonCode: 0, sessionExpiry: undefined };
  if (version === '3.1.1') throw violation(0x81, 'a DISCONNECT of MQTT 3.1.1 has a body');
  const reasonCode = reader.byte();
  return { reasonCode, sessionExpiry: reader.done ? undefined : expiryOf(reader.properties()) };
}

function expiryOf(reader: PacketReader): number | undefined {
  let expiry: number | undefined;
  while (!reader.done) {
    const id = reader.varint();
    if (id === 0x11) {
      if (expiry !== undefined) throw violation(0x82, 'the session expiry of a DISCONNECT is given twice');
      expiry = reader.uint32();
    } else if (id === 0x1f) reader.text();
    else if (id === 0x26) {
      reader.text();
      reader.text();
    } else throw violation(0x81, `a DISCONNECT of a client has no property 0x${id.toString(16)}`);
  }
  return expiry;
}
