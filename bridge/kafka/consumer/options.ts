/** What a consumer is told, and what it tells. */
import type { MkbError } from '../../../api/errors.ts';
import type { ClusterOptions } from '../cluster.ts';
import type { AssignedPartition } from './assigned-partition.ts';
import type { FetchedRecord } from './batch-records.ts';
import type { OffsetReset } from './offset-reset.ts';
import type { TakenRecord } from './offsets.ts';
import type { MemberFacts } from './strangers.ts';
import type { Wanted } from './subscription.ts';

export interface ConsumerOptions {
  readonly cluster: ClusterOptions;
  readonly groupId: string;
  /** Of a static member (KIP-345); no other process may have it. */
  readonly instanceId: string | undefined;
  /** Who this is, for other members. */
  readonly self: MemberFacts;
  readonly wanted: Wanted;
  /** Where a group begins that has no offset. */
  readonly offsetReset: OffsetReset;
  /** The coordinator gives the partitions of a member to others when it has heard nothing from it for so long. */
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long members have to join again when one comes or goes. */
  readonly rebalanceTimeoutMs: number;
  /** How long partitions that are to be given back are held for what is in flight. Less than `rebalanceTimeoutMs`. */
  readonly settleTimeoutMs: number;
  readonly commitEveryMs: number;
  /** Bytes of one Fetch response, and of one partition in it. A record that is larger comes alone. */
  readonly fetchBytes: number;
  readonly partitionBytes: number;
}

export interface ConsumerHandler {
  /** A record, in the order of its partition. Call `partition.settle(taken)` when it is safe. */
  record(partition: AssignedPartition, record: FetchedRecord, taken: TakenRecord): void;
  /** What one response held for one partition was handed over, or as much as there was room for. */
  readEnd(): void;
  /** Settles when there is room for another record; undefined when there is. */
  room(): Promise<void> | undefined;
  /** Another member works on these partitions now: what of them is not settled is to be forgotten, and not to be sent any more. */
  takenAway(partitions: readonly AssignedPartition[]): void;
  /** Partitions were given to us, or given back: none, while the group is being made up anew. */
  assigned(partitions: readonly AssignedPartition[]): void;
  /** Who is in the group and is no replica of ours; asked each time that the group was made up. */
  strangers(who: readonly string[]): void;
  /** Something failed that is tried again. */
  problem(error: MkbError): void;
  /** Kafka does not let us read, and only a person can change that. It is tried again all the same. */
  refused(error: MkbError): void;
}
