/**
 * What a member asks the coordinator of its group, and as whom: by the id that the coordinator gave it, its generation, and the instance id of a
 * static member (KIP-345). Error codes are left to the group.
 */
import {
  describeGroupsV5,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV5,
  offsetCommitV8,
  offsetFetchV7,
  syncGroupV5,
  txnOffsetCommitV3,
} from '@platformatic/kafka';
import type { MkbError } from '../../../api/errors.ts';
import { responseOf } from '../../../network/kafka/response-error.ts';
import type { TransactionalIdentity } from '../record-batch.ts';
import type { Coordinator } from './coordinator.ts';
import { groupError } from './group-errors.ts';
import { assignorName, type TopicPartition } from './group-protocol.ts';
import type { ConsumerOptions } from './options.ts';
import type { GroupMember } from './strangers.ts';

/** An offset for Kafka to keep. */
export interface Commit extends TopicPartition {
  readonly offset: bigint;
  /** Of the topic that the offset is of; it is kept with the offset. */
  readonly topicId: string | undefined;
  /** What is kept with the offset instead. */
  readonly metadata?: string;
}

/** What Kafka has as the group's offset of a partition. */
export interface Committed extends TopicPartition {
  /** Undefined where it has none. */
  readonly offset: bigint | undefined;
  readonly topicId: string | undefined;
  /** What is kept with the offset. */
  readonly metadata: string;
  /** Why it does not say. */
  readonly error: MkbError | undefined;
}

/** Who we are to the coordinator. */
export interface Member {
  readonly memberId: string;
  readonly generation: number;
}

export const noMember: Member = { memberId: '', generation: -1 };

const protocolType = 'consumer';
/** UNKNOWN_SERVER_ERROR, for a partition that was asked about and is not in the answer: it is asked about again. */
const unanswered = -1;
const isId = /^[0-9a-f]{32}$/;

export class GroupCalls {
  member: Member = noMember;
  readonly #options: ConsumerOptions;
  readonly #coordinator: Pick<Coordinator, 'ask' | 'forget' | 'close'>;

  constructor(options: ConsumerOptions, coordinator: Pick<Coordinator, 'ask' | 'forget' | 'close'>) {
    this.#options = options;
    this.#coordinator = coordinator;
  }

  get instanceId(): string | null {
    return this.#options.instanceId ?? null;
  }

  /** The coordinator may be another broker by now. */
  forgetCoordinator(): void {
    this.#coordinator.forget();
  }

