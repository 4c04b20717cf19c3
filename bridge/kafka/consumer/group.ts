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
 *
 * A static member (KIP-345) keeps its partitions over a restart that is shorter than the session timeout: it does not leave, and gets back what it
 * had. Nobody deals partitions out then, so each static member looks whether all of them are dealt, and asks for it otherwise: by a subscription
 * that differs, since the coordinator gives a member that says nothing new what it had. When another process takes the instance id, this one
 * does not take it back: it waits until nobody has it.
 */
import type { joinGroupV7, syncGroupV5 } from '@platformatic/kafka';
import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { backoffMs } from '../../../network/backoff.ts';
import { errorName } from '../../../network/kafka/error-codes.ts';
import type { TransactionalIdentity } from '../record-batch.ts';
import type { Coordinator } from './coordinator.ts';
import { type Commit, type Committed, GroupCalls, noMember } from './group-calls.ts';
import { fencedInstance, groupError, isMemberUnknown, isMoved, rebalanceInProgress } from './group-errors.ts';
import {
  type Assignment,
  assign,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  type TopicPartition,
} from './group-protocol.ts';
import type { ConsumerOptions } from './options.ts';
import { encodeFacts, factsOf, type GroupMember, shownMember, strangersIn } from './strangers.ts';
import { Wait } from './wait.ts';

export interface GroupEvents {
  /** The topics to read, found out now. Throws why they cannot be. */
  look(): Promise<void>;
  /** The topics to read, as far as is known. */
  topics(): readonly string[];
  /** Whether a topic was made while we looked. */
  isNew(topic: string): boolean;
  /** These partitions are ours now, and these topics are new as far as any member knows. */
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

/** The longest pause after a refusal, milliseconds: a right that was granted is used by then. */
const refusedPauseMs = 30_000;
/** How often it is looked whether another process still has our instance id. */
const fencedPauseMs = 2000;

export class Group {
  readonly #options: ConsumerOptions;
  readonly #events: GroupEvents;
  readonly #calls: GroupCalls;
  readonly #wait = new Wait();
  /** How many partitions each topic had when they were dealt out: of the leader, and of each static member. */
  #dealt = new Map<string, number>();
  /** The topics that our subscription had. */
  #joinedFor: readonly string[] = [];
  /** Grows when the partitions have to be dealt out again although nobody came or went. */
  #turn = 0;
  /** Whether partitions have to be dealt out that nobody has. */
  #isIncomplete = false;
  /** Those that were asked for last. Once is enough: a leader of another kind may have its reasons. */
  #askedFor = '';
  #heardAt = 0;
  #stopped = false;
  /** Joins no more, but stays a member for as long as it takes to leave in order. */
  #retiring = false;
  /** Whether another process has our instance id. */
  #fenced = false;
  #failures = 0;

