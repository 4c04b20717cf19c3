/** What the sinks of a rule write for its rows: by the very writers of the bridge, into a list and not into Kafka or an MQTT server. */

import { MkbError } from '../api/errors.ts';
import type { Writer } from '../bridge/flow/sink.ts';
import { BufferPool } from '../bridge/kafka/buffer-pool.ts';
import { headersOf } from '../bridge/kafka/headers.ts';
import { requestLimit } from '../bridge/kafka/producer-options.ts';
import type { RecordDraft } from '../bridge/kafka/record.ts';
import { RecordBatch } from '../bridge/kafka/record-batch.ts';
import { Topic } from '../bridge/kafka/topic.ts';
import type { Publication } from '../bridge/mqtt/publisher/publication.ts';
import { KafkaWriter, type RecordTaker } from '../bridge/sinks/kafka-writer.ts';
import { MqttWriter } from '../bridge/sinks/mqtt-writer.ts';
import { offline, type Provenance } from '../bridge/sinks/provenance.ts';
import type { MadeRow } from '../rules/offline.ts';
import type { Rule } from '../rules/rule.ts';
import type { RuleDocument, SinkDocument } from '../rules/rule-document.ts';

export interface Written {
  /** Which sink of the rule, from 1. */
  readonly sink: number;
  readonly topic: string;
  readonly key: Buffer | undefined;
  /** Undefined where the key chooses. */
  readonly partition?: number;
  readonly value: Buffer | undefined;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | undefined }[];
  /** Undefined for an MQTT message, which carries no time. */
  readonly timestamp: number | undefined;
  /** What only an MQTT message has. */
  readonly message?: Omit<Publication, 'topic' | 'payload' | 'userProperties'>;
}

/**
 * Everything that is written, sink by sink. Throws what stops a sink, such as `kafka-invalid-topic`.
 *
 * @param maxRecordBytes the largest record that is sent; undefined where compression decides
 */
export const writtenBy = (
  { name, sinks }: RuleDocument,
  rule: Rule,
  made: readonly MadeRow[],
  bridge = '',
  maxRecordBytes?: number,
): Written[] => {
  const written: Written[] = [];
  for (const [index, document] of sinks.entries()) {
    const sink = index + 1;
    const take = (each: Omit<Written, 'sink'>) => written.push({ sink, ...each });
    const writer = writerOf(document, rule, { ...offline, bridge, rule: name }, take, maxRecordBytes);
    for (const { row, origin, captures } of made) writer.write(origin, captures, row, sink);
  }
  return written;
};

function writerOf(
  { kafka, mqtt }: SinkDocument,
  rule: Rule,
  provenance: Provenance,
  take: (written: Omit<Written, 'sink'>) => void,
  maxRecordBytes: number | undefined,
): Writer {
  if (kafka === undefined) return new MqttWriter(mqtt!, rule, publication => take(ofMessage(publication)), provenance);
  const taker: RecordTaker = {
    topic: name => new Topic(name),
    append: (topic, record) => {
      if (maxRecordBytes !== undefined) requireSize(topic.name, record, maxRecordBytes);
      take(ofRecord(topic.name, record));
    },
  };
  return new KafkaWriter(kafka, rule, taker, undefined, provenance);
}

/** Throws `kafka-message-too-large` for a record that no request has room for, as a batch of its own. */
function requireSize(topic: string, record: RecordDraft, limit: number): void {
  const batch = new RecordBatch(new BufferPool(limit));
  batch.append(record, 0);
  const bytes = batch.wireBytes;
  if (bytes > limit) throw new MkbError('kafka-message-too-large', { bytes, topic, limit: requestLimit(limit) });
}

/** A copy: the draft points into buffers that the next record uses. */
const ofRecord = (topic: string, record: RecordDraft): Omit<Written, 'sink'> => ({
  topic,
  key: record.key && Buffer.from(record.key.subarray(record.keyStart, record.keyEnd)),
  ...(record.partition >= 0 && { partition: record.partition }),
  value: record.value && Buffer.from(record.value.subarray(record.valueStart, record.valueEnd)),
  headers: headersOf(record).map(({ name, value }) => ({
    name,
    value: value === undefined ? value : Buffer.from(value),
  })),
  timestamp: record.timestamp,
});

/** User properties stand where the headers of a record would. */
const ofMessage = ({ topic, payload, userProperties, ...message }: Publication): Omit<Written, 'sink'> => ({
  topic,
  key: undefined,
  value: payload.length === 0 ? undefined : payload,
  headers: userProperties.map(([name, value]) => ({ name, value: Buffer.from(value) })),
  timestamp: undefined,
  message,
});
