import type { MkbError } from '../../api/errors.ts';
import type { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Wait } from '../kafka/waits.ts';

/** What a running bridge shows of itself. Read at a scrape; nothing is copied. */
export interface BridgeFigures {
  readonly name: string;
  /** Of messages from MQTT. */
  readonly account: Account;
  readonly rules: readonly BoundRule[];
  /** Of a bridge that reads from Kafka. */
  readonly kafkaSource?: KafkaSourceFigures | undefined;
  /** Of a bridge that writes to MQTT. */
  readonly mqttSink?: MqttSinkFigures | undefined;
  readonly windows: { readonly account: Account };
  readonly events: { readonly account: Account; readonly forgotten: number };
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

export interface KafkaSourceFigures {
  readonly account: Account;
  readonly joined: boolean;
  readonly partitions: readonly unknown[];
  readonly partitionsHeld: readonly unknown[];
  readonly strangers: readonly string[];
}

export interface MqttSinkFigures {
  readonly connected: boolean;
  readonly connections: number;
  readonly tracesOmitted: number;
}
