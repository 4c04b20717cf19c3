import type { MkbError } from '../../api/errors.ts';
import type { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { RecordRule } from '../flow/records/record-rule.ts';
import type { Wait } from '../kafka/waits.ts';

/** What a running bridge shows of itself. Read at a scrape; nothing is copied. */
export interface BridgeFigures {
  readonly name: string;
  /** Of messages from MQTT. */
  readonly account: Account;
  readonly rules: readonly (BoundRule | RecordRule)[];
  /** Of a bridge that also reads from Kafka. */
  readonly wayBack?: WayBackFigures | undefined;
  /** Records of rows of windows and events, and of their dead letters. */
  readonly windowRows: { readonly inFlight: number; readonly deadLettered: number; readonly dropped: number };
  /** Events that rules would have read, had there not been too many at once. */
  readonly eventsForgotten: number;
  /** What only a person can change, by what it is refused to: the session, the publisher or the consumer. */
  readonly refusals: readonly (readonly [refusedTo: string, error: MkbError])[];
  /** Failures that are retried, counted by error code. */
  readonly retried: ReadonlyMap<string, number>;
  readonly mqttConnected: boolean;
  readonly mqttConnections: number;
  readonly kafkaConnected: boolean;
  readonly receiveMaximum: number;
  /** Acknowledgements that wait for those of messages before them. */
  readonly heldBack: number;
  /** Topics that records wait for, the one that has waited longest first. */
  readonly waits: readonly Wait[];
  readonly bufferedBytes: number;
  readonly bufferLimitBytes: number;
  readonly pausedSeconds: number;
}

/** What the way from Kafka to MQTT shows of itself. */
export interface WayBackFigures {
  readonly account: Account;
  readonly joined: boolean;
  readonly partitions: number;
  readonly partitionsHeld: number;
  readonly tracesOmitted: number;
  readonly publisherConnected: boolean;
  readonly connections: number;
}
