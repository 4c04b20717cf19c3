/**
 * The Metadata request: version 12 (Kafka 3.1), which also says the id of each topic, or 9 (Kafka 2.4). It is parsed here because a
 * cluster may have ten thousand topics of which three are wanted: of the others the parser skips the partitions and makes no object, where the
 * library makes one for each partition of each topic.
 */
import { apiVersionsV0, type Connection, createAPI, Writer } from '@platformatic/kafka';
import { responseOf } from '../../network/kafka/response-error.ts';

/** What metadata says of a topic. */
export interface TopicMetadata {
  /** New each time that a topic of this name is made (KIP-516); undefined where brokers do not say it. */
  readonly id: string | undefined;
  /** Leader's node id by partition; -1 where there is none. Empty when the topic has an error. */
  readonly leaders: readonly number[];
  /** Node ids of its replicas in sync, by partition, the leader among them. */
  readonly replicas: readonly (readonly number[])[];
  /** 0, or the protocol's error code, e.g. 3 UNKNOWN_TOPIC_OR_PARTITION. */
  readonly errorCode: number;
}

export interface Metadata {
  readonly controller: number;
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: ReadonlyMap<string, TopicMetadata>;
}

/** Whether a topic is to be kept of an answer. @param isInternal whether Kafka calls it its own */
export type IsWanted = (name: string, isInternal: boolean) => boolean;

type Version = 9 | 12;

const metadataKey = 3;
/** LEADER_NOT_AVAILABLE: what a topic without partitions has, although nobody said so. */
const noLeader = 5;
const idsFrom = 10;

/** @param names of topics; null for all that this user may see. Throws why there is no answer. */
export async function metadataOf(
  connection: Connection,
  names: readonly string[] | null,
  isWanted: IsWanted = () => true,
): Promise<Metadata> {
  const version = await versionOf(connection);
  const api = createAPI(metadataKey, version, write(version), (_id, _key, _version, reader) =>
    read(new Fields(reader.buffer.slice(reader.position)), version, isWanted),
  );
  return await api.async(connection, names);
}

const versions = new WeakMap<Connection, Version>();

/** Brokers of different versions may be in one cluster, so each connection is asked, once. */
async function versionOf(connection: Connection): Promise<Version> {
  const known = versions.get(connection);
  if (known !== undefined) return known;
  const { apiKeys } = await responseOf(apiVersionsV0.api.async(connection, '', ''));
  const newest = apiKeys.find(({ apiKey }) => apiKey === metadataKey)?.maxVersion ?? 0;
  const version = newest >= 12 ? 12 : 9;
  versions.set(connection, version);
  return version;
}

const write =
  (version: Version) =>
  (names: readonly string[] | null): Writer => {
    const hasId = version >= idsFrom;
    const writer = Writer.create()
      .appendArray(names as string[], (each, name) => (hasId ? each.appendUUID(null) : each).appendString(name))
      .appendBoolean(false); // creates no topic
    // What this user may do with the cluster, which only version 9 can say, and with topics: not asked for.
    return (hasId ? writer : writer.appendBoolean(false)).appendBoolean(false).appendTaggedFields();
  };

function read(fields: Fields, version: Version, isWanted: IsWanted): Metadata {
  fields.int32(); // throttle
  const brokers = fields.list(() => {
    const broker = { nodeId: fields.int32(), host: fields.text(), port: fields.int32() };
    fields.text(); // rack
    fields.skipTags();
    return broker;
  });
  fields.text(); // cluster id
  const controller = fields.int32();
  const topics = new Map<string, TopicMetadata>();
  for (let left = fields.count(); left > 0; left--) {
    const errorCode = fields.int16();
    const name = fields.text();
    const id = version >= idsFrom ? fields.id() : undefined;
    const wanted = isWanted(name, fields.int8() !== 0);
    const { leaders, replicas } = readPartitions(fields, wanted);
    fields.int32(); // what this user may do with it
    fields.skipTags();
    const error = leaders.length > 0 ? 0 : errorCode || noLeader;
    if (wanted) topics.set(name, { id, leaders, replicas, errorCode: error });
  }
  return { controller, brokers, topics };
}

function readPartitions(fields: Fields, wanted: boolean): Pick<TopicMetadata, 'leaders' | 'replicas'> {
  const leaders: number[] = [];
  const replicas: number[][] = [];
  for (let left = fields.count(); left > 0; left--) {
    fields.int16(); // an error of the partition: it has no leader then
    const partition = fields.int32();
    const leader = fields.int32();
    fields.int32(); // epoch
    fields.skipNumbers(); // replicas, those in sync or not
    if (wanted) {
      leaders[partition] = leader;
      replicas[partition] = fields.list(() => fields.int32());
    } else fields.skipNumbers();
    fields.skipNumbers(); // replicas that are offline
    fields.skipTags();
  }
  return { leaders, replicas };
}

/** The fields of an answer in one buffer, one after the other (KIP-482). Throws `RangeError` where it ends too early. */
class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#at++);
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  /** Undefined for the one that means none. */
  id(): string | undefined {
    const hex = this.#bytes.toString('hex', this.#at, this.#at + 16);
    this.#at += 16;
    return /^0*$/.test(hex) ? undefined : hex;
  }

  /** Empty for null. */
  text(): string {
    const length = this.count();
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('the answer ends in a text');
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  /** How long a text or a list is; 0 for null. */
  count(): number {
    return Math.max(0, this.#unsigned() - 1);
  }

  list<T>(read: () => T): T[] {
    const list: T[] = [];
    for (let left = this.count(); left > 0; left--) list.push(read());
    return list;
  }

  skipNumbers(): void {
    const count = this.count();
    this.#at += count * 4;
  }

  skipTags(): void {
    for (let left = this.#unsigned(); left > 0; left--) {
      this.#unsigned();
      const length = this.#unsigned();
      this.#at += length;
    }
  }

  #unsigned(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.#bytes.readUInt8(this.#at++);
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  }
}
