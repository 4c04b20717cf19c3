/** The dead letter of a record: its key, value and headers as they were, and the story and its place in headers behind them. */
import type { MkbError } from '../../../api/errors.ts';
import type { FetchedRecord } from '../../kafka/consumer/fetched.ts';
import type { TopicPartition } from '../../kafka/consumer/group-protocol.ts';
import { draft, type RecordDraft } from '../../kafka/record.ts';
import { story } from '../dead-letters.ts';

export interface RecordFailure {
  readonly rule: string;
  readonly error: MkbError;
  readonly partition: TopicPartition;
  readonly record: FetchedRecord;
}

/** `now` is milliseconds since 1970. */
export function recordLetter({ rule, error, partition, record }: RecordFailure, now: number): RecordDraft {
  return draft({
    key: record.key,
    value: record.value,
    timestamp: now,
    headers: [
      ...record.headers.map(([name, value]) => ({ name, value })),
      ...story({ rule, error }, now),
      { name: 'kafka.topic', value: partition.topic },
      { name: 'kafka.partition', value: String(partition.partition) },
      { name: 'kafka.offset', value: String(record.offset) },
    ],
  });
}
