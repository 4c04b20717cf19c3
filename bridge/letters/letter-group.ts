/**
 * The consumer group that remembers which dead letters are done. A command that only looks asks it; one that replays or drops is its member.
 *
 * All runs are one static member (KIP-345). So a run that follows on one that was killed need not wait for the session timeout, and when two run
 * at the same time the later one takes over: Kafka refuses what the earlier one would commit, and that one ends. What is committed is
 * therefore always worked out from what was committed last.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../api/errors.ts';
import { backoffMs } from '../../network/backoff.ts';
import type { Cluster } from '../kafka/cluster.ts';
import { Coordinator } from '../kafka/consumer/coordinator.ts';
import { Group } from '../kafka/consumer/group.ts';
import type { ConsumerOptions } from '../kafka/consumer/options.ts';
import { type Done, decodeDone } from './done.ts';
import type { Progress } from './progress.ts';

/** Behind the group of the bridge. */
const suffix = '-dead-letters';
const instanceId = 'mkb-dead-letters';
const sessionTimeoutMs = 10_000;
/** Failures in a row, of what is asked once, after which it is given up: several seconds. */
const patience = 8;

export const letterGroupOf = (consumer: ConsumerOptions, topic: string): ConsumerOptions => ({
  ...consumer,
  groupId: `${consumer.groupId}${suffix}`,
  instanceId,
  sessionTimeoutMs,
  wanted: { ...consumer.wanted, names: [topic], patterns: new Map() },
});

export interface LetterGroupEvents {
  /** Something failed that is tried again. */
  problem(error: MkbError): void;
  /** It is not ours any more: nothing may be sent from now on. */
  lost(error: MkbError): void;
}

export class LetterGroup {
  readonly #topic: string;
  readonly #cluster: Cluster;
  readonly #events: LetterGroupEvents;
  readonly #group: Group;
  readonly #groupId: string;
  readonly #joined = Promise.withResolvers<void>();
  #isMember = false;
  #closed = false;

  /** @param options as `letterGroupOf` makes them. @param cluster is connected, and knows the topic */
  constructor(options: ConsumerOptions, topic: string, cluster: Cluster, events: LetterGroupEvents) {
    this.#topic = topic;
    this.#cluster = cluster;
    this.#events = events;
    this.#groupId = options.groupId;
    this.#joined.promise.catch(() => undefined);
    this.#group = new Group(options, new Coordinator(options, cluster), {
      look: async () => undefined,
      topics: () => options.wanted.names,
      isNew: () => false,
      assigned: ({ partitions }) => this.#assigned(partitions.length),
      released: async () => undefined,
      lost: () => {
        if (this.#isMember) this.#end(new MkbError('dead-letter-group-lost', { group: this.#groupId }));
      },
      partitionsOf: () => this.#count,
      strangers: who => {
        if (who.length > 0) this.#shared(who);
      },
      problem: error => events.problem(error),
      refused: error => this.#end(error),
    });
  }

  /** Becomes its member. Throws why it cannot, where only a person can change that. */
  async join(): Promise<void> {
    void this.#group.run();
    await this.#joined.promise;
  }

  /** What is done, by partition. Throws why it cannot be asked, after some attempts, and as `decodeDone`. */
  async done(): Promise<readonly Done[]> {
    const partitions = Array.from({ length: this.#count }, (_, partition) => ({ topic: this.#topic, partition }));
    const committed = await this.#patiently(() => this.#group.committed(partitions));
    return committed.map(({ offset, metadata, error }) => {
      if (error !== undefined) throw error;
      return decodeDone(offset, metadata, this.#topicId);
    });
  }

  /** Commits what is done by now. Throws why Kafka does not take it; then nothing is committed, or all. */
  async commit(progresses: readonly Progress[]): Promise<void> {
    const changed = progresses.flatMap(progress => {
      const commit = progress.uncommitted(this.#topicId);
      return commit === undefined ? [] : [{ progress, commit }];
    });
    if (changed.length === 0) return;
    const commits = changed.map(({ progress: { partition }, commit }) => ({
      topic: this.#topic,
      partition,
      topicId: this.#topicId,
      ...commit,
    }));
    if (!(await this.#group.commit(commits))) throw this.#failure('it is not a member now');
    for (const { progress, commit } of changed) progress.committed(commit);
  }

  /** The last commit. Throws if it does not come through in some attempts. */
  async commitAll(progresses: readonly Progress[]): Promise<void> {
    await this.#patiently(() => this.commit(progresses));
  }

  /** A static member stays in its group, for the next run. */
  async leave(): Promise<void> {
    this.#closed = true;
    await this.#group.leave();
  }

  get #count(): number {
    return this.#cluster.topic(this.#topic)?.leaders.length ?? 0;
  }

  get #topicId(): string | undefined {
    return this.#cluster.topic(this.#topic)?.id;
  }

  #assigned(count: number): void {
    this.#isMember = true;
    if (count < this.#count) this.#shared(['another program']);
    else this.#joined.resolve();
  }

  #shared(who: readonly string[]): void {
    this.#end(new MkbError('kafka-group-shared', { group: this.#groupId, who: who.slice(0, 5).join('; ') }));
  }

  #end(error: MkbError): void {
    this.#joined.reject(error);
    if (!this.#closed) this.#events.lost(error);
  }

  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let failures = 0; ; failures++) {
      try {
        return await ask();
      } catch (error) {
        const known = asMkbError(error);
        if (known.kind === 'permanent' || failures >= patience || this.#closed) throw known;
        this.#events.problem(known);
        const { minDelayMs, maxDelayMs } = this.#cluster.retry;
        await pause(backoffMs(failures, minDelayMs, maxDelayMs));
      }
    }
  }

  #failure(reason: string): MkbError {
    return new MkbError('kafka-request-failed', { what: `commit offsets of ${this.#groupId}`, reason });
  }
}
