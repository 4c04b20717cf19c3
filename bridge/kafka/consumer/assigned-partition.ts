import type { TopicPartition } from './group-protocol.ts';
import type { Offsets, TakenRecord } from './offsets.ts';

/** A partition for as long as it is ours. When it is given to us again it is another object. */
export class AssignedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Undefined until Kafka has told where the group is. */
  offsets: Offsets | undefined;
  /** Whether it still is ours. */
  ours = true;
  readonly #settled: () => void;

  /** @param settled told when a record of it was settled */
  constructor({ topic, partition }: TopicPartition, settled: () => void) {
    this.topic = topic;
    this.partition = partition;
    this.#settled = settled;
  }

  /** The record is safe, or dropped for good. */
  settle(record: TakenRecord): void {
    if (!this.ours) return;
    this.offsets?.settle(record);
    this.#settled();
  }

  /** Records that were handed over and are not settled. */
  get open(): number {
    return this.offsets?.open ?? 0;
  }
}
