/**
 * What becomes of a Fetch answer's part for one partition: its records are handed over as there is room, or what is wrong with it is the trouble
 * of this partition alone. Then the partition waits, longer each time, and the others go on.
 *
 * A batch that is damaged in one replica may be whole in the next, and every replica in sync may be read (KIP-392). So they take turns, until
 * a batch was read; then the leader is asked again.
 */

import { asMkbError } from '../../../api/errors/as-mkb-error.ts';
import { MkbError } from '../../../api/errors.ts';
import { backoffMs } from '../../../network/backoff.ts';
import { errorName } from '../../../network/kafka/error-codes.ts';
import type { Cluster } from '../cluster.ts';
import { isDenied } from '../topic-error.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import { BatchFault } from './batch-fault.ts';
import { recordsOf } from './batch-records.ts';
import { readFetched } from './fetched.ts';
import type { FetchedBatch } from './fetched-batches.ts';
import type { TopicPartition } from './group-protocol.ts';
import type { ConsumerHandler } from './handler.ts';
import type { Offsets } from './offsets.ts';
import type { Positions } from './positions.ts';
import type { FetchedPartition } from './reading.ts';

/** Whether the tenure is over: nothing is handed over any more. */
type IsOver = () => boolean;

export class Intake {
  readonly #cluster: Cluster;
  readonly #positions: Positions;
  readonly #handler: ConsumerHandler;
  readonly #minPauseMs: number;

  constructor(cluster: Cluster, positions: Positions, handler: ConsumerHandler, minPauseMs: number) {
    this.#cluster = cluster;
    this.#positions = positions;
    this.#handler = handler;
    this.#minPauseMs = minPauseMs;
  }

  /** Returns when all of it was handed over. Never throws. */
  async take(fetched: FetchedPartition, isTenureOver: IsOver): Promise<void> {
    const { partition, offsets, answer } = fetched;
    // What a topic holds that was made again is not for the offsets of the old one.
    const isOver = () => isTenureOver() || partition.offsets !== offsets;
    if (isOver()) return;
    try {
      if (answer.errorCode === outOfRange) await this.#reset(fetched);
      else if (answer.errorCode !== 0) throw partitionError(partition, answer.errorCode);
      else await this.#takeBatches(fetched, isOver);
    } catch (error) {
      if (!isOver()) this.#trouble(partition, asMkbError(error));
    }
  }

  async #takeBatches({ partition, offsets, asked, answer }: FetchedPartition, isOver: IsOver): Promise<void> {
    const { batches, fault, claims } = readFetched(answer, asked);
    partition.claims = claims;
    try {
      for (const { batch, wanted } of batches) {
        if (wanted) await this.#takeRecords(partition, offsets, batch, isOver);
        if (isOver()) return;
        offsets.skipTo(batch.end);
        partition.recovered();
      }
      if (fault) throw fault;
      if (answer.bytes.length === 0) partition.recovered();
    } catch (error) {
      if (!(error instanceof BatchFault)) throw error;
      this.#turnToReplica(partition);
      throw damage(partition, error);
    }
  }

  /** Throws a `BatchFault` before the first record of the batch, or not at all. */
  async #takeRecords(
    partition: AssignedPartition,
    offsets: Offsets,
    batch: FetchedBatch,
    isOver: IsOver,
  ): Promise<void> {
    for (const record of await recordsOf(batch)) {
      // For a moment two loops may read a partition whose leader moved.
      if (record.offset < offsets.position) continue;
      for (let room = this.#handler.room(); room !== undefined; room = this.#handler.room()) {
        this.#handler.readEnd();
        await room;
      }
      if (isOver()) return;
      this.#handler.record(partition, record, offsets.take(record.offset));
    }
    this.#handler.readEnd();
  }

  /** The broker says that the partition does not have the offset that was asked for. */
  async #reset({ partition, offsets, asked: { from } }: FetchedPartition): Promise<void> {
    partition.replica = undefined;
    const position = await this.#positions.inRange(partition, from, gone => this.#handler.problem(gone));
    offsets.position = position;
  }

  #turnToReplica(partition: AssignedPartition): void {
    const leader = leaderOf(this.#cluster, partition);
    const replicas = this.#cluster.topic(partition.topic)?.replicas[partition.partition] ?? [];
    const inTurn = [leader, ...replicas.filter(replica => replica !== leader)];
    const next = inTurn[(inTurn.indexOf(partition.replica ?? leader) + 1) % inTurn.length];
    partition.replica = next === leader ? undefined : next;
  }

  #trouble(partition: AssignedPartition, error: MkbError): void {
    this.#cluster.refresh();
    partition.trouble = error;
    partition.readableAt = performance.now() + backoffMs(partition.failures++, this.#minPauseMs, longestPauseMs);
    this.#handler.problem(error);
  }
}

/** The broker that leads a partition; -1 while there is none. */
export const leaderOf = (cluster: Cluster, { topic, partition }: TopicPartition): number =>
  cluster.topic(topic)?.leaders[partition] ?? -1;

/** OFFSET_OUT_OF_RANGE */
const outOfRange = 1;
/** The longest pause before a partition that cannot be read is asked for again, milliseconds. */
const longestPauseMs = 5000;

const damage = ({ topic, partition }: TopicPartition, fault: BatchFault): MkbError =>
  new MkbError(
    'kafka-batch-damaged',
    { topic, partition, offset: String(fault.offset), reason: fault.message },
    { cause: fault },
  );

function partitionError({ topic, partition }: TopicPartition, errorCode: number): MkbError {
  const reason = errorName(errorCode);
  if (isDenied(errorCode)) return new MkbError('kafka-not-authorised', { what: `read topic ${topic}`, reason });
  return new MkbError('kafka-request-failed', { what: `read partition ${partition} of ${topic}`, reason });
}
