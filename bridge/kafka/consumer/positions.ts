/**
 * Where a group begins to read a partition: at its offset, or where `offsetReset` says if it has none.
 *
 * The surprising case is `latest`. "What comes next" must be remembered at once: a group that asked again after a crash would skip what was
 * written in between. So the first member that finds a topic without any offset of the group commits one for each of its
 * partitions. A partition that has none although others have is a new one, and is read from its beginning. So is a topic that was made while
 * we ran (topic-lives.ts), and one that was made again: each offset is committed with the id of its topic, and counts for no other.
 */
import { listOffsetsV6 } from '@platformatic/kafka';
import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { failureText } from '../../../network/connect-failure.ts';
import { errorName } from '../../../network/kafka/error-codes.ts';
import { responseOf } from '../../../network/kafka/response-error.ts';
import type { Cluster } from '../cluster.ts';
import { isDenied } from '../topic-error.ts';
import type { Group } from './group.ts';
import type { Committed } from './group-calls.ts';
import type { TopicPartition } from './group-protocol.ts';
import { type OffsetReset, special, timestampOf } from './offset-reset.ts';
import type { TopicLives } from './topic-lives.ts';

export interface Position {
  /** The offset to read first. */
  readonly position: bigint;
  /** What Kafka has as the group's offset. */
  readonly committed: bigint | undefined;
  /** The id of the topic that both belong to; undefined where brokers have none. */
  readonly topicId: string | undefined;
}

const consumer = -1;
const readCommitted = 1;

/** @param groupId for errors */
export interface PositionsOptions {
  readonly groupId: string;
  readonly offsetReset: OffsetReset;
}

export class Positions {
  readonly #options: PositionsOptions;
  readonly #cluster: Cluster;
  readonly #group: Pick<Group, 'committed' | 'commit'>;
  readonly #lives: TopicLives;

  constructor(
    options: PositionsOptions,
    cluster: Cluster,
    group: Pick<Group, 'committed' | 'commit'>,
    lives: TopicLives,
  ) {
    this.#options = options;
    this.#cluster = cluster;
    this.#group = group;
    this.#lives = lives;
  }

