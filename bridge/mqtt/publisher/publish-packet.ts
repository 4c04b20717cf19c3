/**
 * PUBLISH packets that go out, and PUBACK packets that come back.
 *
 * A string of MQTT is UTF-8 of at most 65,535 bytes without U+0000 [MQTT-1.5.4-1 and 2]. Control characters and code points that are no
 * characters are allowed to it and to be avoided: servers end the connection because of them (Mosquitto does), and with it what others
 * wait for. So all of that is refused before it is sent. It is looked at in one place, `publicationProblem`, for whoever publishes.
 */
import { MkbError } from '../../../api/errors.ts';
import { violation } from '../violation.ts';

/** A message to be published. */
export interface Publication {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5 only; an MQTT 3.1.1 server is not sent them. */
  readonly userProperties: readonly (readonly [name: string, value: string])[];
}

const longestString = 65_535;
/** The largest remaining length that a packet can say (MQTT 5, 1.5.5). */
const largestPacket = 268_435_455;

/** What no string of MQTT should hold: lone surrogates, control characters, and code points that are no characters. */
const unwanted = /[\p{Cs}\p{Cc}\p{Noncharacter_Code_Point}]/u;

/** What is wrong with a string of MQTT, as in "it has ..."; undefined if nothing is. */
export function stringProblem(text: string): string | undefined {
  // No character is less than a byte, and none more than three.
  if (3 * text.length > longestString && Buffer.byteLength(text) > longestString)
    return `it has ${Buffer.byteLength(text)} bytes, and MQTT allows ${longestString}`;
  const found = unwanted.exec(text)?.[0];
  if (found === undefined) return undefined;
  return `it has the character U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What is wrong with the name of a topic to publish to; undefined if nothing is [MQTT-3.3.2-2] [MQTT-4.7.3-1 to 3]. */
export function topicProblem(topic: string): string | undefined {
  if (topic === '') return 'it is empty';
  if (/[+#]/.test(topic)) return 'it has a wildcard, + or #';
  // Servers drop these without a word, or take them for their own.
  const own = /^\$(SYS|share|queue)(\/|$)/.exec(topic)?.[1];
  if (own !== undefined) return `$${own} belongs to the server`;
  return stringProblem(topic);
}

/** Why the message cannot be sent to any server; undefined if it can. */
export function publicationProblem({ topic, userProperties, payload }: Publication): MkbError | undefined {
  const problem = topicProblem(topic);
  if (problem !== undefined) return new MkbError('mqtt-topic-invalid', { topic, reason: problem });
  for (const [name, value] of userProperties) {
    const reason = stringProblem(name) ?? stringProblem(value);
    if (reason !== undefined) return new MkbError('mqtt-property-invalid', { name, topic, reason });
  }
  const bytes = remainingLength({ topic, userProperties, payload });
  if (bytes > largestPacket) return new MkbError('mqtt-publish-too-large', { topic, bytes, limit: largestPacket });
  return undefined;
}

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

const propertyBytes = (properties: Publication['userProperties']): number =>
  properties.reduce((sum, [name, value]) => sum + 5 + Buffer.byteLength(name) + Buffer.byteLength(value), 0);

/** With a packet identifier. Without user properties there is no property length: MQTT 3.1.1. */
function remainingLength({
  topic,
  payload,
  userProperties,
}: Pick<Publication, 'topic' | 'payload'> & { readonly userProperties: Publication['userProperties'] | undefined }) {
  const properties = userProperties && propertyBytes(userProperties);
  const propertyPart = properties === undefined ? 0 : lengthOfLength(properties) + properties;
  return 2 + Buffer.byteLength(topic) + 2 + propertyPart + payload.length;
}

/** Bytes of a variable byte integer (MQTT 5, 1.5.5). */
function lengthOfLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  return value < 0x20_0000 ? 3 : 4;
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
