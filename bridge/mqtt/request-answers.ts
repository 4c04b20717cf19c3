/**
 * SUBACK and UNSUBACK packets. `mqtt-packet` refuses reason codes that the standard does not name; here they reach the table of reactions
 * (subscribe-reasons.ts), which does not close the connection for them.
 */
import { violation } from './violation.ts';

export interface RequestAnswer {
  /** Of the SUBSCRIBE or UNSUBSCRIBE that it answers. */
  readonly packetId: number;
  /** One for each filter; none in an UNSUBACK of MQTT 3.1.1. */
  readonly codes: readonly number[];
  /** The server's own words (MQTT 5). */
  readonly said: string | undefined;
}

const reasonString = 0x1f;
const userProperty = 0x26;

/** Reads a whole packet. Throws `mqtt-protocol-error`. */
export function readRequestAnswer(packet: Buffer, version: '5' | '3.1.1'): RequestAnswer {
  try {
    let at = skipLength(packet, 1);
    const packetId = packet.readUInt16BE(at);
    at += 2;
    if (version === '3.1.1') return { packetId, codes: [...packet.subarray(at)], said: undefined };
    const properties = skipLength(packet, at);
    const end = properties + lengthAt(packet, at);
    if (end > packet.length) throw new RangeError('its properties are cut off');
    return { packetId, codes: [...packet.subarray(end)], said: reasonIn(packet, properties, end) };
  } catch (error) {
    throw violation(0x81, `its answer to SUBSCRIBE or UNSUBSCRIBE is malformed (${(error as Error).message})`);
  }
}

function reasonIn(packet: Buffer, start: number, end: number): string | undefined {
  let at = start;
  let said: string | undefined;
  const text = () => {
    const from = at + 2;
    at = from + packet.readUInt16BE(at);
    if (at > end) throw new RangeError('a property is cut off');
    return packet.toString('utf8', from, at);
  };
  while (at < end) {
    const property = packet[at++];
    if (property === reasonString) said = text();
    else if (property === userProperty) {
      text();
      text();
    } else throw new RangeError(`it has a property ${property}`);
  }
  return said;
}

/** Where the variable byte integer at `at` ends (MQTT 5, 1.5.5). */
function skipLength(packet: Buffer, at: number): number {
  for (let size = 1; size <= 4; size++) if (packet.readUInt8(at + size - 1) < 0x80) return at + size;
  throw new RangeError('a length has more than four bytes');
}

function lengthAt(packet: Buffer, at: number): number {
  let value = 0;
  for (let index = skipLength(packet, at) - at - 1; index >= 0; index--)
    value = (value << 7) | (packet[at + index]! & 0x7f);
  return value;
}
