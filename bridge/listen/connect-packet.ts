/**
 * CONNECT, as a server reads it (MQTT 5, 3.1; MQTT 3.1.1, 3.1): each byte that the standard gives a meaning is looked at, since this is what
 * strangers send.
 *
 * A will is made into the PUBLISH that it becomes, right here. So it is checked, kept and read as any other message.
 */
import mqttPacket from 'mqtt-packet';
import { violation } from '../mqtt/violation.ts';
import { type PropertyTable, readPair, readProperties, userProperty } from './packet-properties.ts';
import { PacketReader } from './packet-reader.ts';

export interface Will {
  /** The whole PUBLISH. */
  readonly packet: Buffer;
  readonly topic: string;
  readonly retain: boolean;
  /** How long after the connection it is published, if the session lasts so long, seconds. */
  readonly delaySeconds: number;
}

export interface Connect {
  readonly version: '5' | '3.1.1';
  /** Whether it is a Mosquitto that connects as a bridge (`try_private`): it gets nothing of what it has published. */
  readonly bridge: boolean;
  readonly cleanStart: boolean;
  /** Seconds; 0 is off. */
  readonly keepAlive: number;
  /** Empty if the client leaves it to us. */
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly will: Will | undefined;
  /** How long the session is to outlive the connection, seconds; 2^32 - 1 is for ever. */
  readonly sessionExpiry: number;
  /** QoS 1 and 2 messages that the client takes at once. */
  readonly receiveMaximum: number;
  /** Topic aliases that it takes. */
  readonly topicAliasMaximum: number;
  /** The largest packet that the client takes, bytes. */
  readonly maximumPacketSize: number;
  /** Whether reason strings may be sent where they are not needed. */
  readonly wantsReasons: boolean;
  /** Whether it asks for enhanced authentication. */
  readonly authenticationMethod: string | undefined;
}

/** MQTT 3.1.1, which has no No Local, with a bit of Mosquitto's. */
const levelOfBridges = 0x84;

/** The protocol that a CONNECT asks for: a version that is spoken, `older`, `newer`, or `none` if it is not MQTT. */
export type Protocol = Connect['version'] | 'older' | 'newer' | 'none';

/** @param bytes a whole CONNECT. Throws `mqtt-protocol-error` */
export function protocolOf(bytes: Buffer): Protocol {
  const reader = bodyOf(bytes);
  const name = reader.text();
  const level = reader.byte();
  if (name === 'MQIsdp') return 'older';
  if (name !== 'MQTT') return 'none';
  if (level === 4 || level === levelOfBridges) return '3.1.1';
  if (level === 5) return '5';
  return level < 4 ? 'older' : 'newer';
}

/** @param version what `protocolOf` said. Throws `mqtt-protocol-error`, whose reason code is the CONNACK's */
export function decodeConnect(bytes: Buffer, version: Connect['version']): Connect {
  const isNew = version === '5';
  if (bytes[0] !== 0x10) throw violation(0x81, 'the flags of a CONNECT are wrong');
  const reader = bodyOf(bytes);
  reader.text();
  const bridge = reader.byte() === levelOfBridges;
  const flags = reader.byte();
  if ((flags & 1) !== 0) throw violation(0x81, 'the reserved flag of a CONNECT is set');
  const hasWill = (flags & 4) !== 0;
  const willQos = (flags >> 3) & 3;
  const willRetain = (flags & 0x20) !== 0;
  if (willQos === 3 || (!hasWill && (willQos > 0 || willRetain))) throw violation(0x81, 'the will flags are wrong');
  const hasPassword = (flags & 0x40) !== 0;
  const hasUsername = (flags & 0x80) !== 0;
  // [MQTT-3.1.2-22] of MQTT 3.1.1; MQTT 5 allows it.
  if (!isNew && hasPassword && !hasUsername) throw violation(0x81, 'it has a password and no user name');
  const keepAlive = reader.uint16();
  const properties = isNew ? connectProperties(reader.properties()) : {};
  const clientId = reader.text();
  const will = hasWill ? readWill(reader, version, willQos as 0 | 1 | 2, willRetain) : undefined;
  const username = hasUsername ? reader.text() : undefined;
  const password = hasPassword ? Buffer.from(reader.binary()) : undefined;
  reader.end();
  const cleanStart = (flags & 2) !== 0;
  return {
    version,
    bridge,
    cleanStart,
    keepAlive,
    clientId,
    username,
    password,
    will,
    ...withoutThose,
    // In MQTT 3.1.1 a session that is no clean one lasts until the server ends it.
    ...(!isNew && !cleanStart && { sessionExpiry: 0xffff_ffff }),
    ...properties,
  };
}

function bodyOf(bytes: Buffer): PacketReader {
  const reader = new PacketReader(bytes, 1, 'CONNECT');
  reader.varint();
  return reader;
}

type Properties = Pick<
  Connect,
  | 'sessionExpiry'
  | 'receiveMaximum'
  | 'topicAliasMaximum'
  | 'maximumPacketSize'
  | 'wantsReasons'
  | 'authenticationMethod'
>;

