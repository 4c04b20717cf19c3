/**
 * The Metadata request: version 12 (Kafka 3.1), which also says the id of each topic, or 9 (Kafka 2.4). It is parsed here because a
 * cluster may have ten thousand topics of which three are wanted: of the others the parser skips the partitions and makes no object, where the
 * library makes one for each partition of each topic.
 */
import { apiVersionsV0, type Connection, createAPI, type Reader, Writer } from '@platformatic/kafka';
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
const noId = '00000000-0000-0000-0000-000000000000';
const idsFrom = 10;
const int32Bytes = 4;

/** @param names of topics; null for all that this user may see. Throws why there is no answer. */
export async function metadataOf(
  connection: Connection,
  names: readonly string[] | null,
  isWanted: IsWanted = () => true,
): Promise<Metadata> {
  const version = await versionOf(connection);
  const api = createAPI(metadataKey, version, write(version), (_id, _key, _version, reader) =>
    read(reader, version, isWanted),
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

function read(reader: Reader, version: Version, isWanted: IsWanted): Metadata {
  reader.readInt32(); // throttle
  const brokers = reader.readArray(each => {
    const broker = { nodeId: each.readInt32(), host: each.readString(), port: each.readInt32() };
    each.readNullableString(); // rack
    return broker;
  });
  reader.readNullableString(); // cluster id
  const controller = reader.readInt32();
  const topics = new Map<string, TopicMetadata>();
  for (let left = reader.readUnsignedVarInt(); left > 1; left--) {
    const errorCode = reader.readInt16();
    const name = reader.readNullableString() ?? '';
    const id = version >= idsFrom ? reader.readUUID() : noId;
    const wanted = isWanted(name, reader.readBoolean());
    const { leaders, replicas } = readPartitions(reader, wanted);
    reader.readInt32(); // what this user may do with it
    reader.readTaggedFields();
    const error = leaders.length > 0 ? 0 : errorCode || noLeader;
    if (wanted) topics.set(name, { id: id === noId ? undefined : id, leaders, replicas, errorCode: error });
  }
  return { controller, brokers, topics };
}

function readPartitions(reader: Reader, wanted: boolean): Pick<TopicMetadata, 'leaders' | 'replicas'> {
  const leaders: number[] = [];
  const replicas: number[][] = [];
  for (let left = reader.readUnsignedVarInt(); left > 1; left--) {
    reader.readInt16(); // an error of the partition: it has no leader then
    const partition = reader.readInt32();
    const leader = reader.readInt32();
    reader.readInt32(); // epoch
    skipNodes(reader);
    if (wanted) {
      leaders[partition] = leader;
      replicas[partition] = reader.readArray(each => each.readInt32(), true, false);
    } else skipNodes(reader);
    skipNodes(reader);
    reader.readTaggedFields();
  }
  return { leaders, replicas };
}

function skipNodes(reader: Reader): void {
  reader.skip(Math.max(0, reader.readUnsignedVarInt() - 1) * int32Bytes);
}
