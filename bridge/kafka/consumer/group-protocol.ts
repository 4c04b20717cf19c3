/**
 * What members of a group say to each other through the coordinator: who wants which topics, and who gets which partitions
 * [org.apache.kafka.clients.consumer.internals.ConsumerProtocol, version 0], dealt out in turn as Kafka's RoundRobinAssignor does.
 */
import { Reader, Writer } from '@platformatic/kafka';

/** The assignor's name in Kafka's protocol: all members of a group must have one in common. */
export const assignorName = 'roundrobin';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface Member {
  readonly memberId: string;
  readonly topics: readonly string[];
}

const version = 0;

/** @param userData what members say to each other beside that */
export function encodeSubscription(topics: readonly string[], userData: Buffer | null = null): Buffer {
  return Writer.create()
    .appendInt16(version)
    .appendArray([...topics], (writer, topic) => writer.appendString(topic, false), false, false)
    .appendBytes(userData, false).buffer;
}

/** What a member says when it joins. */
export interface Subscription {
  readonly topics: readonly string[];
  /** Topics that were made while this member looked. */
  readonly made: readonly string[];
}

/** Reads a subscription of any version: later ones only add behind it. */
export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = Reader.from(bytes);
  reader.readInt16();
  const topics = reader.readArray(topic => topic.readString(false), false, false);
  return { topics, made: madeIn(reader) };
}

/** What the leader gives a member. */
export interface Assignment {
  readonly partitions: readonly TopicPartition[];
  /** Topics that were made while a member looked: one that joined later cannot know. */
  readonly made: readonly string[];
}

export function encodeAssignment({ partitions, made }: Assignment): Buffer {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  return Writer.create()
    .appendInt16(version)
    .appendArray(
      [...byTopic],
      (writer, [topic, of]) => {
        writer
          .appendString(topic, false)
          .appendArray(of, (each, { partition }) => each.appendInt32(partition), false, false);
      },
      false,
      false,
    )
    .appendBytes(made.length === 0 ? null : Buffer.from(JSON.stringify({ made })), false).buffer;
}

/** A member that gets nothing may be sent no bytes at all. */
export function decodeAssignment(bytes: Buffer): Assignment {
  if (bytes.length === 0) return { partitions: [], made: [] };
  const reader = Reader.from(bytes);
  reader.readInt16();
  const partitions = reader
    .readArray(
      each => {
        const topic = each.readString(false);
        return each.readArray(of => of.readInt32(), false, false).map(partition => ({ topic, partition }));
      },
      false,
      false,
    )
    .flat();
  return { partitions, made: madeIn(reader) };
}

/** What the user data say that comes next. A member that is not one of us may say anything, or nothing. */
function madeIn(reader: Reader): string[] {
  try {
    const { made } = JSON.parse(String(reader.readNullableBytes(false))) as { readonly made?: unknown };
    return Array.isArray(made) ? made.filter(topic => typeof topic === 'string') : [];
  } catch {
    return [];
  }
}

/** Deals the partitions of all topics out in turn, each to the next member that wants its topic. */
export function assign(
  members: readonly Member[],
  partitionsOf: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const inTurn = members
    .toSorted((left, right) => (left.memberId < right.memberId ? -1 : 1))
    .map(({ memberId, topics }) => ({ memberId, topics: new Set(topics) }));
  const dealt = new Map(inTurn.map(({ memberId }) => [memberId, [] as TopicPartition[]]));
  const topics = [...new Set(members.flatMap(member => member.topics))].sort();
  let turn = 0;
  for (const topic of topics) {
    for (let partition = 0; partition < partitionsOf(topic); partition++) {
      while (!inTurn[turn % inTurn.length]!.topics.has(topic)) turn++;
      dealt.get(inTurn[turn % inTurn.length]!.memberId)!.push({ topic, partition });
      turn++;
    }
  }
  return dealt;
}
