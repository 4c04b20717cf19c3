/** PUBLISH packets that go out, and PUBACK packets that come back. */
import { violation } from '../violation.ts';
import { lengthOfLength, propertyBytes, remainingLength } from './packet-size.ts';
import type { Publication } from './publication.ts';

/** The whole packet. `packetId` counts for QoS 1 only; `dup` says that it was sent before [MQTT-3.3.1-1]. */
export function publishPacket(
  { topic, payload, qos, retain, userProperties }: Publication,
  version: '5' | '3.1.1',
  packetId: number,
  dup: boolean,
): Buffer {
  const properties = version === '5' ? userProperties : undefined;
  const remaining = remainingLength({ topic, payload, userProperties: properties }) - (qos === 0 ? 2 : 0);
  const packet = new PacketWriter(1 + lengthOfLength(remaining) + remaining);
  packet.byte(0x30 | (qos > 0 && dup ? 0x08 : 0) | (qos << 1) | (retain ? 0x01 : 0));
  packet.length(remaining);
  packet.text(topic);
  if (qos > 0) packet.twoBytes(packetId);
  if (properties !== undefined) {
    packet.length(propertyBytes(properties));
    for (const [name, value] of properties) {
      packet.byte(userProperty);
      packet.text(name);
      packet.text(value);
    }
  }
  packet.bytes(payload);
  return packet.buffer;
}

const userProperty = 0x26;

class PacketWriter {
  readonly buffer: Buffer;
  #at = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  byte(value: number): void {
    this.buffer[this.#at++] = value;
  }

  twoBytes(value: number): void {
    this.#at = this.buffer.writeUInt16BE(value, this.#at);
  }

  length(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.byte((rest & 0x7f) | 0x80);
    this.byte(rest);
  }

  text(value: string): void {
    const start = this.#at;
    this.#at += 2;
    this.#at += this.buffer.write(value, this.#at);
    this.buffer.writeUInt16BE(this.#at - start - 2, start);
  }

  bytes(value: Buffer): void {
    this.#at += value.copy(this.buffer, this.#at);
  }
}

export interface Puback {
  readonly packetId: number;
  /** 0 success; MQTT 3.1.1 has no other (MQTT 5, 3.4.2.1). */
  readonly reasonCode: number;
}

/** Reads a whole PUBACK. What a server adds in words is not looked at. Throws `mqtt-protocol-error`. */
export function readPuback(packet: Buffer): Puback {
  // An acknowledgement's length fits one byte unless it carries properties.
  let body = 2;
  while ((packet[body - 1] as number) > 0x7f) body++;
  if (packet[0] !== 0x40 || packet.length < body + 2) throw violation(0x81, 'a PUBACK is malformed');
  return { packetId: packet.readUInt16BE(body), reasonCode: packet[body + 2] ?? 0 };
}