  /** Where to begin in each partition of topics, or what keeps a topic from being begun. Throws what concerns all of them. */
  async of(topics: Iterable<string>): Promise<Map<string, readonly Position[] | MkbError>> {
    const names = [...topics];
    const committed = await this.#group.committed(names.flatMap(topic => this.#partitionsOf(topic)));
    const byTopic = Map.groupBy(committed, ({ topic }) => topic);
    const found = names.map(
      async topic => [topic, await this.#ofTopic(topic, byTopic.get(topic) ?? []).catch(asMkbError)] as const,
    );
    return new Map(await Promise.all(found));
  }

  /**
   * The offset to go on with where a broker said that the partition does not have `offset`. `report` is given what it means. Throws if the
   * leader does have it, since an offset is not given up for one wrong answer, and if the topic is another one by now.
   */
  async inRange(
    partition: TopicPartition & { readonly topicId: string | undefined },
    offset: bigint,
    report: (gone: MkbError) => void,
  ): Promise<bigint> {
    const { topic, topicId } = partition;
    await this.#cluster.read();
    const what = `read partition ${partition.partition} of ${topic}`;
    if (this.#cluster.topic(topic)?.id !== topicId)
      throw new MkbError('kafka-request-failed', { what, reason: 'the topic was made again' });
    const earliest = await this.#list(partition, special.earliest);
    const latest = await this.#list(partition, special.latest);
    if (offset >= earliest && offset <= latest)
      throw new MkbError('kafka-request-failed', { what, reason: `it did not find offset ${offset}, which it has` });
    const { offsetReset } = this.#options;
    if (offsetReset === 'none')
      throw new MkbError('kafka-offset-missing', { ...this.#place(partition), offset: String(offset) });
    // Records that are gone are behind us; what is kept of the others is not to be skipped.
    const to = offset < earliest ? earliest : await this.#reset(partition, offsetReset);
    report(
      new MkbError('kafka-records-gone', {
        topic,
        partition: partition.partition,
        from: String(offset),
        to: String(to),
      }),
    );
    return to;
  }

  #partitionsOf(topic: string): TopicPartition[] {
    const count = this.#cluster.topic(topic)?.leaders.length ?? 0;
    return Array.from({ length: count }, (_, partition) => ({ topic, partition }));
  }

  async #ofTopic(topic: string, committed: readonly Committed[]): Promise<readonly Position[]> {
    if (committed.length === 0) {
      this.#cluster.refresh();
      const reason = 'metadata does not have its partitions yet';
      throw new MkbError('kafka-request-failed', { what: `find topic ${topic}`, reason });
    }
    const topicId = this.#cluster.topic(topic)?.id;
    const failed = committed.find(({ error }) => error !== undefined);
    if (failed) throw failed.error;
    const known = committed.map(each => (isOfAnother(each, topicId) ? undefined : each.offset));
    const isNew = committed.every(({ offset }) => offset === undefined) && !this.#lives.isNew(topic);
    const reset = isNew ? this.#options.offsetReset : 'earliest';
    const missing = known.indexOf(undefined);
    if (reset === 'none' && missing >= 0)
      throw new MkbError('kafka-offset-missing', { ...this.#place(committed[missing]!), offset: undefined });
    const positions = await Promise.all(
      known.map(async (offset, at) => offset ?? (await this.#reset(committed[at]!, reset as 'earliest'))),
    );
    if (missing < 0) return positions.map(position => ({ position, committed: position, topicId }));
    const kept = await this.#group.commit(
      committed.map(({ partition }, at) => ({ topic, partition, topicId, offset: positions[at]! })),
    );
    return positions.map((position, at) => ({ position, committed: kept ? position : known[at], topicId }));
  }

  #place({ topic, partition }: TopicPartition) {
    return { group: this.#options.groupId, topic, partition };
  }

  /** Where nothing is as late as a time, what comes next is. */
  async #reset(partition: TopicPartition, reset: Exclude<OffsetReset, 'none'>): Promise<bigint> {
    const timestamp = timestampOf(reset, Date.now());
    if (timestamp < 0n) return await this.#list(partition, timestamp);
    // Asked first: what is written in between must not be skipped.
    const end = await this.#list(partition, special.latest);
    const found = await this.#list(partition, timestamp);
    return found < 0n ? end : found;
  }

  /** @param timestamp milliseconds since 1970, or a special time. Gives -1 if no record is as late. */
  async #list({ topic, partition }: TopicPartition, timestamp: bigint): Promise<bigint> {
    const what = `say where partition ${partition} of ${topic} begins or ends`;
    const link = this.#cluster.broker(this.#cluster.topic(topic)?.leaders[partition] ?? -1);
    const fail = (reason: string, cause?: unknown): never => {
      this.#cluster.refresh();
      throw new MkbError('kafka-request-failed', { what, reason }, { cause });
    };
    if (link === undefined) return fail('it has no leader');
    const asked = { partitionIndex: partition, currentLeaderEpoch: -1, timestamp };
    const connection = await link.ready();
    const answer = await responseOf(
      listOffsetsV6.api.async(connection, consumer, readCommitted, [{ name: topic, partitions: [asked] }]),
    ).catch(cause => fail(failureText(cause), cause));
    const found = answer.topics
      .find(({ name }) => name === topic)
      ?.partitions.find(({ partitionIndex }) => partitionIndex === partition);
    if (found !== undefined && isDenied(found.errorCode))
      throw new MkbError('kafka-not-authorised', { what: `read topic ${topic}`, reason: errorName(found.errorCode) });
    if (found === undefined) return fail('the answer is not for the partition that was asked for');
    if (found.errorCode !== 0) return fail(errorName(found.errorCode));
    if (found.offset < 0n && timestamp < 0n) return fail(`it gave the offset ${found.offset}`);
    return found.offset;
  }
}

/** Whether an offset was committed for an earlier topic of the name. One without an id may be of another program: it is believed. */
const isOfAnother = ({ offset, topicId }: Committed, current: string | undefined): boolean =>
  offset !== undefined && topicId !== undefined && current !== undefined && topicId !== current;
