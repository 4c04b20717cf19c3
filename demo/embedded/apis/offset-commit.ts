import { code } from '../codes.ts';
import type { CommittedOffset } from '../groups.ts';
import type { RequestReader } from '../wire.ts';
import { type Call, defineApi } from './api.ts';
import { checkGroup, readSpeaker, type SpeakerOfGroup } from './group-calls.ts';

interface PartitionCommit extends CommittedOffset {
  readonly index: number;
}

interface OfTopic<T> {
  readonly topic: string;
  readonly partitions: T[];
}

interface Request extends SpeakerOfGroup {
  readonly topics: OfTopic<PartitionCommit>[];
}

/** OffsetCommit: how far a group has come. */
export const offsetCommit = defineApi<Request, OfTopic<{ readonly index: number; readonly error: number }>[]>({
  name: 'OffsetCommit',
  versions: [2, 8],
  flexibleFrom: 8,

  read(from) {
    const speaker = readSpeaker(from, 7);
    if (from.version <= 4) from.readInt64(); // retention time, of the whole group today
    const topics = from.list(() => ({ topic: from.text(), partitions: from.list(() => readCommit(from)) }));
    return { ...speaker, topics };
  },

  targets: ({ topics }) =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ index }) => ({ topic, partition: index }))),

  act({ groupId, topics, ...speaker }, call) {
    const error = checkGroup(groupId, call) || call.cluster.groups.open(groupId).checkCommit(speaker);
    return topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(each => ({ index: each.index, error: error || commit(groupId, topic, each, call) })),
    }));
  },

  write(to, topics) {
    to.since(3, () => to.throttle());
    to.list(topics, ({ topic, partitions }) => {
      to.text(topic).list(partitions, ({ index, error }) => to.appendInt32(index).appendInt16(error));
    });
  },
});

function readCommit(from: RequestReader): PartitionCommit {
  return {
    index: from.readInt32(),
    offset: Number(from.readInt64()),
    leaderEpoch: from.since(6, () => from.readInt32(), -1),
    metadata: from.textOrNull(),
  };
}

function commit(groupId: string, topic: string, { index, ...committed }: PartitionCommit, call: Call): number {
  const { cluster, faults } = call;
  const instead = faults.instead(topic, index);
  if (instead !== code.NONE) return instead;
  if (cluster.topic(topic)?.partitions[index] === undefined) return code.UNKNOWN_TOPIC_OR_PARTITION;
  cluster.groups.commit(groupId, { topic, partition: index, ...committed });
  return faults.afterwards(topic, index);
}
