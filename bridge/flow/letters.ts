/**
 * What cannot be delivered goes to the dead-letter topic, with the original payload as the value and the reason in headers.
 *
 * A dead letter that is itself too large for its topic is written again with the beginning of its payload only, at last with none of it, and
 * says so: better a letter that can be read than a message that vanishes. If even that fails the message is dropped, counted and logged.
 *
 * A row of a window has no message of its own: its dead letter holds the row or, if there is none, what is known of the window.
 */
import { MkbError } from '../../api/errors.ts';
import type { Happening } from '../../rules/events.ts';
import type { FetchedRecord } from '../kafka/consumer/batch-records.ts';
import type { TopicPartition } from '../kafka/consumer/group-protocol.ts';
import { draft, type RecordDraft, type RecordHeader } from '../kafka/record.ts';
import type { Outcome } from './outcome.ts';
import type { Remembered } from './settlement.ts';

/** How much of a payload is kept when the dead-letter topic does not take more. */
const keptBytes = [64 * 1024, 4 * 1024, 0];

/** One thing that went wrong with one message. */
export interface Failure {
  readonly rule: string;
  readonly error: MkbError;
  readonly message: Remembered;
  readonly payload: Buffer;
  readonly key: Buffer | undefined;
  readonly clientid: string | undefined;
}

/** The record that tells of a failure. `now` is milliseconds since 1970. */
export function deadLetter(failure: Failure, now: number): RecordDraft {
  const { message, payload, key, clientid } = failure;
  const headers: RecordHeader[] = [
    ...reasonHeaders(failure, now),
    { name: 'mqtt.topic', value: message.topic },
    { name: 'mqtt.qos', value: String(message.qos) },
    { name: 'mqtt.retain', value: String(message.retain) },
  ];
  const { error } = failure;
  if (MkbError.is(error, 'mqtt-packet-too-large') && error.details.payloadBytes > payload.length)
    headers.push(truncated(error.details.payloadBytes));
  if (clientid !== undefined) headers.push({ name: 'mqtt.clientid', value: clientid });
  return draft({ key, value: payload, timestamp: now, headers });
}

/** A row that failed. */
export interface RowFailure extends Pick<Failure, 'rule' | 'error' | 'key'> {
  readonly value: Buffer | undefined;
}

/** As `deadLetter`, for a row of a window. */
export function rowLetter(failure: RowFailure, now: number): RecordDraft {
  const { key, value } = failure;
  return draft({ key, value, timestamp: now, headers: reasonHeaders(failure, now) });
}

export interface RecordFailure {
  readonly rule: string;
  readonly error: MkbError;
  readonly partition: TopicPartition;
  readonly record: FetchedRecord;
}

/** As `deadLetter`, for a record of Kafka: its key, value and headers as they were, then the reason and its place. */
export function recordLetter({ rule, error, partition, record }: RecordFailure, now: number): RecordDraft {
  return draft({
    key: record.key,
    value: record.value,
    timestamp: now,
    headers: [
      ...record.headers.map(([name, value]) => ({ name, value })),
      ...reasonHeaders({ rule, error }, now),
      { name: 'kafka.topic', value: partition.topic },
      { name: 'kafka.partition', value: String(partition.partition) },
      { name: 'kafka.offset', value: String(record.offset) },
    ],
  });
}

/** What went wrong, where and when, as every dead letter has it. */
export function reasonHeaders({ rule, error }: Pick<Failure, 'rule' | 'error'>, now: number): RecordHeader[] {
  return [
    { name: 'mkb.error.code', value: error.code },
    { name: 'mkb.error.message', value: error.message },
    { name: 'mkb.rule', value: rule },
    { name: 'mkb.time', value: new Date(now).toISOString() },
  ];
}

/** The same failure as an event, for rules that read `$events/message/...`. */
export function lossOf(
  { rule, error, message, payload, clientid }: Pick<Failure, 'error' | 'message' | 'payload'> & Partial<Failure>,
  reason: Outcome,
): Happening {
  const { topic, qos, retain } = message;
  return {
    reason,
    rule,
    error: error.code,
    error_message: error.message,
    topic,
    payload,
    qos: qos as 0 | 1 | 2,
    retain,
    clientid,
  };
}

/** The same dead letter with less of its payload; undefined if it has none any more. */
export function shortened(record: RecordDraft): RecordDraft | undefined {
  const bytes = record.valueEnd - record.valueStart;
  const kept = keptBytes.find(each => each < bytes);
  if (kept === undefined) return undefined;
  const again = record.headers.some(({ name }) => name === truncatedHeader);
  return draft({
    key: record.key,
    value: record.value?.subarray(0, kept),
    timestamp: record.timestamp,
    headers: again ? record.headers : [...record.headers, truncated(bytes)],
  });
}

const truncatedHeader = 'mkb.truncated.from.bytes';

/** How many bytes the payload had, of which only the beginning is the value. */
function truncated(bytes: number): RecordHeader {
  return { name: truncatedHeader, value: String(bytes) };
}
