/**
 * Where a group begins to read a partition: at its offset, or where `offsetReset` says if it has none.
 *
 * The surprising case is `latest`. "What comes next" must be remembered at once: a group that asked anew after a crash would skip what was
 * written in between. So the first member that finds a topic without any offset of the group commits one for each of its
 * partitions. A partition that has none although others have is a new one, and is read from its beginning.
 */
import { listOffsetsV6 } from '@platformatic/kafka';
import { MkbError } from '../../../api/errors.ts';
import { failureText } from '../../../network/connect-failure.ts';
import { errorName } from '../../../network/kafka/error-codes.ts';
import { responseOf } from '../../../network/kafka/response-error.ts';
import type { Cluster } from '../cluster.ts';
import { isDenied } from '../topic-error.ts';
import type { Group } from './group.ts';
import type { TopicPartition } from './group-protocol.ts';

export interface Position {
  /** The offset to read first. */
  readonly position: bigint;
  /** What Kafka has as the group's offset. */
  readonly committed: bigint | undefined;
}

/** ListOffsets' special times. */
const time = { latest: -1n, earliest: -2n } as const;
const consumer = -1;
const readCommitted = 1;

export class Positions {
  readonly #reset: 'earliest' | 'latest';
  readonly #cluster: Cluster;
  readonly #group: Group;

  constructor(reset: 'earliest' | 'latest', cluster: Cluster, group: Group) {
    this.#reset = reset;
    this.#cluster = cluster;
    this.#group = group;
  }

  /** Where to begin, in the order of `partitions`. Throws what of it may be tried again, or is not allowed. */
  async of(partitions: readonly TopicPartition[]): Promise<Position[]> {
    const byTopic = new Map<string, Position[]>();
    for (const topic of new Set(partitions.map(each => each.topic))) byTopic.set(topic, await this.#ofTopic(topic));
    return partitions.map(({ topic, partition }) => {
      const found = byTopic.get(topic)?.[partition];
      if (found !== undefined) return found;
      this.#cluster.refresh();
      throw new MkbError('kafka-request-failed', {
        what: `find partition ${partition} of ${topic}`,
        reason: 'metadata does not have it yet',
      });
    });
  }

  /**
   * The offset to go on with where a broker said that the partition does not have `offset`. `tell` is given what it means. Throws if the
   * leader does have it: an offset is not given up for one wrong answer.
   */
  async inRange(partition: TopicPartition, offset: bigint, tell: (gone: MkbError) => void): Promise<bigint> {
    const earliest = await this.#list(partition, 'earliest');
    const latest = await this.#list(partition, 'latest');
    if (offset >= earliest && offset <= latest)
      throw new MkbError('kafka-request-failed', {
        what: `read partition ${partition.partition} of ${partition.topic}`,
        reason: `it did not find offset ${offset}, which it has`,
      });
    const to = offset < earliest || this.#reset === 'earliest' ? earliest : latest;
    tell(
      new MkbError('kafka-records-gone', {
        topic: partition.topic,
        partition: partition.partition,
        from: String(offset),
        to: String(to),
      }),
    );
    return to;
  }

  async #ofTopic(topic: string): Promise<Position[]> {
    const count = this.#cluster.topic(topic)?.leaders.length ?? 0;
    const all = Array.from({ length: count }, (_, partition) => ({ topic, partition }));
    if (count === 0) return [];
    const committed = await this.#group.committed(all);
    const isNew = committed.every(offset => offset === undefined);
    const positions = await Promise.all(
      all.map(async (each, at) => committed[at] ?? (await this.#list(each, isNew ? this.#reset : 'earliest'))),
    );
    if (!isNew) return positions.map((position, at) => ({ position, committed: committed[at] }));
    const kept = await this.#group.commit(all.map((each, at) => ({ ...each, offset: positions[at]! })));
    return positions.map(position => ({ position, committed: kept ? position : undefined }));
  }

  async #list({ topic, partition }: TopicPartition, which: keyof typeof time): Promise<bigint> {
    const what = `tell the ${which} offset of partition ${partition} of ${topic}`;
    const link = this.#cluster.broker(this.#cluster.topic(topic)?.leaders[partition] ?? -1);
    const fail = (reason: string, cause?: unknown): never => {
      this.#cluster.refresh();
      throw new MkbError('kafka-request-failed', { what, reason }, { cause });
    };
    if (link === undefined) return fail('it has no leader');
    const asked = { partitionIndex: partition, currentLeaderEpoch: -1, timestamp: time[which] };
    const connection = await link.ready();
    const answer = await responseOf(
      listOffsetsV6.api.async(connection, consumer, readCommitted, [{ name: topic, partitions: [asked] }]),
    ).catch(cause => fail(failureText(cause), cause));
    const [found] = answer.topics[0]?.partitions ?? [];
    if (found !== undefined && isDenied(found.errorCode))
      throw new MkbError('kafka-not-authorised', { what: `read topic ${topic}`, reason: errorName(found.errorCode) });
    if (found === undefined || found.errorCode !== 0) return fail(errorName(found?.errorCode ?? -1));
    return found.offset;
  }
}
