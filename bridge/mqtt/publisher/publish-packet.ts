/** PUBLISH and PUBREL packets that go out, and the acknowledgements that come back. */
import { packetType } from '../frames.ts';
import { violation } from '../violation.ts';
import { lengthOfLength, propertyBytes, remainingLength, type Transmission } from './packet-size.ts';
import type { Publication } from './publication.ts';

/** What is said of a message in one packet. */
export interface Sending extends Transmission {
  /** Of this connection: it may be lower than what the message asks for. */
  readonly qos: 0 | 1 | 2;
  /** Counts for QoS 1 and 2 only. */
  readonly packetId: number;
  /** Whether it was sent before [MQTT-3.3.1-1]. */
  readonly dup: boolean;
  /** Where it is not what the message says. */
  readonly retain?: boolean;
}

/** Bytes of the packet. */
export function packetBytes(publication: Publication, sending: Sending): number {
  const remaining = remainingLength(publication, sending, sending.qos > 0);
  return 1 + lengthOfLength(remaining) + remaining;
}

/** The whole packet. */
export function publishPacket(publication: Publication, sending: Sending): Buffer {
  const { topic, payload } = publication;
  const { version, qos, packetId, dup, retain = publication.retain, aliasKnown = false } = sending;
  const packet = new PacketWriter(packetBytes(publication, sending));
  packet.byte(0x30 | (qos > 0 && dup ? 0x08 : 0) | (qos << 1) | (retain ? 0x01 : 0));
  packet.length(remainingLength(publication, sending, qos > 0));
  packet.text(aliasKnown ? '' : topic);
  if (qos > 0) packet.twoBytes(packetId);
  if (version === '5') {
    packet.length(propertyBytes(publication, sending));
    writeProperties(packet, publication, sending);
  }
  packet.bytes(payload);
  return packet.buffer;
}

/** MQTT 5, 2.2.2.2. */
const identifier = {
  payloadFormat: 0x01,
  messageExpiry: 0x02,
  contentType: 0x03,
  responseTopic: 0x08,
  correlationData: 0x09,
  subscriptionIdentifier: 0x0b,
  topicAlias: 0x23,
  userProperty: 0x26,
} as const;

function writeProperties(packet: PacketWriter, publication: Publication, sending: Sending): void {
  const { expirySeconds, alias, subscriptionIds } = sending;
  const { payloadFormat, contentType, responseTopic, correlationData, userProperties } = publication;
  if (payloadFormat !== undefined) {
    packet.byte(identifier.payloadFormat);
    packet.byte(payloadFormat);
  }
  if (expirySeconds !== undefined) {
    packet.byte(identifier.messageExpiry);
    packet.fourBytes(expirySeconds);
  }
  if (contentType !== undefined) {
    packet.byte(identifier.contentType);
    packet.text(contentType);
  }
  if (responseTopic !== undefined) {
    packet.byte(identifier.responseTopic);
    packet.text(responseTopic);
  }
  if (correlationData !== undefined) {
    packet.byte(identifier.correlationData);
    packet.twoBytes(correlationData.length);
    packet.bytes(correlationData);
  }
  if (subscriptionIds !== undefined)
    for (const id of subscriptionIds) {
      packet.byte(identifier.subscriptionIdentifier);
      packet.length(id);
    }
  if (alias !== undefined) {
    packet.byte(identifier.topicAlias);
    packet.twoBytes(alias);
  }
  for (const [name, value] of userProperties) {
    packet.byte(identifier.userProperty);
    packet.text(name);
    packet.text(value);
  }
}

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

  fourBytes(value: number): void {
    this.#at = this.buffer.writeUInt32BE(value, this.#at);
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

/** An acknowledgement of a PUBLISH: PUBACK, PUBREC or PUBCOMP. */
export interface Acknowledgement {
  readonly packetId: number;
  /** 0 success; MQTT 3.1.1 has no other (MQTT 5, 3.4.2.1). */
  readonly reasonCode: number;
}

/** Reads a whole acknowledgement. What a server adds in words is not looked at. Throws `mqtt-protocol-error`. */
export function readAcknowledgement(packet: Buffer): Acknowledgement {
  // Its length fits one byte unless it carries properties.
  let body = 2;
  while ((packet[body - 1] as number) > 0x7f) body++;
  if ((packet[0]! & 0x0f) !== 0 || packet.length < body + 2) throw violation(0x81, 'an acknowledgement is malformed');
  return { packetId: packet.readUInt16BE(body), reasonCode: packet[body + 2] ?? 0 };
}

/**
 * Throws `mqtt-protocol-error` for a packet that is no answer to what has no PUBREC. PUBACK is one to QoS 2 too: servers without it send that.
 *
 * @param qos of the message that is under way with the identifier; undefined if there is none
 */
export function requireAnswer(type: number, qos: number | undefined): void {
  if (type === packetType.puback || qos === undefined) return;
  if (qos === 1 || type === packetType.pubcomp)
    throw violation(0x82, `it answered a PUBLISH of QoS ${qos} with a packet of type ${type}`);
}

/** PUBREL: the server may forget the packet identifier. */
export const pubrelPacket = (packetId: number): Buffer => Buffer.of(0x62, 2, packetId >> 8, packetId & 0xff);

/** PUBACK for an answer. */
export const pubackPacket = (packetId: number): Buffer => Buffer.of(0x40, 2, packetId >> 8, packetId & 0xff);
