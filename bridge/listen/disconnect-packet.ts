/** DISCONNECT of a client (MQTT 5, 3.14). */
import { violation } from '../mqtt/violation.ts';
import { explaining, type PropertyTable, readProperties } from './packet-properties.ts';
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
  if (reader.done) return { reasonCode, sessionExpiry: undefined };
  const properties = readProperties(reader.properties(), 'a DISCONNECT of a client', ofDisconnect);
  reader.end();
  return { reasonCode, sessionExpiry: properties.get(sessionExpiryInterval) as number | undefined };
}

const sessionExpiryInterval = 17;
const ofDisconnect: PropertyTable = { ...explaining, [sessionExpiryInterval]: reader => reader.uint32() };
