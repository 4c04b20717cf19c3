/** Records taken out of their batches, for tests, the demo's page and look-ups by time. The broker itself never needs them. */
import { Reader, readRecordsBatch } from '@platformatic/kafka';
import type { RecordBatch } from './batch.ts';

export interface EmbeddedRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In the order sent, duplicates kept. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

/** Every record of a batch, decompressed. Throws when a client sent a batch that holds no valid records. */
export function recordsOf(batch: RecordBatch, partition = 0): EmbeddedRecord[] {
  const decoded = readRecordsBatch(Reader.from(batch.bytes));
  return decoded.records.map(record => ({
    partition,
    offset: batch.baseOffset + record.offsetDelta,
    timestamp: Number(decoded.firstTimestamp + record.timestampDelta),
    key: record.key,
    value: record.value,
    headers: record.headers.map(([name, value]) => [String(name ?? ''), value] as const),
  }));
}