/** What a CONNECT means that has no properties (MQTT 5, 3.1.2.11). */
const withoutThose: Properties = {
  sessionExpiry: 0,
  receiveMaximum: 65_535,
  topicAliasMaximum: 0,
  maximumPacketSize: Number.POSITIVE_INFINITY,
  wantsReasons: true,
  authenticationMethod: undefined,
};

const sessionExpiry = 17;
const authenticationMethod = 21;
const authenticationData = 22;
const requestProblemInformation = 23;
const willDelay = 24;
const receiveMaximum = 33;
const topicAliasMaximum = 34;
const maximumPacketSize = 39;

/** Those that are of use here. */
const named: Readonly<Record<number, keyof Properties>> = {
  [sessionExpiry]: 'sessionExpiry',
  [receiveMaximum]: 'receiveMaximum',
  [topicAliasMaximum]: 'topicAliasMaximum',
  [maximumPacketSize]: 'maximumPacketSize',
  [requestProblemInformation]: 'wantsReasons',
  [authenticationMethod]: 'authenticationMethod',
};

/** MQTT 5, 3.1.2.11: how each property is read. */
const ofConnect: PropertyTable = {
  [sessionExpiry]: reader => reader.uint32(),
  [receiveMaximum]: reader => notZero(reader.uint16(), 'Receive Maximum'),
  [maximumPacketSize]: reader => notZero(reader.uint32(), 'Maximum Packet Size'),
  [topicAliasMaximum]: reader => reader.uint16(),
  25: reader => reader.flag(),
  [requestProblemInformation]: reader => reader.flag(),
  [authenticationMethod]: reader => reader.text(),
  [authenticationData]: reader => reader.binary(),
  [userProperty]: readPair,
};

function connectProperties(reader: PacketReader): Partial<Properties> {
  const found = readProperties(reader, 'CONNECT', ofConnect);
  if (found.has(authenticationData) && !found.has(authenticationMethod))
    throw violation(0x82, 'it has authentication data and no authentication method');
  return Object.fromEntries([...found].flatMap(([id, value]) => (named[id] ? [[named[id], value]] : [])));
}

/** The properties of a will that are those of its PUBLISH too, and how each is read (MQTT 5, 3.1.3.2). */
const carried: PropertyTable = {
  1: reader => reader.flag(),
  2: reader => reader.uint32(),
  3: reader => reader.text(),
  8: reader => checkedTopic(reader.text(), 'response topic of a will'),
  9: reader => reader.binary(),
  [userProperty]: readPair,
};

function readWill(reader: PacketReader, version: Connect['version'], qos: 0 | 1 | 2, retain: boolean): Will {
  const properties = version === '5' ? willProperties(reader.properties()) : undefined;
  const topic = checkedTopic(reader.text(), 'topic of a will');
  if (topic === '') throw violation(0x90, 'the topic of a will is empty');
  const payload = reader.binary();
  const publish = { cmd: 'publish', topic, payload, qos, retain, dup: false, messageId: 1 } as const;
  const bare = mqttPacket.generate(publish, { protocolVersion: 4 });
  if (properties === undefined) return { packet: bare, topic, retain, delaySeconds: 0 };
  const { kept, delaySeconds } = properties;
  return { packet: withProperties(bare, kept, payload.length), topic, retain, delaySeconds };
}

/** The bytes of the properties that its PUBLISH has, and the delay, which it has not. */
function willProperties(reader: PacketReader): { kept: Buffer; delaySeconds: number } {
  let delaySeconds = 0;
  const seen = new Set<number>();
  const kept: Buffer[] = [];
  while (!reader.done) {
    const start = reader.position;
    const id = reader.varint();
    if (id !== userProperty && seen.has(id)) throw twice(id);
    seen.add(id);
    if (id === willDelay) {
      delaySeconds = reader.uint32();
      continue;
    }
    const read = carried[id];
    if (read === undefined) throw unknown(id, 'a will');
    read(reader);
    kept.push(reader.since(start));
  }
  return { kept: Buffer.concat(kept), delaySeconds };
}

/** A PUBLISH of MQTT 3.1.1 as one of MQTT 5: with properties before the payload. */
function withProperties(bare: Buffer, properties: Buffer, payloadBytes: number): Buffer {
  const reader = new PacketReader(bare, 1, 'PUBLISH');
  reader.varint();
  const header = bare.subarray(reader.position, bare.length - payloadBytes);
  const body = [header, varint(properties.length), properties, bare.subarray(bare.length - payloadBytes)];
  const length = body.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([bare.subarray(0, 1), varint(length), ...body]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

function checkedTopic(topic: string, what: string): string {
  if (/[+#]/.test(topic)) throw violation(0x90, `the ${what} has a wildcard`);
  return topic;
}

function notZero(value: number, name: string): number {
  if (value === 0) throw violation(0x82, `${name} is 0`);
  return value;
}

const twice = (id: number) => violation(0x82, `the property 0x${id.toString(16)} is given twice`);
const unknown = (id: number, packet: string) => violation(0x81, `${packet} has no property 0x${id.toString(16)}`);
