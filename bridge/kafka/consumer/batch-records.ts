/**
 * The records of a batch (Kafka protocol, "Record"). All of them are measured before the first is handed over, so that a batch is read whole or
 * not at all; then each is made when its turn comes, so that a batch of millions costs the memory of one.
 */
import { VarintReader } from '../varint.ts';
import { BatchFault } from './batch-fault.ts';
import { decompress } from './decompress.ts';
import type { FetchedBatch } from './fetched-batches.ts';

export interface FetchedRecord {
  readonly offset: bigint;
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers: readonly (readonly [name: string, value: Buffer | undefined])[];
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly timestampType: 'create' | 'append';
}

/** Attributes of a batch: the codec in the lowest bits, and whose time its records have. */
const codecBits = 0x07;
const appendTime = 0x08;

/** Throws a `BatchFault`. What it gives throws nothing. */
export async function recordsOf(batch: FetchedBatch): Promise<Iterable<FetchedRecord>> {
  try {
    const bytes = await decompress(batch.records, batch.attributes & codecBits);
    measure(bytes, batch);
    return eachRecord(bytes, batch);
  } catch (cause) {
    throw new BatchFault(batch.firstOffset, (cause as Error).message, { cause });
  }
}

/** Throws unless the bytes are `count` records and nothing else, at growing offsets within the batch. */
function measure(bytes: Buffer, { count, firstOffset, end }: FetchedBatch): void {
  const reader = new VarintReader(bytes, 0);
  const offsets = Number(end - firstOffset);
  let last = -1;
  for (let number = 0; number < count; number++) {
    const length = reader.next();
    const recordEnd = reader.offset + length;
    if (length < 0 || recordEnd > bytes.length) throw new Error(`its record ${number} is not whole`);
    reader.offset++;
    reader.next();
    const offset = reader.next();
    if (offset <= last || offset >= offsets) throw new Error(`its record ${number} claims an offset of another`);
    last = offset;
    reader.skip();
    reader.skip();
    const headers = reader.next();
    if (headers < 0) throw new Error(`its record ${number} has ${headers} headers`);
    for (let header = 0; header < headers && reader.offset <= recordEnd; header++) {
      reader.skip();
      reader.skip();
    }
    if (reader.offset !== recordEnd) throw new Error(`its record ${number} is not as long as it claims`);
  }
  if (reader.offset !== bytes.length) throw new Error(`${bytes.length - reader.offset} bytes follow its last record`);
}

function* eachRecord(
  bytes: Buffer,
  { count, firstOffset, firstTimestamp, maxTimestamp, attributes }: FetchedBatch,
): Generator<FetchedRecord> {
  const reader = new VarintReader(bytes, 0);
  const appended = (attributes & appendTime) !== 0;
  for (let number = 0; number < count; number++) {
    reader.next();
    reader.offset++;
    const created = Number(firstTimestamp) + reader.next();
    const offset = firstOffset + BigInt(reader.next());
    const key = reader.bytes();
    const value = reader.bytes();
    const headers = Array.from(
      { length: reader.next() },
      () => [reader.bytes()?.toString() ?? '', reader.bytes()] as const,
    );
    const time = appended ? Number(maxTimestamp) : created;
    yield { offset, key, value, headers, timestamp: time, timestampType: appended ? 'append' : 'create' };
  }
}
