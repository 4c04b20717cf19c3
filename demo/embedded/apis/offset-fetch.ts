import { code } from '../codes.ts';
import type { CommittedOffset } from '../groups.ts';
import { type Call, defineApi } from './api.ts';
import { checkGroup } from './group-calls.ts';

interface Request {
  readonly groupId: string;
  /** Null for everything the group has committed. */
  readonly topics: { readonly topic: string; readonly partitions: number[] }[] | null;
}

interface Answer {
  readonly error: number;
  readonly topics: { readonly topic: string; readonly partitions: (CommittedOffset & { readonly index: number })[] }[];
}

/** Nothing committed: the client starts where its own settings say. */
const nowhere: CommittedOffset = { offset: -1, leaderEpoch: -1, metadata: '' };

/** OffsetFetch: where a group goes on. */
export const offsetFetch = defineApi<Request, Answer>({
  name: 'OffsetFetch',
  versions: [1, 7],
  flexibleFrom: 6,

  // Version 7 ends with "require stable", which is about transactions only.
  read: from => ({
    groupId: from.text(),
    topics: from.listOrNull(() => ({ topic: from.text(), partitions: from.values(() => from.readInt32()) })),
  }),

  targets: ({ topics }) =>
    (topics ?? []).flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, partition }))),

  act({ groupId, topics }, call) {
    const error = checkGroup(groupId, call);
    const wanted = topics ?? allTopics(groupId, call);
    return {
      error,
      topics: wanted.map(({ topic, partitions }) => ({
        topic,
        partitions: partitions.map(index => ({
          index,
          ...((error === code.NONE && call.cluster.groups.committed(groupId, topic, index)) || nowhere),
        })),
      })),
    };
  },

  write(to, { error, topics }) {
    to.since(3, () => to.throttle());
    to.list(topics, ({ topic, partitions }) => {
      to.text(topic).list(partitions, ({ index, offset, leaderEpoch, metadata }) => {
        to.appendInt32(index).offset(offset);
        to.since(5, () => to.appendInt32(leaderEpoch));
        to.text(metadata).appendInt16(to.version < 2 ? error : code.NONE);
      });
    });
    to.since(2, () => to.appendInt16(error));
  },
});

function allTopics(groupId: string, { cluster }: Call): NonNullable<Request['topics']> {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of cluster.groups.allCommitted(groupId)) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
