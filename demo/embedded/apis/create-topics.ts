import type { Cluster } from '../cluster.ts';
import { code } from '../codes.ts';
import { isTopicName, maxPartitions, type Topic } from '../topic.ts';
import { describeSettings, readSettings } from '../topic-settings.ts';
import type { AnswerWriter, RequestReader } from '../wire.ts';
import { type Call, defineApi } from './api.ts';

interface NewTopic {
  readonly name: string;
  /** -1 for the broker's default, 1. */
  readonly partitions: number;
  /** -1 for the broker's default. */
  readonly replicationFactor: number;
  readonly hasAssignments: boolean;
  readonly settings: readonly (readonly [name: string, value: string | null])[];
}

interface Request {
  readonly topics: NewTopic[];
  readonly validateOnly: boolean;
}

interface TopicAnswer {
  readonly name: string;
  readonly error: number;
  readonly message: string | null;
  readonly topic?: Topic;
}

/** Where a setting's value comes from: the topic's own settings. */
const FROM_TOPIC = 1;
const NO_ID = '00000000-0000-0000-0000-000000000000';

/** CreateTopics, on whichever node it is asked of. */
export const createTopics = defineApi<Request, TopicAnswer[]>({
  name: 'CreateTopics',
  versions: [2, 7],
  flexibleFrom: 5,

  read(from) {
    const topics = from.list(() => readTopic(from));
    from.readInt32(); // timeout: nothing has to be waited for
    return { topics, validateOnly: from.readBoolean() };
  },

  targets: ({ topics }) => topics.map(({ name }) => ({ topic: name })),

  act: ({ topics, validateOnly }, call) => topics.map(topic => create(topic, validateOnly, call)),

  write(to, answer) {
    to.throttle();
    to.list(answer, topic => writeTopic(to, topic));
  },
});

function readTopic(from: RequestReader): NewTopic {
  return {
    name: from.text(),
    partitions: from.readInt32(),
    replicationFactor: from.readInt16(),
    hasAssignments:
      from.list(() => {
        from.readInt32();
        from.values(() => from.readInt32());
      }).length > 0,
    settings: from.list(() => [from.text(), from.textOrNull()] as const),
  };
}

function create(wanted: NewTopic, validateOnly: boolean, { cluster, faults }: Call): TopicAnswer {
  const { name } = wanted;
  const instead = faults.instead(name);
  if (instead !== code.NONE) return { name, error: instead, message: null };
  const problem = findProblem(wanted, cluster);
  if (problem !== undefined) return { name, ...problem };
  const settings = readSettings(cluster.settings, wanted.settings);
  if (typeof settings === 'string') return { name, error: code.INVALID_CONFIG, message: settings };
  if (validateOnly) return { name, error: code.NONE, message: null };
  const partitions = wanted.partitions === -1 ? undefined : wanted.partitions;
  const replicas = wanted.replicationFactor === -1 ? undefined : wanted.replicationFactor;
  const topic = cluster.createTopic(name, partitions, replicas, settings);
  const afterwards = faults.afterwards(name);
  return { name, error: afterwards, message: null, ...(afterwards === code.NONE && { topic }) };
}

function findProblem(wanted: NewTopic, cluster: Cluster): { error: number; message: string } | undefined {
  const { name, partitions, replicationFactor, hasAssignments } = wanted;
  if (!isTopicName(name)) {
    return { error: code.INVALID_TOPIC_EXCEPTION, message: 'A topic name has 1 to 249 of a-z A-Z 0-9 . _ -' };
  }
  if (cluster.topic(name) !== undefined) {
    return { error: code.TOPIC_ALREADY_EXISTS, message: `Topic '${name}' already exists.` };
  }
  if (hasAssignments) {
    return { error: code.INVALID_REPLICA_ASSIGNMENT, message: 'The embedded broker assigns replicas itself.' };
  }
  if (partitions !== -1 && partitions < 1) {
    return { error: code.INVALID_PARTITIONS, message: 'A topic has at least one partition.' };
  }
  if (partitions > maxPartitions) {
    return { error: code.INVALID_PARTITIONS, message: `The embedded broker has at most ${maxPartitions} in a topic.` };
  }
  const nodes = cluster.nodes.length;
  if (replicationFactor !== -1 && (replicationFactor < 1 || replicationFactor > nodes)) {
    return {
      error: code.INVALID_REPLICATION_FACTOR,
      message: `There are ${nodes} nodes for ${replicationFactor} replicas.`,
    };
  }
  return undefined;
}

function writeTopic(to: AnswerWriter, { name, error, message, topic }: TopicAnswer): void {
  to.text(name);
  to.since(7, () => to.appendUUID(topic?.id ?? NO_ID));
  to.appendInt16(error).text(message);
  to.since(5, () => {
    to.appendInt32(topic?.partitions.length ?? -1).appendInt16(topic?.partitions[0]?.replicas.length ?? -1);
    to.list(topic === undefined ? [] : describeSettings(topic.settings), ([setting, value]) => {
      to.text(setting).text(value).appendBoolean(false).appendInt8(FROM_TOPIC).appendBoolean(false);
    });
  });
}
