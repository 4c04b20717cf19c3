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
  /** Headers before those, as they stand in a batch: the first `encodedBytes` of `encoded`; undefined for none. */
  encoded: Buffer | undefined;
  encodedBytes: number;
  encodedCount: number;
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
    encoded: undefined,
    encodedBytes: 0,
    encodedCount: 0,
  };
}
