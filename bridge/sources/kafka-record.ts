import { decodeJson } from '../../rules/json.ts';
import type { KafkaRecord } from '../../rules/message.ts';
import type { Value } from '../../rules/value.ts';
import type { FetchedRecord } from '../kafka/consumer/batch-records.ts';
import type { TopicPartition } from '../kafka/consumer/group-protocol.ts';

const nothing = Buffer.alloc(0);

/** A record as rules read it. It stays what it is, unlike an MQTT message. */
export class ConsumedRecord implements KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  /** The id of its topic, which another topic of the same name does not have; undefined where brokers have none. */
  readonly topicId: string | undefined;
  #record: FetchedRecord;
  #headers: Record<string, unknown> | undefined;
  #json: Value;
  #decoded = false;

  constructor(
    { topic, partition, topicId }: TopicPartition & { readonly topicId?: string | undefined },
    record: FetchedRecord,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.topicId = topicId;
    this.#record = record;
  }

  /** From now on its bytes are its own, and no view of what Kafka answered. */
  detach(): void {
    const { key, value, headers } = this.#record;
    this.#record = {
      ...this.#record,
      key: key && Buffer.from(key),
      value: value && Buffer.from(value),
      headers: headers.map(([name, content]) => [name, content && Buffer.from(content)] as const),
    };
  }

  get rawHeaders(): FetchedRecord['headers'] {
    return this.#record.headers;
  }

  get key(): Buffer | undefined {
    return this.#record.key;
  }

  get value(): Buffer | undefined {
    return this.#record.value;
  }

  get offset(): bigint {
    return this.#record.offset;
  }

  /** Undefined for a record that was written without a time, which Kafka notes as -1. */
  get ts(): number | undefined {
    const { timestamp } = this.#record;
    return timestamp < 0 ? undefined : timestamp;
  }

  get ts_type(): 'create' | 'append' {
    return this.#record.timestampType;
  }

  /** As text: what a header means beyond its bytes nobody says. */
  get headers(): Readonly<Record<string, unknown>> {
    if (this.#headers === undefined) {
      const headers: Record<string, unknown> = Object.create(null);
      for (const [name, value] of this.#record.headers) headers[name] = value?.toString();
      this.#headers = headers;
    }
    return this.#headers;
  }

  json(): Value {
    if (!this.#decoded) {
      this.#json = decodeJson(this.value ?? nothing);
      this.#decoded = true;
    }
    return this.#json;
  }
}
