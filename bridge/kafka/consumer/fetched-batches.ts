/**
 * The record batches of a Fetch answer, each checked before anything in it is believed (Kafka protocol, "Record Batch").
 *
 *     base offset 8 | length 4 | leader epoch 4 | magic 1 | CRC 4 | attributes 2 | last offset delta 4 | base timestamp 8 |
 *     max timestamp 8 | producer id 8 | producer epoch 2 | base sequence 4 | record count 4 | records...
 *
 * The CRC-32C covers everything from the attributes on. The base offset is not covered, since the broker writes it; so it has to be
 * plausible: no batch begins before the end of the one in front of it, or ends behind the high watermark. A batch that begins later than
 * expected (a compacted topic has such gaps), or before the offset that was asked for (a committed offset may lie within a batch), is
 * believed when the next batch fits exactly behind it, or when a second answer says the same.
 */
import { crc32c } from '../crc32c.ts';
import { BatchFault } from './batch-fault.ts';
import type { PartitionAnswer } from './fetch-api.ts';

/** A batch whose checksum is right. */
export interface FetchedBatch {
  readonly firstOffset: bigint;
  /** The offset behind its last one. */
  readonly end: bigint;
  readonly attributes: number;
  readonly firstTimestamp: bigint;
  readonly maxTimestamp: bigint;
  readonly producerId: bigint;
  readonly count: number;
  /** The records, perhaps compressed. */
  readonly records: Buffer;
}

export interface FetchedBatches {
  readonly batches: readonly FetchedBatch[];
  /** What is wrong with the bytes behind them; undefined if nothing is. */
  readonly fault: BatchFault | undefined;
  /** Where doubtful batches behind them claim to begin. When the next answer claims the same, they are believed. */
  readonly claims: ReadonlySet<bigint>;
}

export interface Asked {
  /** The offset that was asked for. */
  readonly from: bigint;
  /** What the answer before this one claimed. */
  readonly claims: ReadonlySet<bigint>;
  /** Whether the partition was the first of the request, so that its first batch comes whole (KIP-74). */
  readonly first: boolean;
}

export const noClaims: ReadonlySet<bigint> = new Set();

const at = {
  firstOffset: 0,
  length: 8,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  count: 57,
  records: 61,
} as const;
/** Bytes that `length` does not count: the base offset, and the length itself. */
const prefixBytes = 12;

/** Never throws. A batch that is cut off at the end of the answer is left for the next one. */
export function fetchedBatches(
  { bytes, highWatermark }: Pick<PartitionAnswer, 'bytes' | 'highWatermark'>,
  { from, claims: claimed, first }: Asked,
): FetchedBatches {
  const batches: FetchedBatch[] = [];
  const claims = new Set<bigint>();
  const stop = (reason?: string): FetchedBatches => {
    // Behind a doubtful batch nothing counts yet.
    const isFault = reason !== undefined && claims.size === 0;
    return { batches, fault: isFault ? new BatchFault(expected, reason) : undefined, claims };
  };
  let expected = from;
  let start = 0;
  while (start < bytes.length) {
    const isFirst = start === 0;
    const length = lengthOf(bytes.subarray(start));
    if (length === undefined) return stop(isFirst && first ? 'it is cut off' : undefined);
    const whole = bytes.subarray(start, start + Math.max(length, 0));
    const problem = problemOf(whole);
    if (problem !== undefined) return stop(problem);
    const batch = readBatch(whole);
    start += length;
    const place = placeOf(batch, { expected, isFirst, highWatermark, next: firstOffsetAt(bytes, start), claimed });
    if (place === 'impossible') return stop(`it claims the offsets ${batch.firstOffset} to ${batch.end - 1n}`);
    if (place === 'doubtful') claims.add(batch.firstOffset);
    if (claims.size === 0) batches.push(batch);
    expected = batch.end;
  }
  return stop();
}

/** Where the batch at `start` claims to begin; undefined where the answer ends before that. */
const firstOffsetAt = (bytes: Buffer, start: number): bigint | undefined =>
  bytes.length - start < 8 ? undefined : bytes.readBigInt64BE(start);

/** Bytes of the batch that begins here; undefined if it does not end here, as far as its length can be believed. */
function lengthOf(bytes: Buffer): number | undefined {
  if (bytes.length < prefixBytes) return undefined;
  const length = prefixBytes + bytes.readInt32BE(at.length);
  return length > bytes.length ? undefined : length;
}

function problemOf(batch: Buffer): string | undefined {
  if (batch.length <= at.magic) return `its length is ${batch.length} bytes`;
  const magic = batch.readInt8(at.magic);
  if (magic === 0 || magic === 1) return `its format is ${magic}, from before Kafka 0.11`;
  if (magic !== 2) return `its format is ${magic}, which is unknown`;
  if (batch.length < at.records) return `its length is ${batch.length} bytes`;
  if (batch.readUInt32BE(at.crc) !== crc32c(batch.subarray(at.attributes))) return 'its checksum is wrong';
  const delta = batch.readInt32BE(at.lastOffsetDelta);
  const count = batch.readInt32BE(at.count);
  if (delta < 0 || count < 0 || count > delta + 1) return `it claims ${count} records at ${delta + 1} offsets`;
  return undefined;
}

function readBatch(batch: Buffer): FetchedBatch {
  const firstOffset = batch.readBigInt64BE(at.firstOffset);
  return {
    firstOffset,
    end: firstOffset + BigInt(batch.readInt32BE(at.lastOffsetDelta)) + 1n,
    attributes: batch.readInt16BE(at.attributes),
    firstTimestamp: batch.readBigInt64BE(at.firstTimestamp),
    maxTimestamp: batch.readBigInt64BE(at.maxTimestamp),
    producerId: batch.readBigInt64BE(at.producerId),
    count: batch.readInt32BE(at.count),
    records: batch.subarray(at.records),
  };
}

interface Surroundings {
  /** The end of the batch before, or the offset that was asked for. */
  readonly expected: bigint;
  readonly isFirst: boolean;
  readonly highWatermark: bigint;
  /** Where the batch behind it claims to begin, as far as the answer goes. */
  readonly next: bigint | undefined;
  readonly claimed: ReadonlySet<bigint>;
}

function placeOf(
  { firstOffset, end }: FetchedBatch,
  { expected, isFirst, highWatermark, next, claimed }: Surroundings,
): 'certain' | 'doubtful' | 'impossible' {
  if (firstOffset === expected) return end > highWatermark ? 'impossible' : 'certain';
  const overlaps = firstOffset < expected && !isFirst;
  if (firstOffset < 0n || overlaps || end <= expected || end > highWatermark) return 'impossible';
  if (next !== undefined && next < end) return 'impossible';
  if (claimed.has(firstOffset)) return 'certain';
  return firstOffset > expected && (next === end || end === highWatermark) ? 'certain' : 'doubtful';
}
