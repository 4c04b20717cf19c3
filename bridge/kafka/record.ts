/** One header of a record. Names may repeat; their order is kept. */
export interface RecordHeader {
  readonly name: string;
  readonly value: Buffer | string | undefined;
}

/**
 * A record on its way into a batch. One draft is filled again for each message, and ranges point into the buffers that the bytes
 * came in, so that the only copy made of a payload is the one into the record batch.
 */
export interface RecordDraft {
  /** Bytes of the key are `key[keyStart, keyEnd)`; undefined for a null key. */
  key: Buffer | undefined;
  keyStart: number;
  keyEnd: number;
  /** Bytes of the value are `value[valueStart, valueEnd)`; undefined for a null value, which compaction reads as a deletion. */
  value: Buffer | undefined;
  valueStart: number;
  valueEnd: number;
  /** Milliseconds since 1970, an integer. */
  timestamp: number;
  /** The partition that it must go to; -1 for the one of its key. */
  partition: number;
  headers: readonly RecordHeader[];
}

/** A record read back out of a batch that could not be delivered. */
export interface ProducerRecord {
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly timestamp: number;
  /** The partition that it had to go to; undefined for one that its key chose. */
  readonly partition?: number;
  readonly headers: readonly RecordHeader[];
}

const noHeaders: readonly RecordHeader[] = [];

/** A draft of the record that has `key` and `value` as a whole. */
export function draft(record: Partial<ProducerRecord> = {}): RecordDraft {
  const { key, value } = record;
  return {
    key,
    keyStart: 0,
    keyEnd: key?.length ?? 0,
    value,
    valueStart: 0,
    valueEnd: value?.length ?? 0,
    timestamp: record.timestamp ?? 0,
    partition: record.partition ?? -1,
    headers: record.headers ?? noHeaders,
  };
}

/** The same record with bytes of its own: what waits must not point into buffers that the next message is read into. */
export function copied(record: RecordDraft): RecordDraft {
  const { key, keyStart, keyEnd, value, valueStart, valueEnd, timestamp, partition } = record;
  const headers = record.headers.map(({ name, value: content }) => ({
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