  constructor(
    options: ConsumerOptions,
    coordinator: Pick<Coordinator, 'ask' | 'forget' | 'close'>,
    events: GroupEvents,
  ) {
    this.#options = options;
    this.#events = events;
    this.#calls = new GroupCalls(options, coordinator);
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

  /** Commits how far the partitions are read. Returns whether it took all of it; if not, ask again later. */
  async commit(commits: readonly Commit[]): Promise<boolean> {
    if (this.#calls.member === noMember) return false;
    this.#judge(await this.#calls.commit(commits), 'commit offsets');
    return true;
  }

  /** As `commit`, as part of a transaction. Returns an error code; 0 is none. */
  async commitIn(transaction: TransactionalIdentity, commits: readonly Commit[]): Promise<number> {
    const code = await this.#calls.commitIn(transaction, commits);
    if (isMoved(code)) this.#calls.forgetCoordinator();
    return code;
  }

  /** The offsets that the group has, in the order of `partitions`. Throws what concerns all of them. */
  async committed(partitions: readonly TopicPartition[]): Promise<readonly Committed[]> {
    if (partitions.length === 0) return [];
    const { errorCode, offsets } = await this.#calls.committed(partitions);
    this.#judge(errorCode, 'read offsets');
    return offsets;
  }

  /** The end is near: from now on it joins no more. Partitions that it has are kept until `leave`. */
  retire(): void {
    this.#retiring = true;
  }

  /**
   * Leaves the group, so that others need not wait for a session timeout; a static member stays, for it comes back. Let go of the
   * partitions first.
   */
  async leave(): Promise<void> {
    this.#stopped = true;
    this.#wait.end();
    const stays = this.#options.instanceId !== undefined || this.#calls.member === noMember;
    if (!stays) await this.#calls.leave().catch(() => undefined);
    this.close();
  }

  close(): void {
    this.#stopped = true;
    this.#wait.end();
    this.#calls.close();
  }

  // --- joining

  async #join(): Promise<Assignment> {
    const { memberId, leader, generationId: generation, members } = await this.#enter();
    this.#calls.member = { memberId, generation };
    this.#heardAt = performance.now();
    const dealt = leader === memberId ? this.#deal(members) : [];
    const { errorCode, assignment } = await this.#calls.sync(dealt);
    this.#judge(errorCode, 'assign partitions');
    if (this.#options.instanceId !== undefined)
      this.#dealt = new Map(this.#joinedFor.map(topic => [topic, this.#events.partitionsOf(topic)]));
    const { partitions, made } = decodeAssignment(assignment);
    // A static member may get back what it had before it was configured otherwise.
    return { partitions: partitions.filter(({ topic }) => this.#joinedFor.includes(topic)), made };
  }

  async #enter(): Promise<joinGroupV7.JoinGroupResponse> {
    await this.#events.look();
    const topics = this.#events.topics();
    this.#joinedFor = topics;
    const made = topics.filter(topic => this.#events.isNew(topic));
    const subscription = encodeSubscription(topics, encodeFacts(this.#options.self, made, this.#turn));
    for (;;) {
      const answer = await this.#calls.join(subscription);
      if (answer.errorCode !== memberIdRequired) {
        this.#judge(answer.errorCode, 'join the group');
        return answer;
      }
      this.#calls.member = { memberId: answer.memberId, generation: -1 };
    }
  }

  /**
   * We lead, and so it is we who deal the partitions out. Kafka makes any member the leader, also one that has just started: which topics are
   * new is what all of them know together.
   */
  #deal(members: readonly joinGroupV7.JoinGroupResponseMember[]): syncGroupV5.SyncGroupRequestAssignment[] {
    this.#dealt = new Map();
    const wanting = members.map(({ memberId, metadata }) => ({ memberId, ...decodeSubscription(metadata) }));
    const known = new Set(wanting.flatMap(member => member.made));
    const assigned = assign(wanting, topic => {
      const count = this.#events.partitionsOf(topic);
      this.#dealt.set(topic, count);
      return count;
    });
    const made = [...this.#dealt.keys()].filter(topic => known.has(topic) || this.#events.isNew(topic));
    return [...assigned].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment({ partitions, made }),
    }));
  }

  /** Whether there are other topics to read than we joined for; or one that we watch has another number of partitions now. */
  get #outdated(): boolean {
    if (this.#calls.member === noMember) return false;
    if (this.#joinedFor !== this.#events.topics()) return true;
    return [...this.#dealt].some(([topic, dealt]) => {
      const count = this.#events.partitionsOf(topic);
      return count > 0 && count !== dealt;
    });
  }

  /** Looks who else is here, and whether all partitions are dealt. A member that may not ask, or gets no answer, goes without. */
  async #lookAround(): Promise<void> {
    const { self, cluster, instanceId } = this.#options;
    const described = await this.#calls.describe().catch(() => undefined);
    if (described === undefined || this.#stopped) return;
    const { members, groupState } = described;
    this.#events.strangers(strangersIn(members, self, cluster.clientId));
    if (instanceId === undefined || groupState !== 'Stable') return;
    const undealt = this.#undealt(members);
    if (undealt !== '' && undealt !== this.#askedFor) {
      this.#isIncomplete = true;
      this.#wait.end();
    }
    this.#askedFor = undealt;
  }

  /** Partitions that we want some of and nobody has, as text. */
  #undealt(members: readonly GroupMember[]): string {
    const dealt = new Set<string>();
    for (const { memberAssignment } of members)
      for (const { topic, partition } of decodeAssignment(memberAssignment).partitions)
        dealt.add(`${topic}/${partition}`);
    const missing: string[] = [];
    for (const topic of this.#joinedFor)
      for (let partition = 0; partition < this.#events.partitionsOf(topic); partition++)
        if (!dealt.has(`${topic}/${partition}`)) missing.push(`${topic}/${partition}`);
    return missing.join();
  }

  // --- staying

  /** Beats until the group is made up again, then lets the partitions go. */
  async #stay(): Promise<void> {
    this.#isIncomplete = false;
    for (;;) {
      await this.#wait.pause(this.#options.heartbeatMs);
      if (this.#stopped) return;
      if (this.#outdated || this.#isIncomplete) {
        this.#turn++;
        break;
      }
      if (await this.#beat()) break;
    }
    this.#dealt = new Map();
    let done = false;
    const released = this.#events.released().then(() => {
      done = true;
      this.#wait.end();
    });
    // A member that takes long to let go must not be taken for dead meanwhile.
    while (!done) {
      await this.#wait.pause(this.#options.heartbeatMs);
      if (!done && !this.#stopped) await this.#beat();
    }
    await released;
  }

  /** Returns whether the group is being made up again. Throws when we are no member of it. */
  async #beat(): Promise<boolean> {
    try {
      const code = await this.#calls.beat();
      this.#heardAt = performance.now();
      if (code === rebalanceInProgress) return true;
      this.#judge(code, 'stay in the group');
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
    if (known.code === 'kafka-membership-lost') this.#calls.member = noMember;
    const isRefusal = known.kind === 'permanent';
    if (this.#fenced) await this.#untilInstanceIsFree();
    else if (isRefusal) this.#events.refused(known);
    else this.#events.problem(known);
    const { minDelayMs, maxDelayMs } = this.#options.cluster.retry;
    await this.#wait.pause(backoffMs(this.#failures++, minDelayMs, isRefusal ? refusedPauseMs : maxDelayMs));
  }

  /** Two that take an instance id from each other would read everything twice, and nothing for long. */
  async #untilInstanceIsFree(): Promise<void> {
    const { groupId: group, instanceId = '', self } = this.#options;
    for (let reported = ''; !this.#stopped && !this.#retiring; ) {
      const described = await this.#calls.describe().catch(() => undefined);
      const holder = described?.members.find(({ groupInstanceId }) => groupInstanceId === instanceId);
      // We may have become another member ourselves, by a JoinGroup whose answer was lost.
      if (
        described !== undefined &&
        (holder === undefined || factsOf(holder.memberMetadata)?.instance === self.instance)
      )
        break;
      const who = holder === undefined ? 'another process' : shownMember(holder);
      if (who !== reported) this.#events.refused(new MkbError('kafka-instance-fenced', { group, instanceId, who }));
      reported = who;
      await this.#wait.pause(fencedPauseMs);
    }
    this.#fenced = false;
  }

  /** Throws what an error code of the coordinator means; 0 is none. */
  #judge(code: number, what: string): void {
    if (code === 0) return;
    if (isMoved(code)) this.#calls.forgetCoordinator();
    if (code === fencedInstance) this.#fenced = this.#options.instanceId !== undefined;
    if (isMemberUnknown(code))
      throw new MkbError('kafka-membership-lost', { group: this.#options.groupId, reason: errorName(code) });
    throw groupError(code, this.#options.groupId, what);
  }
}

/** MEMBER_ID_REQUIRED: the coordinator has made one up for us, to join with (KIP-394). */
const memberIdRequired = 79;
