/**
 * The consumer: records of the partitions that the group gives us, each partition in order, and offsets that are committed when their
 * records are safe.
 *
 * A tenure is the time between two changes of the group. In it one loop a broker reads from the partitions that the broker leads: a
 * Fetch, its records handed over one by one as there is room, and only then the next. So memory is bounded by one response a broker, and
 * a sink that is slow holds the loops up, not the membership.
 *
 * When the tenure ends, reading ends first. What is in flight then has `settleTimeoutMs`; what is settled is committed; of the rest the
 * handler hears that they belong to another member now.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { backoffMs } from '../../../network/backoff.ts';
import { Cluster } from '../cluster.ts';
import type { TransactionalIdentity } from '../record-batch.ts';
import { requireTopics } from '../topic-admin.ts';
import type { UnreachableLeader } from '../waits.ts';
import { AssignedPartition } from './assigned-partition.ts';
import { Coordinator } from './coordinator.ts';
import { Group } from './group.ts';
import type { Assignment, TopicPartition } from './group-protocol.ts';
import type { ConsumerHandler } from './handler.ts';
import { Intake, leaderOf } from './intake.ts';
import type { ConsumerOptions } from './options.ts';
import { Positions } from './positions.ts';
import { type ReadOffset, readOf, safeOf } from './read-offsets.ts';
import { Reading } from './reading.ts';
import { Subscription } from './subscription.ts';
import { TopicLives } from './topic-lives.ts';

interface Tenure {
  readonly partitions: readonly AssignedPartition[];
  /** Nothing is read any more. */
  over: boolean;
  /** Whether somebody finds out where partitions begin. */
  beginning: boolean;
  /** Brokers that a loop reads from. */
  readonly readers: Set<number>;
  /** Under way since it began to end. */
  release?: Promise<void>;
  /** Called when nothing is in flight any more. */
  idle?: () => void;
}

