import type { Cluster } from '../cluster.ts';
import { code } from '../codes.ts';
import { isTopicName, type Topic } from '../topic.ts';
import type { AnswerWriter, RequestReader } from '../wire.ts';
import { type Call, defineApi } from './api.ts';

interface Wanted {
  readonly id: string;
  /** Null when the topic is named by its id (KIP-516). */
  readonly name: string | null;
}

interface Request {
  /** Null for all topics. */
  readonly topics: Wanted[] | null;
  readonly mayCreate: boolean;
}

interface TopicAnswer extends Wanted {
  readonly error: number;
  readonly topic?: Topic;
}

interface Answer {
  readonly cluster: Cluster;
  readonly host: string;
  readonly topics: TopicAnswer[];
}

const NO_ID = '00000000-0000-0000-0000-000000000000';
/** Nobody asked which operations are allowed, or nobody knows. */
const OPERATIONS_UNKNOWN = -2_147_483_648;

/** Metadata: the nodes, and for each topic its partitions and their leaders. Creates a missing topic if both sides agree. */
export const metadata = defineApi<Request, Answer>({
  name: 'Metadata',
  versions: [0, 12],
  flexibleFrom: 9,

  read(from) {
    const topics = readTopics(from);
    return { topics, mayCreate: from.since(4, () => from.readBoolean(), true) };
  },

  targets: ({ topics }) => (topics ?? []).flatMap(({ name }) => (name === null ? [] : [{ topic: name }])),

  act({ topics, mayCreate }, call) {
    const { cluster } = call;
    const wanted = topics ?? cluster.topics;
    return { cluster, host: call.brokerHost, topics: wanted.map(each => look(each, mayCreate, call)) };
  },

  write(to, { cluster, host, topics }) {
    to.since(3, () => to.throttle());
    const alive = cluster.nodes.filter(node => node.running);
    to.list(alive, node => {
      to.appendInt32(node.id).text(host).appendInt32(node.port);
      to.since(1, () => to.text(null)); // rack
    });
    to.since(2, () => to.text(cluster.id));
    to.since(1, () => to.appendInt32(cluster.coordinator));
    to.list(topics, answer => writeTopic(to, answer, cluster));
    if (to.version >= 8 && to.version <= 10) to.appendInt32(OPERATIONS_UNKNOWN);
  },
});

function readTopics(from: RequestReader): Wanted[] | null {
  const topics = from.listOrNull(() => ({
    id: from.since(10, () => from.readUUID(), NO_ID),
    name: from.textOrNull(),
  }));
  // Version 0 has no null: an empty list means all.
  return from.version === 0 && topics?.length === 0 ? null : topics;
}

function look({ id, name }: Wanted, mayCreate: boolean, { cluster, faults }: Call): TopicAnswer {
  const known = name === null ? cluster.topicById(id) : cluster.topic(name);
  const error = faults.instead(name ?? known?.name);
  if (error !== code.NONE) return { id, name, error };
  if (known !== undefined) return { id: known.id, name: known.name, error: code.NONE, topic: known };
  if (name === null) return { id, name, error: code.UNKNOWN_TOPIC_ID };
  if (!isTopicName(name)) return { id, name, error: code.INVALID_TOPIC_EXCEPTION };
  if (!mayCreate || !cluster.autoCreateTopics) return { id, name, error: code.UNKNOWN_TOPIC_OR_PARTITION };
  const topic = cluster.createTopic(name);
  return { id: topic.id, name, error: code.NONE, topic };
}

function writeTopic(to: AnswerWriter, { error, name, id, topic }: TopicAnswer, cluster: Cluster): void {
  to.appendInt16(error).text(to.version >= 12 ? name : (name ?? ''));
  to.since(10, () => to.appendUUID(id));
  to.since(1, () => to.appendBoolean(false)); // is internal
  to.list(topic?.partitions ?? [], ({ index, leader, leaderEpoch, replicas }) => {
    const alive = replicas.filter(node => cluster.isAlive(node));
    to.appendInt16(leader < 0 ? code.LEADER_NOT_AVAILABLE : code.NONE)
      .appendInt32(index)
      .appendInt32(leader);
    to.since(7, () => to.appendInt32(leaderEpoch));
    to.values(replicas, node => to.appendInt32(node));
    to.values(alive, node => to.appendInt32(node));
    to.since(5, () =>
      to.values(
        replicas.filter(node => !cluster.isAlive(node)),
        node => to.appendInt32(node),
      ),
    );
  });
  to.since(8, () => to.appendInt32(OPERATIONS_UNKNOWN));
}
