/**
 * Membership of a consumer group (Kafka's classic protocol: JoinGroup, SyncGroup, Heartbeat), as one loop.
 *
 * When another member comes or goes, heartbeats say so, and everybody joins again. Before we do, the partitions are let go: what is in
 * flight gets time to be settled, and is committed while we still may. That is why this is not @platformatic/kafka's consumer: it joins at
 * once, so that the next owner begins before what we have in flight, and repeats a refused commit under the next generation, when the
 * partition may be someone else's.
 *
 * If the coordinator says that we are no member any more, others work on our partitions already: they are gone at once. The same holds when
 * nothing was heard from it for a session timeout, for by then it says so to others.
 */
import {
  type Connection,
  describeGroupsV5,
  heartbeatV4,
  joinGroupV7,
  leaveGroupV5,
  offsetCommitV8,
  offsetFetchV7,
  syncGroupV5,
} from '@platformatic/kafka';
import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { backoffMs } from '../../../network/backoff.ts';
import { errorName } from '../../../network/kafka/error-codes.ts';
import { responseOf } from '../../../network/kafka/response-error.ts';
import type { Cluster } from '../cluster.ts';
import { Coordinator } from './coordinator.ts';
import { groupError, isMemberUnknown, isMoved, rebalanceInProgress } from './group-errors.ts';
import {
  type Assignment,
  assign,
  assignorName,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type TopicPartition,
} from './group-protocol.ts';
import type { ConsumerOptions } from './options.ts';
import { encodeFacts, strangersIn } from './strangers.ts';
import { Wait } from './wait.ts';

export interface GroupEvents {
  /** The topics to read, found out now. Throws why they cannot be. */
  look(): Promise<void>;
  /** The topics to read, as far as is known. */
  topics(): readonly string[];
  /** Whether a topic was made while we looked. */
  isNew(topic: string): boolean;
  /** These partitions are ours now, and the leader says which topics are new. */
  assigned(assignment: Assignment): void;
  /** They are to be given back: fulfilled when all is settled and committed, or no more time is left. */
  released(): Promise<void>;
  /** They are someone else's already. */
  lost(): void;
  /** How many partitions a topic has; 0 while it is not known. */
  partitionsOf(topic: string): number;
  /** As `ConsumerHandler.strangers`. */
  strangers(who: readonly string[]): void;
  problem(error: MkbError): void;
  /** Only a person can change it. It is tried again all the same, with longer pauses. */
  refused(error: MkbError): void;
}

/** An offset to be told to Kafka. */
export interface Commit extends TopicPartition {
  readonly offset: bigint;
  /** Of the topic that the offset is of; it is kept with the offset. */
  readonly topicId: string | undefined;
}

/** What Kafka has as the group's offset of a partition. */
export interface Committed extends TopicPartition {
  /** Undefined where it has none. */
  readonly offset: bigint | undefined;
  readonly topicId: string | undefined;
  /** Why it does not say. */
  readonly error: MkbError | undefined;
}

/** The longest pause after a refusal, milliseconds: a right that was granted is used by then. */
const refusedPauseMs = 30_000;
const protocolType = 'consumer';
const noMember = { memberId: '', generation: -1 };
const isId = /^[0-9a-f]{32}$/;

export class Group {
  readonly #options: ConsumerOptions;
  readonly #events: GroupEvents;
  readonly #coordinator: Coordinator;
  readonly #wait = new Wait();
  #member: { memberId: string; generation: number } = noMember;
  /** Of the leader: how many partitions each topic had when they were dealt out. */
  #dealt = new Map<string, number>();
  /** The topics that our subscription had. */
  #joinedFor: readonly string[] = [];
  #heardAt = 0;
  #stopped = false;
  /** Joins no more, but stays a member for as long as it takes to leave in order. */
  #retiring = false;
  #failures = 0;

  constructor(options: ConsumerOptions, cluster: Cluster, events: GroupEvents) {
    this.#options = options;
    this.#events = events;
    this.#coordinator = new Coordinator(options, cluster);
  }

