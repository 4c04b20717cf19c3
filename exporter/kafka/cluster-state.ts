/** The questions to a Kafka cluster: its partitions, where they begin and end, its groups, and how far these have read. */
import { listGroupsV3, listOffsetsV5, metadataV9, offsetFetchV6 } from '@platformatic/kafka';
import { MkbError } from '../../api/errors.ts';
import { errorName } from '../../network/kafka/error-codes.ts';
import type { Brokers } from './brokers.ts';

export interface PartitionState {
  readonly topic: string;
  readonly partition: number;
  /** Node id; -1 if there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: number;
  readonly inSync: number;
}

/** Asks any broker for all topics, and has the brokers learned from the answer. */
export async function readPartitions(brokers: Brokers, shown: (topic: string) => boolean): Promise<PartitionState[]> {
  const answer = await brokers.askAny('give metadata', metadataV9.api, null, false);
  brokers.learn(answer.brokers);
  return answer.topics
    .filter(({ name }) => shown(name))
    .flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex, leaderId, leaderEpoch, replicaNodes, isrNodes }) => ({
        topic,
        partition: partitionIndex,
        leader: leaderId,
        leaderEpoch,
        replicas: replicaNodes.length,
        inSync: isrNodes.length,
      })),
    );
}

/** ListOffsets, timestamps: the first record kept, and the end. */
const marks = { start: -2n, end: -1n } as const;
const readUncommitted = 0;

export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Asks the leader `node` where `partitions` begin or end. Those that it has no answer for are left out, and `failed` is called with them. */
export async function readOffsets(
  brokers: Brokers,
  node: number,
  mark: keyof typeof marks,
  partitions: readonly PartitionState[],
  failed: (error: MkbError) => void,
): Promise<PartitionOffset[]> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, own]) => ({
    name,
    partitions: own.map(({ partition: partitionIndex, leaderEpoch: currentLeaderEpoch }) => ({
      partitionIndex,
      currentLeaderEpoch,
      timestamp: marks[mark],
    })),
  }));
  const answer = await brokers.ask(node, 'give offsets', listOffsetsV5.api, -1, readUncommitted, topics);
  return answer.topics.flatMap(({ name: topic, partitions: answers }) =>
    answers.flatMap(({ partitionIndex: partition, errorCode, offset }) => {
      if (errorCode === 0) return [{ topic, partition, offset: Number(offset) }];
      failed(requestFailed(`give the offsets of ${topic}, partition ${partition}`, errorCode));
      return [];
    }),
  );
}

/** Groups of other kinds (Connect's workers, share groups) commit no offsets. Empty is a group that only ever committed. */
const consumerTypes = new Set(['consumer', '']);

/** The consumer groups that a broker coordinates. */
export async function readGroups(brokers: Brokers, node: number): Promise<string[]> {
  const { groups, errorCode } = await brokers.ask(node, 'list its groups', listGroupsV3.api, [], []);
  if (errorCode !== 0) throw requestFailed('list its groups', errorCode);
  return groups.filter(({ protocolType }) => consumerTypes.has(protocolType)).map(({ groupId }) => groupId);
}

/** Everything that a group has committed, from its coordinator. */
export async function readCommitted(brokers: Brokers, node: number, group: string): Promise<PartitionOffset[]> {
  const what = `give the offsets of group ${group}`;
  const wanted = { groupId: group, topics: null };
  const answer = await brokers.ask(node, what, offsetFetchV6.api, [wanted], false);
  if (answer.errorCode !== 0) throw requestFailed(what, answer.errorCode);
  return answer.topics.flatMap(({ name: topic, partitions }) =>
    partitions
      .filter(({ errorCode, committedOffset }) => errorCode === 0 && committedOffset >= 0n)
      .map(({ partitionIndex: partition, committedOffset }) => ({ topic, partition, offset: Number(committedOffset) })),
  );
}

const requestFailed = (what: string, errorCode: number): MkbError =>
  new MkbError('kafka-request-failed', { what, reason: errorName(errorCode) });
