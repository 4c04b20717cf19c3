/** Properties of a packet that a client sends (MQTT 5, 2.2.2), read by the table of those that the packet may have. */
import { violation } from '../mqtt/violation.ts';
import type { PacketReader } from './packet-reader.ts';

export const reasonString = 31;
export const userProperty = 38;

export type PropertyTable = Readonly<Record<number, (reader: PacketReader) => unknown>>;

/** Name and value of a user property. */
export function readPair(reader: PacketReader): void {
  reader.text();
  reader.text();
}

/** Of packets that may say why, and what a user wants to add. */
export const explaining: PropertyTable = { [reasonString]: reader => reader.text(), [userProperty]: readPair };

/** Reads them to their end. Throws `mqtt-protocol-error` for one that is not in the table, and for one that comes twice. */
export function readProperties(reader: PacketReader, packet: string, table: PropertyTable): Map<number, unknown> {
  const found = new Map<number, unknown>();
  while (!reader.done) {
    const id = reader.varint();
    const read = table[id];
    if (read === undefined) throw violation(0x81, `${packet} has no property 0x${id.toString(16)}`);
    if (id !== userProperty && found.has(id)) throw violation(0x82, `the property 0x${id.toString(16)} is given twice`);
    found.set(id, read(reader));
  }
  return found;
}
