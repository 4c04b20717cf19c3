/** What a consumer reports, and what it asks. */
import type { MkbError } from '../../../api/errors.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import type { FetchedRecord } from './batch-records.ts';
import type { TakenRecord } from './offsets.ts';

export interface ConsumerHandler {
  /** A record, in the order of its partition. Call `partition.settle(taken)` when it is safe. */
  record(partition: AssignedPartition, record: FetchedRecord, taken: TakenRecord): void;
  /** What one response held for one partition was handed over, or as much as there was room for. */
  readEnd(): void;
  /** Settles when there is room for another record; undefined when there is. */
  room(): Promise<void> | undefined;
  /** Another member works on these partitions now: what of them is not settled is to be forgotten, and not to be sent any more. */
  takenAway(partitions: readonly AssignedPartition[]): void;
  /** Partitions were given to us, or given back: none, while the group is being made up again. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /** Who is in the group and is no replica of ours; asked each time that the group was made up. */
  strangers(who: readonly string[]): void;
  /** Something failed that is tried again. */
  problem(error: MkbError): void;
  /** Kafka does not let us read, and only a person can change that. It is tried again all the same. */
  refused(error: MkbError): void;
}
