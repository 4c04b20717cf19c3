import { code } from '../codes.ts';
import { maxPartitions } from '../topic.ts';
import type { RequestReader } from '../wire.ts';
import { type Call, defineApi } from './api.ts';

interface Growth {
  readonly name: string;
  /** Partitions after it, not partitions to add. */
  readonly count: number;
  readonly hasAssignments: boolean;
}

interface Request {
  readonly topics: Growth[];
  readonly validateOnly: boolean;
}

type Answer = { readonly name: string; readonly error: number; readonly message: string | null }[];

/** CreatePartitions: a topic grows, it never shrinks (KIP-195). */
export const createPartitions = defineApi<Request, Answer>({
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleFrom: 2,

  read(from) {
    const topics = from.list(() => readGrowth(from));
    from.readInt32(); // timeout: nothing has to be waited for
    return { topics, validateOnly: from.readBoolean() };
  },

  targets: ({ topics }) => topics.map(({ name }) => ({ topic: name })),

  act: ({ topics, validateOnly }, call) => topics.map(growth => grow(growth, validateOnly, call)),

  write(to, answer) {
    to.throttle();
    to.list(answer, ({ name, error, message }) => to.text(name).appendInt16(error).text(message));
  },
});

function readGrowth(from: RequestReader): Growth {
  return {
    name: from.text(),
    count: from.readInt32(),
    hasAssignments: from.listOrNull(() => from.values(() => from.readInt32())) !== null,
  };
}

function grow({ name, count, hasAssignments }: Growth, validateOnly: boolean, call: Call): Answer[number] {
  const { cluster, faults } = call;
  const instead = faults.instead(name);
  if (instead !== code.NONE) return { name, error: instead, message: null };
  const topic = cluster.topic(name);
  if (topic === undefined) return { name, error: code.UNKNOWN_TOPIC_OR_PARTITION, message: null };
  if (hasAssignments) {
    return { name, error: code.INVALID_REPLICA_ASSIGNMENT, message: 'The embedded broker assigns replicas itself.' };
  }
  if (count <= topic.partitions.length) {
    return { name, error: code.INVALID_PARTITIONS, message: `The topic has ${topic.partitions.length} partitions.` };
  }
  if (count > maxPartitions) {
    const message = `The embedded broker has at most ${maxPartitions} in a topic.`;
    return { name, error: code.INVALID_PARTITIONS, message };
  }
  if (!validateOnly) cluster.growTopic(topic, count);
  return { name, error: faults.afterwards(name), message: null };
}
