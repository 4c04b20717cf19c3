/** Fetch requests, without sessions: what they ask for changes with every answer. */
import { fetchV11 } from '@platformatic/kafka';
import { MkbError } from '../../../api/errors.ts';
import { errorName } from '../../../kafka/error-codes.ts';
import { responseOf } from '../../../kafka/response-error.ts';
import { type Cluster, topicError } from '../cluster.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import type { ConsumerOptions } from './options.ts';

export interface FetchedPartition {
  readonly partition: AssignedPartition;
  /** The offset that was asked for. */
  readonly from: bigint;
  /** Its error is 0, or 1 for an offset that the partition does not have. */
  readonly answer: fetchV11.FetchResponsePartition;
}

/** How long a broker may wait for a record before it answers with nothing, milliseconds. */
const maxWaitMs = 500;
const noSession = { id: 0, epoch: -1 };
const readCommitted = 1;

export class Reading {
  readonly #options: ConsumerOptions;
  readonly #cluster: Cluster;

  constructor(options: ConsumerOptions, cluster: Cluster) {
    this.#options = options;
    this.#cluster = cluster;
  }

  /** Asks a broker for the next records of partitions that it leads. Throws for a failure that concerns all, or any, of them. */
  async fetch(leader: number, partitions: readonly AssignedPartition[]): Promise<FetchedPartition[]> {
    const link = this.#cluster.broker(leader);
    if (link === undefined)
      throw new MkbError('kafka-request-failed', { what: 'read', reason: `broker ${leader} is not known` });
    const asked = partitions.map(partition => ({ partition, from: partition.offsets!.position }));
    const topics = [...Map.groupBy(asked, ({ partition }) => partition.topic)].map(([topicId, of]) => ({
      topicId,
      partitions: of.map(({ partition: { partition }, from }) => ({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: from,
        lastFetchedEpoch: -1,
        partitionMaxBytes: this.#options.partitionBytes,
      })),
    }));
    const { fetchBytes } = this.#options;
    const connection = await link.ready();
    const answer = await responseOf(
      fetchV11.api.async(
        connection,
        maxWaitMs,
        1,
        fetchBytes,
        readCommitted,
        noSession.id,
        noSession.epoch,
        topics,
        [],
        '',
      ),
    ).catch(cause => {
      throw new MkbError('kafka-unreachable', { address: link.address, reason: (cause as Error).message }, { cause });
    });
    return answer.responses.flatMap(({ topicId, partitions: of }) =>
      of.map(each => this.#judged(topicId, each, asked)),
    );
  }

  #judged(
    topic: string,
    answer: fetchV11.FetchResponsePartition,
    asked: readonly { partition: AssignedPartition; from: bigint }[],
  ): FetchedPartition {
    const { errorCode, partitionIndex } = answer;
    const found = asked.find(({ partition: each }) => each.topic === topic && each.partition === partitionIndex);
    if (found !== undefined && (errorCode === 0 || errorCode === outOfRange)) return { ...found, answer };
    // A topic that was there may be away for a moment: only what a person has to grant is final.
    const refused = topicError(topic, errorCode);
    if (refused?.code === 'kafka-not-authorised') throw refused;
    throw new MkbError('kafka-request-failed', {
      what: `read partition ${partitionIndex} of ${topic}`,
      reason: errorName(errorCode),
    });
  }
}

/** OFFSET_OUT_OF_RANGE */
const outOfRange = 1;
