/** A record that waits: with bytes of its own, and what it holds of memory. */
import { headersOf } from './headers.ts';
import { draft, type RecordDraft } from './record.ts';

/** The same record with bytes of its own: what waits must not point into buffers that the next message is read into. */
export function copied(record: RecordDraft): RecordDraft {
  const { key, keyStart, keyEnd, value, valueStart, valueEnd, timestamp, partition } = record;
  const headers = headersOf(record).map(({ name, value: content }) => ({
    name,
    value: Buffer.isBuffer(content) ? Buffer.from(content) : content,
  }));
  return draft({
    key: key && Buffer.from(key.subarray(keyStart, keyEnd)),
    value: value && Buffer.from(value.subarray(valueStart, valueEnd)),
    timestamp,
    partition,
    headers,
  });
}

/** What the objects of a record, and of each header, cost beside their bytes, roughly. */
const recordOverhead = 400;
const headerOverhead = 200;

/** Bytes of memory that a record with bytes of its own holds, roughly. */
export function memoryOf({ keyEnd, valueEnd, headers }: RecordDraft): number {
  let bytes = recordOverhead + keyEnd + valueEnd;
  for (const { name, value } of headers) bytes += headerOverhead + name.length + (value?.length ?? 0);
  return bytes;
}
