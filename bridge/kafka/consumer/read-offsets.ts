/** What there is to commit of partitions that Kafka does not have yet. */
import type { AssignedPartition } from './assigned-partition.ts';
import type { Commit } from './group-calls.ts';
import type { Offsets } from './offsets.ts';

/** How far a partition was read. */
export interface ReadOffset extends Commit {
  readonly offsets: Offsets;
}

/** Up to the first record that is not settled. */
export const safeOf = (partitions: readonly AssignedPartition[]): ReadOffset[] =>
  offsetsOf(partitions, ({ safe }) => safe);

/** As far as records were handed over, settled or not. */
export const readOf = (partitions: readonly AssignedPartition[]): ReadOffset[] =>
  offsetsOf(partitions, ({ position }) => position);

const offsetsOf = (partitions: readonly AssignedPartition[], of: (offsets: Offsets) => bigint): ReadOffset[] =>
  partitions.flatMap(({ topic, partition, topicId, offsets }) =>
    offsets && of(offsets) !== offsets.committed ? [{ topic, partition, topicId, offsets, offset: of(offsets) }] : [],
  );
