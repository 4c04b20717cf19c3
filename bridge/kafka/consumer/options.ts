/** What a consumer is given. */
import type { ClusterOptions } from '../cluster.ts';
import type { OffsetReset } from './offset-reset.ts';
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
  /** Undefined if offsets are committed by somebody's transactions: see `Consumer.commitIn`. */
  readonly commitEveryMs: number | undefined;
  /** Bytes of one Fetch response, and of one partition in it. A record that is larger comes alone. */
  readonly fetchBytes: number;
  readonly partitionBytes: number;
}
