/** What the page reads of a bridge. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import type { Tables } from '../../rules/tables/tables.ts';
import type { AssignedPartition } from '../kafka/consumer/assigned-partition.ts';
import type { ConnectedInfo } from '../mqtt/session-handler.ts';
import type { FailureGroup } from '../observe/failures.ts';
import type { BridgeFigures, KafkaSourceFigures } from '../observe/figures.ts';

export interface ShownBridge extends Omit<BridgeFigures, 'kafkaSource'> {
  readonly document: MqttKafkaBridge;
  /** What its rules look values up in. */
  readonly lookups?: Tables;
  /** What the MQTT broker said when it let the session in last. */
  readonly connection: ConnectedInfo | undefined;
  readonly kafkaSource?:
    | (Omit<KafkaSourceFigures, 'partitions'> & { readonly partitions: readonly AssignedPartition[] })
    | undefined;
  /** Messages that failed permanently, the newest group first. */
  readonly failures: readonly FailureGroup[];
  /** Why it cannot move messages now; empty when it can. */
  missing(): readonly string[];
}
