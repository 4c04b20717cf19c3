/**
 * The headers of a record as they stand in a batch (Kafka protocol, "Record"): a count, and of each the length and bytes of its name and of its
 * value. Headers that a record has of the message itself come encoded already (`RecordDraft.encoded`), so that nothing is made for each of them.
 */
import type { RecordDraft, RecordHeader } from './record.ts';
import { VarintReader, varintLength, writeVarint } from './varint.ts';

export function lengthOfHeaders(record: RecordDraft): number {
  if (record.encoded === undefined && record.headers.length === 0) return 1;
  const { headers, encoded, encodedBytes, encodedCount } = record;
  let length = varintLength(encodedCount + headers.length);
  if (encoded !== undefined) length += encodedBytes;
  for (const { name, value } of headers) {
    length += lengthOfBytes(Buffer.byteLength(name)) + lengthOfBytes(value === undefined ? -1 : byteLength(value));
  }
  return length;
}

/** Returns the offset behind them. */
export function writeHeaders(target: Buffer, record: RecordDraft, start: number): number {
  if (record.encoded === undefined && record.headers.length === 0) {
    target[start] = 0;
    return start + 1;
  }
  const { headers, encoded, encodedBytes, encodedCount } = record;
  let offset = writeVarint(target, encodedCount + headers.length, start);
  if (encoded !== undefined) offset += encoded.copy(target, offset, 0, encodedBytes);
  for (const { name, value } of headers) {
    offset = writeText(target, name, offset);
    if (value === undefined) offset = writeVarint(target, -1, offset);
    else if (typeof value === 'string') offset = writeText(target, value, offset);
    else {
      offset = writeVarint(target, value.length, offset);
      offset += value.copy(target, offset);
    }
  }
  return offset;
}

export function readHeaders(reader: VarintReader, count = reader.next()): RecordHeader[] {
  return Array.from({ length: count }, () => ({ name: reader.bytes()!.toString(), value: reader.bytes() }));
}

/** All headers of a draft as they will be read, the encoded ones as views of its bytes. */
export function headersOf({ headers, encoded, encodedCount }: RecordDraft): readonly RecordHeader[] {
  if (encoded === undefined) return headers;
  return [...readHeaders(new VarintReader(encoded, 0), encodedCount), ...headers];
}

/** Bytes of a length and what has it; -1 is the length of null. */
export const lengthOfBytes = (length: number): number => varintLength(length) + (length > 0 ? length : 0);

export function writeText(target: Buffer, text: string, start: number): number {
  const offset = writeVarint(target, Buffer.byteLength(text), start);
  return offset + target.write(text, offset);
}

const byteLength = (value: Buffer | string): number =>
  typeof value === 'string' ? Buffer.byteLength(value) : value.length;
