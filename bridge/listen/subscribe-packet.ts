/** SUBSCRIBE and UNSUBSCRIBE of a client (MQTT 5, 3.8 and 3.10; MQTT 3.1.1, the same). */
import { filterProblem } from '../../rules/topic-filter.ts';
import { violation } from '../mqtt/violation.ts';
import { type PropertyTable, readPair, readProperties, userProperty } from './packet-properties.ts';
import { PacketReader } from './packet-reader.ts';

type Version = '5' | '3.1.1';

export interface Subscription {
  /** As the client wrote it: two of one name are one. */
  readonly name: string;
  /** Without what says that it is shared. */
  readonly filter: string;
  readonly shared: boolean;
  readonly qos: 0 | 1 | 2;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** What the client calls it. */
  readonly identifier: number | undefined;
}

export interface SubscribePacket {
  readonly packetId: number;
  /** Undefined in the place of a filter that is none. */
  readonly subscriptions: readonly (Subscription | undefined)[];
}

/** Throws `mqtt-protocol-error`. */
export function readSubscribe(bytes: Buffer, version: Version): SubscribePacket {
  const { reader, packetId, identifier } = begin(bytes, version, 'SUBSCRIBE');
  const subscriptions: (Subscription | undefined)[] = [];
  do {
    const name = reader.text();
    subscriptions.push(subscriptionOf(name, reader.byte(), version, identifier));
  } while (!reader.done);
  return { packetId, subscriptions };
}

/** Throws `mqtt-protocol-error`. */
export function readUnsubscribe(bytes: Buffer, version: Version): { packetId: number; names: readonly string[] } {
  const { reader, packetId } = begin(bytes, version, 'UNSUBSCRIBE');
  const names: string[] = [];
  do names.push(reader.text());
  while (!reader.done);
  return { packetId, names };
}

function subscriptionOf(
  name: string,
  options: number,
  version: Version,
  identifier: number | undefined,
): Subscription | undefined {
  const allowed = version === '5' ? 0x3f : 0x03;
  // [MQTT-3.8.3-5]
  if ((options & ~allowed) !== 0) throw violation(0x81, 'the options of a subscription are wrong');
  if ((options & 3) === 3) throw violation(version === '5' ? 0x82 : 0x81, 'a subscription has QoS 3');
  if ((options & 0x30) === 0x30) throw violation(0x82, 'a subscription has Retain Handling 3');
  const shared = name.startsWith('$share/');
  const noLocal = (options & 4) !== 0;
  // [MQTT-3.8.3-4]
  if (shared && noLocal) throw violation(0x82, 'a shared subscription has No Local');
  const [, filter] = shared ? (/^\$share\/[^/+#]+\/(.+)$/s.exec(name) ?? []) : [name, name];
  if (filter === undefined || filterProblem(filter) !== undefined) return undefined;
  const qos = (options & 3) as 0 | 1 | 2;
  return { name, filter, shared, qos, noLocal, retainAsPublished: (options & 8) !== 0, identifier };
}

function begin(bytes: Buffer, version: Version, packet: string) {
  // [MQTT-3.8.1-1] [MQTT-3.10.1-1]
  if (((bytes[0] as number) & 0x0f) !== 2) throw violation(0x81, `the flags of ${packet} are wrong`);
  const reader = new PacketReader(bytes, 1, packet);
  reader.varint();
  const packetId = reader.uint16();
  if (packetId === 0) throw violation(0x82, `${packet} has the packet identifier 0`);
  const table = packet === 'SUBSCRIBE' ? ofSubscribe : ofUnsubscribe;
  const properties = version === '5' ? readProperties(reader.properties(), packet, table) : undefined;
  const identifier = properties?.get(subscriptionIdentifier) as number | undefined;
  if (identifier === 0) throw violation(0x82, 'a subscription identifier is 0');
  // [MQTT-3.8.3-2] [MQTT-3.10.3-2]
  if (reader.done) throw violation(0x82, `${packet} names no filter`);
  return { reader, packetId, identifier };
}

const subscriptionIdentifier = 11;
const ofUnsubscribe: PropertyTable = { [userProperty]: readPair };
const ofSubscribe: PropertyTable = { ...ofUnsubscribe, [subscriptionIdentifier]: reader => reader.varint() };
