import type { MkbError } from '../../../api/errors.ts';
import { noClaims } from './fetched-batches.ts';
import type { TopicPartition } from './group-protocol.ts';
import { Offsets, type TakenRecord } from './offsets.ts';
import type { Position } from './positions.ts';

/** A partition for as long as it is ours. When it is given to us again it is another object. */
export class AssignedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Undefined until Kafka has said where the group is. */
  offsets: Offsets | undefined;
  /** The id of the topic that `offsets` are of; undefined where brokers have none. */
  topicId: string | undefined;
  /** Whether it still is ours. */
  ours = true;
  /** Why it cannot be read now; undefined when it can. */
  trouble: MkbError | undefined;
  /** Failures in a row. */
  failures = 0;
  /** Not read before this time (performance.now()). */
  readableAt = 0;
  /** Where Kafka's records end, as its last answer had it; undefined before one. */
  end: bigint | undefined;
  /** The replica to read from, instead of the leader. */
  replica: number | undefined;
  /** What the last answer claimed (see `fetchedBatches`). */
  claims = noClaims;
  readonly #settled: () => void;

  /** @param settled called when a record of it was settled */
  constructor({ topic, partition }: TopicPartition, settled: () => void) {
    this.topic = topic;
    this.partition = partition;
    this.#settled = settled;
  }

  /** Reading begins here. */
  begin({ position, committed, topicId }: Position): void {
    this.offsets = new Offsets(position, committed);
    this.topicId = topicId;
    this.trouble = undefined;
  }

  /** Its topic is another one by now, and what is in flight of the old one is of no more consequence. */
  restart(): void {
    this.offsets = undefined;
    this.end = undefined;
    this.claims = noClaims;
  }

  /** It was read: all is well again. */
  recovered(): void {
    this.trouble = undefined;
    this.failures = 0;
    this.replica = undefined;
  }

  /** The record is safe, or dropped permanently. */
  settle(record: TakenRecord): void {
    if (!this.ours) return;
    this.offsets?.settle(record);
    this.#settled();
  }

  /** Records that are not settled, those among them that were not read; undefined before Kafka has said where they end. */
  get lag(): bigint | undefined {
    const { end, offsets } = this;
    if (end === undefined || offsets === undefined) return undefined;
    return end > offsets.safe ? end - offsets.safe : 0n;
  }

  /** Records that were handed over and are not settled. */
  get open(): number {
    return this.offsets?.open ?? 0;
  }
}
