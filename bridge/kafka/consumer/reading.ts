/** Fetch requests: what is asked of a broker, and what it answers for each partition. */
import { MkbError } from '../../../api/errors.ts';
import { failureText } from '../../../network/connect-failure.ts';
import { errorName } from '../../../network/kafka/error-codes.ts';
import type { Cluster } from '../cluster.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import { fetchRecords, type PartitionAnswer } from './fetch-api.ts';
import type { Asked } from './fetched-batches.ts';
import type { Offsets } from './offsets.ts';
import type { ConsumerOptions } from './options.ts';

export interface FetchedPartition {
  readonly partition: AssignedPartition;
  /** Those of the partition when it was asked for. */
  readonly offsets: Offsets;
  readonly asked: Asked;
  readonly answer: PartitionAnswer;
}

const maxWaitMs = 500;

export class Reading {
  readonly #options: ConsumerOptions;
  readonly #cluster: Cluster;

  constructor(options: ConsumerOptions, cluster: Cluster) {
    this.#options = options;
    this.#cluster = cluster;
  }

  /**
   * Asks a broker for the next records of partitions, of each at its position. An answer may hold the error of a partition; throws for a
   * failure that concerns all of them.
   */
  async fetch(broker: number, partitions: readonly AssignedPartition[]): Promise<FetchedPartition[]> {
    const link = this.#cluster.broker(broker);
    if (link === undefined)
      throw new MkbError('kafka-request-failed', { what: 'read', reason: `broker ${broker} is not known` });
    const asked = partitions.map((partition, at) => ({
      partition,
      offsets: partition.offsets!,
      asked: { from: partition.offsets!.position, claims: partition.claims, first: at === 0 },
    }));
    const wanted = asked.map(({ partition: { topic, partition }, asked: { from } }) => ({ topic, partition, from }));
    const { fetchBytes: maxBytes, partitionBytes } = this.#options;
    const connection = await link.ready();
    const answer = await fetchRecords
      .async(connection, wanted, { maxWaitMs, maxBytes, partitionBytes })
      .catch((cause: Error) => {
        throw new MkbError('kafka-unreachable', { address: link.address, reason: failureText(cause) }, { cause });
      });
    if (answer.errorCode !== 0)
      throw new MkbError('kafka-request-failed', { what: 'read', reason: errorName(answer.errorCode) });
    return this.#paired(asked, answer.partitions);
  }

  /** A batch does not say of which partition it is: so an answer for others than those that were asked for is not believed at all. */
  #paired(asked: readonly Omit<FetchedPartition, 'answer'>[], answers: readonly PartitionAnswer[]): FetchedPartition[] {
    const byName = new Map(answers.map(answer => [`${answer.topic}/${answer.partition}`, answer]));
    const paired = asked.flatMap(each => {
      const answer = byName.get(`${each.partition.topic}/${each.partition.partition}`);
      if (answer === undefined) return [];
      // An answer with an error has none, -1.
      if (answer.highWatermark >= 0n) each.partition.end = answer.highWatermark;
      return [{ ...each, answer }];
    });
    if (paired.length === asked.length && answers.length === asked.length) return paired;
    const reason = 'the answer is not for the partitions that were asked for';
    throw new MkbError('kafka-request-failed', { what: 'read', reason });
  }
}
