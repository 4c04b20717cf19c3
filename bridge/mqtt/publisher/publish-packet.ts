/** PUBLISH packets that go out, and PUBACK packets that come back. */
import mqttPacket from 'mqtt-packet';
import { violation } from '../violation.ts';

/** A message to be published. */
export interface Publication {
  /** A valid topic name: see `topicProblem`. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5 only; an MQTT 3.1.1 server is not told them. */
  readonly userProperties: readonly (readonly [name: string, value: string])[];
}

const longestTopicBytes = 65_535;

/** What is wrong with the name of a topic to publish to; undefined if nothing is [MQTT-3.3.2-2] [MQTT-4.7.3-1 to 3]. */
export function topicProblem(topic: string): string | undefined {
  if (topic === '') return 'it is empty';
  if (/[+#]/.test(topic)) return 'it has a wildcard, + or #';
  if (topic.includes('\0')) return 'it has the character U+0000';
  if (Buffer.byteLength(topic) > longestTopicBytes) return `it has more than ${longestTopicBytes} bytes`;
  return undefined;
}

/** The whole packet. `packetId` counts for QoS 1 only; `dup` says that it was sent before [MQTT-3.3.1-1]. */
export function publishPacket(
  { topic, payload, qos, retain, userProperties }: Publication,
  version: '5' | '3.1.1',
  packetId: number,
  dup: boolean,
): Buffer {
  const properties = version === '5' && userProperties.length > 0 ? { properties: propertiesOf(userProperties) } : {};
  const ofQos = qos === 0 ? { qos } : { qos, messageId: packetId };
  return mqttPacket.generate(
    { cmd: 'publish', topic, payload, retain, dup: qos > 0 && dup, ...ofQos, ...properties },
    { protocolVersion: version === '5' ? 5 : 4 },
  );
}

function propertiesOf(userProperties: Publication['userProperties']): { userProperties: Record<string, string[]> } {
  const byName = Map.groupBy(userProperties, ([name]) => name);
  const values = [...byName].map(([name, pairs]) => [name, pairs.map(([, value]) => value)] as const);
  return { userProperties: Object.fromEntries(values) };
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