export class Consumer {
  readonly cluster: Cluster;
  readonly #options: ConsumerOptions;
  readonly #handler: ConsumerHandler;
  readonly #group: Group;
  readonly #lives = new TopicLives();
  readonly #subscription: Subscription;
  readonly #positions: Positions;
  readonly #reading: Reading;
  readonly #intake: Intake;
  #tenure: Tenure | undefined;
  /** Partitions that are ours, and are not read. */
  #suspended: readonly TopicPartition[] | undefined;
  #committing: Promise<void> | undefined;
  #commitTimer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ConsumerOptions, handler: ConsumerHandler) {
    this.#options = options;
    this.#handler = handler;
    this.cluster = new Cluster(options.cluster, {
      linkChanged: () => undefined,
      metadataRead: () => this.#metadataRead(),
      problem: error => handler.problem(error),
    });
    const { wanted } = options;
    const changed = () => this.#group.metadataRead();
    const problem = (error: MkbError) => this.#report(error);
    this.#subscription = new Subscription(wanted, this.cluster, this.#lives, changed, problem);
    this.#group = new Group(options, new Coordinator(options, this.cluster), {
      look: () => this.#subscription.look(),
      topics: () => this.#subscription.topics,
      isNew: topic => this.#lives.isNew(topic),
      assigned: assignment => this.#assigned(assignment),
      released: () => this.#release(this.#options.settleTimeoutMs),
      lost: () => this.#lost(),
      partitionsOf: topic => this.cluster.topic(topic)?.leaders.length ?? 0,
      problem: error => handler.problem(error),
      strangers: who => handler.strangers(who),
      refused: error => handler.refused(error),
    });
    this.#positions = new Positions(options, this.cluster, this.#group, this.#lives);
    this.#reading = new Reading(options, this.cluster);
    this.#intake = new Intake(this.cluster, this.#positions, handler, options.cluster.retry.minDelayMs);
  }

  /** Reads metadata for the first time, and sees to it that every topic is there. Throws as `Cluster.connect` and `requireTopics`. */
  async connect(): Promise<void> {
    await this.cluster.connect();
    await requireTopics(this.cluster, this.#options.wanted.names);
    await this.#subscription.look();
  }

  /** Joins the group. Call once, after `connect`. */
  start(): void {
    void this.#group.run();
    this.#subscription.start();
    const { commitEveryMs } = this.#options;
    if (commitEveryMs !== undefined) this.#commitTimer = setInterval(() => void this.#commit(), commitEveryMs);
  }

  /** Whether it is a member of its group. It may be one without partitions, when there are more members than those. */
  get joined(): boolean {
    return this.#tenure !== undefined;
  }

  /** Whether it knows where its partitions begin. */
  get begun(): boolean {
    return this.partitions.every(({ offsets }) => offsets !== undefined);
  }

  /** Whether it is finding that out, for the first time since they were given to it. */
  get beginning(): boolean {
    return this.partitions.some(({ offsets, trouble }) => offsets === undefined && trouble === undefined);
  }

  get partitions(): readonly AssignedPartition[] {
    return this.#tenure?.partitions ?? [];
  }

  /** Leaders of its partitions that cannot be reached. */
  get unreachable(): UnreachableLeader[] {
    const leaders = new Map(
      this.partitions.map(each => [this.cluster.broker(leaderOf(this.cluster, each)), each.topic]),
    );
    return [...leaders].flatMap(([link, topic]) =>
      link?.unusable === undefined || link.untried ? [] : [{ address: link.address, topic, reason: link.unusable }],
    );
  }

  /** How far everything is read, where Kafka does not have that yet: for a transaction that holds what was made of it. */
  read(): ReadOffset[] {
    return readOf(this.partitions);
  }

  /** Makes offsets part of a transaction. Returns an error code; 0 is none. */
  commitIn(transaction: TransactionalIdentity, read: readonly ReadOffset[]): Promise<number> {
    return this.#group.commitIn(transaction, read);
  }

  /** Gives all partitions up, as if they were taken away, and stays in the group. */
  suspend(): void {
    const tenure = this.#tenure;
    this.#lost();
    // What is being given back is not taken back.
    if (tenure && !tenure.release) this.#suspended = tenure.partitions;
  }

  /** Takes partitions that were suspended back, unless the group was made up again meanwhile, and reads them from what is committed. */
  resume(): void {
    const partitions = this.#suspended;
    if (partitions !== undefined) this.#assigned({ partitions, made: [] });
  }

  /** Reads nothing more, gives what is in flight `timeoutMs`, commits, leaves the group and closes. */
  async stop(timeoutMs: number): Promise<void> {
    this.#group.retire();
    await this.#release(timeoutMs);
    await this.#group.leave();
    this.close();
  }

  /** Closes at once. */
  close(): void {
    this.#closed = true;
    this.#lost();
    clearInterval(this.#commitTimer);
    this.#subscription.close();
    this.#group.close();
    this.cluster.close();
  }

  // --- tenures

  #assigned({ partitions: given, made }: Assignment): void {
    if (this.#closed) return;
    for (const topic of made) this.#lives.appeared(topic);
    const partitions = given.map(each => new AssignedPartition(each, () => this.#recordSettled()));
    const tenure: Tenure = { partitions, over: false, beginning: false, readers: new Set() };
    this.#tenure = tenure;
    this.#suspended = undefined;
    this.#handler.assigned(partitions);
    void this.#begin(tenure);
  }

  /** Finds out where partitions begin, and begins: with each topic as soon as that is known. */
  async #begin(tenure: Tenure): Promise<void> {
    if (tenure.beginning) return;
    tenure.beginning = true;
    for (let failures = 0; !tenure.over; failures++) {
      const waiting = tenure.partitions.filter(({ offsets }) => offsets === undefined);
      if (waiting.length === 0) break;
      const error = await this.#beginWith(waiting, tenure).catch(asMkbError);
      if (error === undefined || tenure.over) continue;
      this.cluster.refresh();
      for (const partition of waiting) if (partition.offsets === undefined) partition.trouble = error;
      await this.#trouble(error, failures);
    }
    tenure.beginning = false;
  }

  /** Returns why some of them could not be begun. */
  async #beginWith(partitions: readonly AssignedPartition[], tenure: Tenure): Promise<MkbError | undefined> {
    const found = await this.#positions.of(new Set(partitions.map(({ topic }) => topic)));
    let failed: MkbError | undefined;
    for (const partition of partitions) {
      const ofTopic = found.get(partition.topic)!;
      const position = MkbError.is(ofTopic) ? undefined : ofTopic[partition.partition];
      if (position) partition.begin(position);
      else failed ??= MkbError.is(ofTopic) ? ofTopic : notFound(partition);
    }
    this.#read(tenure);
    return failed;
  }

  #release(timeoutMs: number): Promise<void> {
    this.#suspended = undefined;
    const tenure = this.#tenure;
    if (tenure === undefined) return Promise.resolve();
    tenure.release ??= this.#end(tenure, timeoutMs);
    return tenure.release;
  }

  async #end(tenure: Tenure, timeoutMs: number): Promise<void> {
    tenure.over = true;
    if (tenure.partitions.some(({ open }) => open > 0)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      tenure.idle = resolve;
      const timer = setTimeout(resolve, timeoutMs);
      await promise;
      clearTimeout(timer);
    }
    for (let attempt = 0; attempt < commitAttempts && safeOf(tenure.partitions).length > 0; attempt++)
      await this.#commit();
    this.#forsake(tenure);
  }

  #lost(): void {
    this.#suspended = undefined;
    const tenure = this.#tenure;
    if (tenure === undefined) return;
    tenure.over = true;
    this.#forsake(tenure);
    tenure.idle?.();
  }

  #forsake(tenure: Tenure): void {
    if (this.#tenure !== tenure) return;
    this.#tenure = undefined;
    for (const partition of tenure.partitions) partition.ours = false;
    this.#handler.takenAway(tenure.partitions);
    this.#handler.assigned([]);
  }

  #recordSettled(): void {
    const tenure = this.#tenure;
    if (tenure?.idle && tenure.partitions.every(({ open }) => open === 0)) tenure.idle();
  }

  // --- offsets

  /** Commits what is safe now, after a commit that is under way. Never throws: what failed is retried. */
  async #commit(): Promise<void> {
    if (this.#options.commitEveryMs === undefined) return;
    const before = this.#committing;
    const mine = (async () => {
      await before;
      const commits = safeOf(this.partitions);
      if (commits.length === 0) return;
      try {
        if (!(await this.#group.commit(commits))) return;
        for (const { offsets, offset } of commits) offsets.committed = offset;
      } catch (error) {
        this.#report(asMkbError(error));
      }
    })();
    this.#committing = mine;
    await mine;
    if (this.#committing === mine) this.#committing = undefined;
  }

  // --- reading

  #metadataRead(): void {
    for (const topic of this.#subscription.topics) {
      const metadata = this.cluster.topic(topic);
      if (metadata) this.#lives.learn(topic, metadata);
    }
    this.#subscription.metadataRead();
    this.#group.metadataRead();
    if (!this.#tenure) return;
    this.#restartIn(this.#tenure);
    this.#read(this.#tenure);
  }

  /** Begins again with topics that were deleted and made again. */
  #restartIn(tenure: Tenure): void {
    for (const partition of tenure.partitions) {
      const id = this.cluster.topic(partition.topic)?.id;
      if (partition.offsets && id !== undefined && partition.topicId !== undefined && id !== partition.topicId)
        partition.restart();
    }
    void this.#begin(tenure);
  }

  /** The broker to read a partition from: its leader, or another replica while the leader's copy is damaged. */
  #sourceOf(partition: AssignedPartition): number {
    return partition.replica ?? leaderOf(this.cluster, partition);
  }

  /** Sees to it that a loop reads from each broker that a partition is read from. */
  #read(tenure: Tenure): void {
    if (tenure.over) return;
    for (const partition of tenure.partitions) {
      const source = this.#sourceOf(partition);
      if (source < 0) this.cluster.refresh();
      else if (partition.offsets && !tenure.readers.has(source)) void this.#readFrom(source, tenure);
    }
  }

  async #readFrom(broker: number, tenure: Tenure): Promise<void> {
    tenure.readers.add(broker);
    let failures = 0;
    for (let turn = 0; !tenure.over; turn++) {
      const own = tenure.partitions.filter(each => each.offsets && this.#sourceOf(each) === broker);
      if (own.length === 0) break;
      const now = performance.now();
      const readable = own.filter(each => each.readableAt <= now);
      if (readable.length === 0) {
        await pause(idlePauseMs);
        continue;
      }
      try {
        await this.#readOnce(broker, tenure, readable, turn);
        failures = 0;
      } catch (error) {
        if (tenure.over) break;
        this.cluster.refresh();
        // A replica that cannot be asked is no way around the leader.
        for (const partition of own) partition.replica = undefined;
        await this.#trouble(asMkbError(error), failures++);
      }
    }
    tenure.readers.delete(broker);
    // The leader of a partition may have moved here while this loop was about to end.
    this.#read(tenure);
  }

  /** Each partition takes its turn in being first: a response has room for a few full partitions only. */
  async #readOnce(broker: number, tenure: Tenure, partitions: readonly AssignedPartition[], turn: number) {
    const first = turn % partitions.length;
    const fetched = await this.#reading.fetch(broker, [...partitions.slice(first), ...partitions.slice(0, first)]);
    for (const each of fetched) if (!tenure.over) await this.#intake.take(each, () => tenure.over);
  }

  // --- failures

  async #trouble(error: MkbError, failures: number): Promise<void> {
    this.#report(error);
    const { minDelayMs, maxDelayMs } = this.#options.cluster.retry;
    await pause(backoffMs(failures, minDelayMs, error.kind === 'permanent' ? refusedPauseMs : maxDelayMs));
  }

  #report(error: MkbError): void {
    if (this.#closed) return;
    if (error.kind === 'permanent') this.#handler.refused(error);
    else this.#handler.problem(error);
  }
}

const notFound = ({ topic, partition }: TopicPartition): MkbError =>
  new MkbError('kafka-request-failed', {
    what: `find partition ${partition} of ${topic}`,
    reason: 'metadata does not have it yet',
  });

/** The longest pause after a refusal, milliseconds. */
const refusedPauseMs = 5000;
/** How long a loop of which every partition waits sleeps before it looks again. */
const idlePauseMs = 50;
/** How often a commit is tried before partitions are given back. */
const commitAttempts = 3;
