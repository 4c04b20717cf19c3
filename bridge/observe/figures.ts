import type { MkbError } from '../../api/errors.ts';
import type { BufferFigures, SyncFigures } from '../buffer/figures.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { SourceFigures } from '../flow/source.ts';
import type { Wait } from '../kafka/waits.ts';
import type { ClientCounts } from '../listen/client-counts.ts';
import type { QueueDrop } from '../listen/outbox.ts';
import type { TableFigures } from '../tables/figures.ts';

/** What a running bridge shows of itself. Read at a scrape; nothing is copied. */
export interface BridgeFigures {
  readonly name: string;
  /** Those that rules read. */
  readonly sources: readonly SourceFigures[];
  readonly rules: readonly BoundRule[];
  /** Of a bridge that reads from Kafka. */
  readonly kafkaSource?: KafkaSourceFigures | undefined;
  /** Of a bridge that MQTT clients connect to. */
  readonly listener?: { readonly listener: ListenerFigures } | undefined;
  /** Of a bridge that writes to MQTT. */
  readonly mqttSink?: MqttSinkFigures | undefined;
  readonly config: ConfigFigures;
  readonly tap: { readonly watchers: number; readonly missed: number };
  readonly events: { readonly forgotten: number };
  /** What only a person can change, by what it is refused to: the session, the publisher or the consumer. */
  readonly refusals: readonly (readonly [refusedTo: string, error: MkbError])[];
  /** Failures that are retried, counted by error code. */
  readonly retried: ReadonlyMap<string, number>;
  readonly mqttConnected: boolean;
  readonly mqttConnections: number;
  readonly kafkaConnected: boolean;
  readonly receiveMaximum: number;
  /** Of a bridge that reads MQTT. */
  readonly window?: WindowFigures | undefined;
  /** Topics of Kafka that the document names. */
  readonly namedTopics: readonly string[];
  /** Topics that records wait for, the one that has waited longest first. */
  readonly waits: readonly Wait[];
  /** Topics that were made because they were missing. */
  readonly topicsMade: number;
  /** Of a bridge with `guarantee: exactlyOnce`: transactions, by how they ended. */
  readonly transactions?: Readonly<Record<'committed' | 'aborted', number>> | undefined;
  /** Of a bridge that buffers what it reads from MQTT. */
  readonly buffer?: (BufferFigures & SyncFigures) | undefined;
  /** Tables of files that rules look values up in. */
  readonly tables?: readonly TableFigures[] | undefined;
  readonly bufferedBytes: number;
  readonly bufferLimitBytes: number;
}

/** Of the document that runs. */
export interface ConfigFigures {
  /** Another number for each document, but for secrets that are written in it. */
  readonly hash: number;
  /** Of the last document that was given, if it was not taken: why, and its hash, which is 0 if it could not be read. */
  readonly refusal: { readonly code: string; readonly hash: number } | undefined;
  /** When the last one was taken, seconds since 1970. */
  readonly takenAt: number;
}

export interface WindowFigures {
  /** Messages of QoS 1 and 2 that the broker counts against our Receive Maximum. */
  readonly unacknowledged: number;
  /** Of these, the acknowledgements that wait for those of messages before them. */
  readonly heldBack: number;
}

export interface KafkaSourceFigures {
  readonly joined: boolean;
  readonly partitions: readonly unknown[];
  readonly partitionsHeld: readonly unknown[];
  readonly strangers: readonly string[];
}

export interface MqttSinkFigures {
  readonly connected: boolean;
  readonly connections: number;
  readonly tracesOmitted: number;
  readonly answersWaiting: number;
  readonly answersUnexpected: number;
  readonly headersOmitted: number;
}

export interface ListenerFigures {
  readonly connected: number;
  readonly heldBytes: number;
  readonly counts: ClientCounts;
  readonly subscribing: { readonly sessions: SessionFigures };
}

export interface SessionFigures {
  readonly subscribed: number;
  readonly away: number;
  readonly waiting: number;
  readonly drops: Readonly<Record<QueueDrop, number>>;
}