  /** Joins, and stays a member until `leave`. Whatever fails is tried again, for ever. */
  async run(): Promise<void> {
    while (!this.#stopped && !this.#retiring) {
      try {
        const assignment = await this.#join();
        if (this.#retiring) return;
        this.#events.assigned(assignment);
        void this.#lookAround();
        this.#failures = 0;
        await this.#stay();
      } catch (error) {
        await this.#failed(error as Error);
      }
    }
  }

  /** Looks at once whether the partitions have to be dealt out again. */
  metadataRead(): void {
    if (this.#outdated) this.#wait.end();
  }

  /** Tells Kafka how far the partitions are read. Returns whether it took all of it; if not, ask again later. */
  async commit(commits: readonly Commit[]): Promise<boolean> {
    const { memberId, generation } = this.#member;
    if (memberId === '') return false;
    const topics = [...Map.groupBy(commits, ({ topic }) => topic)].map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition, offset, topicId }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: topicId ?? null,
      })),
    }));
    const answer = await this.#ask('take offsets', connection =>
      offsetCommitV8.api.async(connection, this.#options.groupId, generation, memberId, null, topics),
    );
    const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
    const code = codes.find(each => each !== 0);
    if (code === undefined) return true;
    this.#judge(code, 'commit offsets');
    return false;
  }

  /** The offsets that the group has, in the order of `partitions`. Throws what concerns all of them. */
  async committed(partitions: readonly TopicPartition[]): Promise<Committed[]> {
    if (partitions.length === 0) return [];
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, of]) => ({
      name,
      partitionIndexes: of.map(({ partition }) => partition),
    }));
    const answer = await this.#ask('tell offsets', connection =>
      offsetFetchV7.api.async(connection, [{ groupId: this.#options.groupId, topics }], true),
    );
    this.#judge(answer.errorCode, 'read offsets');
    const found = new Map(
      answer.topics.flatMap(({ name, partitions: of }) => of.map(each => [`${name}/${each.partitionIndex}`, each])),
    );
    return partitions.map(({ topic, partition }) => {
      const { errorCode = 0, committedOffset = -1n, metadata = '' } = found.get(`${topic}/${partition}`) ?? {};
      return {
        topic,
        partition,
        offset: committedOffset < 0n ? undefined : committedOffset,
        topicId: metadata && isId.test(metadata) ? metadata : undefined,
        error: errorCode === 0 ? undefined : groupError(errorCode, this.#options.groupId, 'read offsets'),
      };
    });
  }

  /** The end is near: from now on it joins no more. Partitions that it has are kept until `leave`. */
  retire(): void {
    this.#retiring = true;
  }

  /** Leaves the group, so that others need not wait for a session timeout. Let go of the partitions first. */
  async leave(): Promise<void> {
    const { memberId } = this.#member;
    this.#stopped = true;
    this.#wait.end();
    if (memberId !== '')
      await this.#ask('let us leave', connection =>
        leaveGroupV5.api.async(connection, this.#options.groupId, [{ memberId }]),
      ).catch(() => undefined);
    this.close();
  }

  close(): void {
    this.#stopped = true;
    this.#wait.end();
    this.#coordinator.close();
  }

  // --- joining

  async #join(): Promise<Assignment> {
    const joined = await this.#enter();
    this.#member = { memberId: joined.memberId, generation: joined.generationId };
    this.#heardAt = performance.now();
    const { groupId } = this.#options;
    const { memberId, generation } = this.#member;
    const dealt = joined.leader === memberId ? this.#deal(joined.members) : [];
    const synced = await this.#ask(
      'assign partitions',
      connection =>
        syncGroupV5.api.async(connection, groupId, generation, memberId, null, protocolType, assignorName, dealt),
      this.#options.rebalanceTimeoutMs,
    );
    this.#judge(synced.errorCode, 'assign partitions');
    return decodeAssignment(synced.assignment);
  }

  async #enter(): Promise<joinGroupV7.JoinGroupResponse> {
    const { groupId, sessionTimeoutMs, rebalanceTimeoutMs, self } = this.#options;
    await this.#events.look();
    const topics = this.#events.topics();
    this.#joinedFor = topics;
    const protocols = [{ name: assignorName, metadata: encodeSubscription(topics, encodeFacts(self)) }];
    for (;;) {
      const { memberId } = this.#member;
      const answer = await this.#ask(
        'take us into the group',
        connection =>
          joinGroupV7.api.async(
            connection,
            groupId,
            sessionTimeoutMs,
            rebalanceTimeoutMs,
            memberId,
            null,
            protocolType,
            protocols,
          ),
        // It answers when all members have joined, or their time is over.
        rebalanceTimeoutMs,
      );
      if (answer.errorCode !== memberIdRequired) {
        this.#judge(answer.errorCode, 'join the group');
        return answer;
      }
      this.#member = { memberId: answer.memberId, generation: -1 };
    }
  }

  /** We lead, and so it is we who deal the partitions out. */
  #deal(members: readonly joinGroupV7.JoinGroupResponseMember[]): syncGroupV5.SyncGroupRequestAssignment[] {
    this.#dealt = new Map();
    const wanting = members.map(({ memberId, metadata }) => ({ memberId, topics: decodeSubscription(metadata) }));
    const assigned = assign(wanting, topic => {
      const count = this.#events.partitionsOf(topic);
      this.#dealt.set(topic, count);
      return count;
    });
    const made = [...this.#dealt.keys()].filter(topic => this.#events.isNew(topic));
    return [...assigned].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment({ partitions, made }),
    }));
  }

  /** Whether there are other topics to read than we joined for; or we lead, and a topic has another number of partitions now. */
  get #outdated(): boolean {
    if (this.#member.memberId === '') return false;
    if (this.#joinedFor !== this.#events.topics()) return true;
    return [...this.#dealt].some(([topic, dealt]) => {
      const count = this.#events.partitionsOf(topic);
      return count > 0 && count !== dealt;
    });
  }

  /** Looks who else is here. A member that may not ask, or gets no answer, goes without. */
  async #lookAround(): Promise<void> {
    const { groupId, self, cluster } = this.#options;
    try {
      const { groups } = await this.#ask('describe itself', connection =>
        describeGroupsV5.api.async(connection, [groupId], false),
      );
      this.#events.strangers(strangersIn(groups[0]?.members ?? [], self, cluster.clientId));
    } catch {
      // It costs a warning, and nothing else.
    }
  }

  // --- staying

  /** Beats until the group is made up anew, then lets the partitions go. */
  async #stay(): Promise<void> {
    for (;;) {
      await this.#wait.pause(this.#options.heartbeatMs);
      if (this.#stopped) return;
      if (this.#outdated || (await this.#beat())) break;
    }
    this.#dealt = new Map();
    let done = false;
    const released = this.#events.released().then(() => {
      done = true;
      this.#wait.end();
    });
    // Whoever takes long to let go must not be taken for dead meanwhile.
    while (!done) {
      await this.#wait.pause(this.#options.heartbeatMs);
      if (!done && !this.#stopped) await this.#beat();
    }
    await released;
  }

  /** Returns whether the group is being made up anew. Throws when we are no member of it. */
  async #beat(): Promise<boolean> {
    const { memberId, generation } = this.#member;
    try {
      const answer = await this.#ask('hear a heartbeat', connection =>
        heartbeatV4.api.async(connection, this.#options.groupId, generation, memberId, null),
      );
      this.#heardAt = performance.now();
      if (answer.errorCode === rebalanceInProgress) return true;
      this.#judge(answer.errorCode, 'stay in the group');
    } catch (error) {
      if (!MkbError.is(error) || error.code === 'kafka-membership-lost' || error.kind === 'permanent') throw error;
      if (performance.now() - this.#heardAt > this.#options.sessionTimeoutMs) throw error;
      this.#events.problem(error);
    }
    return false;
  }

  async #failed(error: Error): Promise<void> {
    if (this.#stopped) return;
    this.#dealt = new Map();
    this.#events.lost();
    const known = asMkbError(error);
    if (known.code === 'kafka-membership-lost') this.#member = noMember;
    const isRefusal = known.kind === 'permanent';
    if (isRefusal) this.#events.refused(known);
    else this.#events.problem(known);
    const { minDelayMs, maxDelayMs } = this.#options.cluster.retry;
    await this.#wait.pause(backoffMs(this.#failures++, minDelayMs, isRefusal ? refusedPauseMs : maxDelayMs));
  }

  /** Throws what an error code of the coordinator means; 0 is none. */
  #judge(code: number, what: string): void {
    if (code === 0) return;
    if (isMoved(code)) this.#coordinator.forget();
    if (isMemberUnknown(code))
      throw new MkbError('kafka-membership-lost', { group: this.#options.groupId, reason: errorName(code) });
    throw groupError(code, this.#options.groupId, what);
  }

  async #ask<Answer>(what: string, ask: (connection: Connection) => Promise<Answer>, longerMs = 0): Promise<Answer> {
    return await this.#coordinator.ask(what, connection => responseOf(ask(connection)), longerMs);
  }
}

/** MEMBER_ID_REQUIRED: the coordinator has made one up for us, to join with (KIP-394). */
const memberIdRequired = 79;