  /** It answers when all members have joined, or their time is over. */
  async join(subscription: Buffer): Promise<joinGroupV7.JoinGroupResponse> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options;
    const { memberId } = this.member;
    const protocols = [{ name: assignorName, metadata: subscription }];
    return await this.#coordinator.ask(
      'take us into the group',
      connection =>
        responseOf(
          joinGroupV7.api.async(
            connection,
            groupId,
            sessionTimeoutMs,
            rebalanceTimeoutMs,
            memberId,
            this.instanceId,
            protocolType,
            protocols,
          ),
        ),
      rebalanceTimeoutMs,
    );
  }

  async sync(dealt: syncGroupV5.SyncGroupRequestAssignment[]): Promise<syncGroupV5.SyncGroupResponse> {
    const { groupId, rebalanceTimeoutMs } = this.#options;
    const { memberId, generation } = this.member;
    const { api } = syncGroupV5;
    return await this.#coordinator.ask(
      'assign partitions',
      connection =>
        responseOf(
          api.async(connection, groupId, generation, memberId, this.instanceId, protocolType, assignorName, dealt),
        ),
      rebalanceTimeoutMs,
    );
  }

  /** Returns an error code; 0 is none. */
  async beat(): Promise<number> {
    const { groupId } = this.#options;
    const { memberId, generation } = this.member;
    const { errorCode } = await this.#coordinator.ask('hear a heartbeat', connection =>
      responseOf(heartbeatV4.api.async(connection, groupId, generation, memberId, this.instanceId)),
    );
    return errorCode;
  }

  /** Returns the first error code; 0 is none. Offsets that the answer does not name are not known to be kept. */
  async commit(commits: readonly Commit[]): Promise<number> {
    const { groupId } = this.#options;
    const { memberId, generation } = this.member;
    const topics = offsetsByTopic(commits);
    const answer = await this.#coordinator.ask('take offsets', connection =>
      responseOf(offsetCommitV8.api.async(connection, groupId, generation, memberId, this.instanceId, topics)),
    );
    return firstCode(answer.topics, commits);
  }

  /** As `commit`, as part of a transaction: the offsets count when that is committed (KIP-447). */
  async commitIn(transaction: TransactionalIdentity, commits: readonly Commit[]): Promise<number> {
    const { groupId } = this.#options;
    const { memberId, generation } = this.member;
    const { transactionalId, producerId, producerEpoch } = transaction;
    const topics = offsetsByTopic(commits);
    const { api } = txnOffsetCommitV3;
    const answer = await this.#coordinator.ask('take offsets', connection =>
      responseOf(
        api.async(
          connection,
          transactionalId,
          groupId,
          producerId,
          producerEpoch,
          generation,
          memberId,
          this.instanceId,
          topics,
        ),
      ),
    );
    return firstCode(answer.topics, commits);
  }

  /** The offsets that the group has, in the order of `partitions`, and the error code of all of them. */
  async committed(partitions: readonly TopicPartition[]): Promise<{ errorCode: number; offsets: Committed[] }> {
    const { groupId } = this.#options;
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitionIndexes: of.map(({ partition }) => partition),
    }));
    const { errorCode, topics: answers } = await this.#coordinator.ask('give offsets', connection =>
      responseOf(offsetFetchV7.api.async(connection, [{ groupId, topics }], true)),
    );
    const found = new Map(
      answers.flatMap(({ name, partitions: of }) => of.map(each => [`${name}/${each.partitionIndex}`, each])),
    );
    const offsets = partitions.map(({ topic, partition }) => {
      // Taken for a partition without an offset, it would be begun where the document says, and records be passed over.
      const {
        errorCode: code = unanswered,
        committedOffset = -1n,
        metadata,
      } = found.get(`${topic}/${partition}`) ?? {};
      return {
        topic,
        partition,
        offset: committedOffset < 0n ? undefined : committedOffset,
        topicId: metadata && isId.test(metadata) ? metadata : undefined,
        metadata: metadata ?? '',
        error: code === 0 ? undefined : groupError(code, groupId, 'read offsets'),
      };
    });
    return { errorCode, offsets };
  }

  /** Who is in the group, as far as it may be asked. */
  async describe(): Promise<{ readonly groupState: string; readonly members: readonly GroupMember[] }> {
    const { groupId } = this.#options;
    const { groups } = await this.#coordinator.ask('describe itself', connection =>
      responseOf(describeGroupsV5.api.async(connection, [groupId], false)),
    );
    return groups[0] ?? { groupState: 'Dead', members: [] };
  }

  /** By the id of its instance any client can take a static member out. */
  async leave(): Promise<void> {
    const { groupId } = this.#options;
    const { memberId } = this.member;
    const leaving = [{ memberId, groupInstanceId: this.instanceId }];
    await this.#coordinator.ask('let us leave', connection =>
      responseOf(leaveGroupV5.api.async(connection, groupId, leaving)),
    );
  }

  close(): void {
    this.#coordinator.close();
  }
}

const offsetsByTopic = (commits: readonly Commit[]) =>
  [...Map.groupBy(commits, ({ topic }) => topic)].map(([name, partitions]) => ({
    name,
    partitions: partitions.map(({ partition, offset, topicId, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: metadata ?? topicId ?? null,
    })),
  }));

/** The first error code that is said of the commits; 0 is none. */
function firstCode(
  topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
  }[],
  commits: readonly Commit[],
): number {
  const codes = new Map(
    topics.flatMap(({ name, partitions: of }) =>
      of.map(({ partitionIndex, errorCode }) => [`${name}/${partitionIndex}`, errorCode] as const),
    ),
  );
  const inOrder = commits.map(({ topic, partition }) => codes.get(`${topic}/${partition}`) ?? unanswered);
  return inOrder.find(each => each !== 0) ?? 0;
}
