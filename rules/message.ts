import type { Value, ValueMap } from './value.ts';

/** Who published a message, under EMQX's names. Known only where the bridge is the MQTT server: a PUBLISH does not say. */
export interface Publisher {
  readonly clientid: string | undefined;
  readonly username: string | undefined;
  /** The address. */
  readonly peerhost: string | undefined;
  /** The address and the port, as `host:port`. */
  readonly peername: string | undefined;
  readonly clean_start: boolean | undefined;
  /** 4 for MQTT 3.1.1, 5 for MQTT 5. */
  readonly proto_ver: number | undefined;
  /** Attributes of the client, by name. Made once for each client, and frozen. */
  readonly client_attrs: ValueMap | undefined;
}

/**
 * What a rule reads: one MQTT PUBLISH (later also one Kafka record), seen through the columns that EMQX's rules know.
 *
 * A source hands the same object over again and again, pointed at the next message each time. So a rule reads while it is called,
 * and keeps strings, numbers and copies, never the message. Getters are lazy: what no rule asks for is never decoded.
 */
export interface Message extends Publisher {
  /** The topic the message was published to. */
  readonly topic: string;
  /** The payload's bytes, a view that is valid only until the call returns. */
  readonly payload: Buffer;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly dup: boolean;
  /** When the source received it, milliseconds since 1970. An MQTT packet carries no time of its own. */
  readonly timestamp: number;
  /** A time-ordered id of this message, unique in this process. Made when first asked for. */
  readonly id: string;
  /** MQTT 5 properties under EMQX's names, `User-Property` among them ({} for MQTT 3.1.1). */
  readonly properties: Readonly<Record<string, unknown>>;
  /** MQTT 5 user properties in the order sent, duplicates kept. */
  readonly userProperties: readonly (readonly [name: string, value: string])[];
  /** The payload decoded as JSON, decoded once per message. Throws `payload-not-json`. */
  json(): Value;
}

/**
 * One Kafka record as a rule reads it: the same contract (pointed at the next record each time, lazy), under the columns that EMQX's
 * Kafka source gives.
 */
export interface KafkaRecord {
  readonly topic: string;
  /** A view that is valid only until the call returns; undefined for a record without a key. */
  readonly key: Buffer | undefined;
  /** As `key`; undefined for a tombstone. */
  readonly value: Buffer | undefined;
  /** Headers by name, as text; of several with one name the last. */
  readonly headers: Readonly<Record<string, unknown>>;
  /** Headers in order, with duplicates, as bytes. */
  readonly rawHeaders: readonly (readonly [name: string, value: Buffer | undefined])[];
  readonly offset: bigint;
  readonly partition: number;
  /** Milliseconds since 1970. */
  readonly ts: number | undefined;
  /** Whether `ts` is the producer's time or the broker's. */
  readonly ts_type: 'create' | 'append';
  /** The value decoded as JSON, decoded once per record. Throws `payload-not-json`. */
  json(): Value;
}
