/**
 * What is written at once: a header, and records one after the other.
 *
 *     word 0    0x314b424d, "MBK1", by which a batch is found behind damaged bytes
 *     word 1    bytes after this header
 *     word 2    records
 *     word 3    CRC-32C of the other words of this header
 *     word 4,5  id of the first record, a 64-bit float
 *     word 6,7  when its message was read, milliseconds since 1970, a 64-bit float
 *
 * With a key the bytes after the header are a tag of 16 bytes and the records encrypted (cipher.ts).
 *
 * The batch that is filled lies in memory, where its messages are read too as long as nothing older waits: then a message is never read from the disk.
 */
import type { MqttMessage } from '../mqtt/message.ts';
import { crc32cOfWords } from './crc32c-words.ts';
import { isRecord, mostRecordBytes, recordBytes, recordId, recordTime, writeRecord } from './message-record.ts';

export const batchHeaderBytes = 32;
const magic = 0x314b424d;
const headerWords = batchHeaderBytes / 4;

export interface BatchHeader {
  /** Bytes after the header. */
  readonly bytes: number;
  readonly count: number;
  readonly firstId: number;
  readonly firstAt: number;
}

const scratch = new Int32Array(headerWords);
const scratchBytes = Buffer.from(scratch.buffer);
const noAcknowledgement = -1;

/** @param bytes of the body */
export function writeBatchHeader(target: Buffer, { bytes, count, firstId, firstAt }: BatchHeader): void {
  scratch[0] = magic;
  scratch[1] = bytes;
  scratch[2] = count;
  scratch[3] = 0;
  scratchBytes.writeDoubleLE(firstId, 16);
  scratchBytes.writeDoubleLE(firstAt, 24);
  scratch[3] = crc32cOfWords(scratch, 0, headerWords);
  scratchBytes.copy(target, 0);
}

/** The header at `start`; undefined if there is none. */
export function readBatchHeader(buffer: Buffer, start: number): BatchHeader | undefined {
  if (start + batchHeaderBytes > buffer.length || buffer.readInt32LE(start) !== magic) return undefined;
  buffer.copy(scratchBytes, 0, start, start + batchHeaderBytes);
  const crc = scratch[3]!;
  scratch[3] = 0;
  if (crc !== crc32cOfWords(scratch, 0, headerWords)) return undefined;
  return {
    bytes: scratch[1]! >>> 0,
    count: scratch[2]!,
    firstId: scratchBytes.readDoubleLE(16),
    firstAt: scratchBytes.readDoubleLE(24),
  };
}

/** Records in memory that can be read: from `start` to `end`. */
export interface Records {
  readonly buffer: Buffer;
  readonly words: Int32Array;
  readonly start: number;
  readonly end: number;
  readonly firstId: number;
  readonly count: number;
}

/** A batch that grows in memory, until it is written. */
export class Batch implements Records {
  readonly buffer: Buffer;
  readonly words: Int32Array;
  readonly start = batchHeaderBytes;
  firstId = 0;
  end = batchHeaderBytes;
  count = 0;
  /** Whether it is being written, or is: nothing can be added. */
  sealed = false;
  /** Whether it need not be written: it is on the disk, as safe as `fsync` says. */
  safe = false;
  /** Of each record what the session's acknowledgement of it waits for; -1 for none. */
  #arrivals = new Float64Array(1024);

  constructor(bytes: number) {
    const memory = new ArrayBuffer(bytes);
    this.buffer = Buffer.from(memory);
    this.words = new Int32Array(memory);
  }

  /** Empties it, to be filled from `firstId` on. */
  begin(firstId: number): this {
    this.firstId = firstId;
    this.end = this.start;
    this.count = 0;
    this.sealed = false;
    this.safe = false;
    return this;
  }

  /** Id after the last. */
  get nextId(): number {
    return this.firstId + this.count;
  }

  /** Bytes that it lies in. */
  get capacity(): number {
    return this.buffer.length;
  }

  /** When its first message was read; undefined while it is empty. */
  get firstAt(): number | undefined {
    return this.count === 0 ? undefined : recordTime(this.words, this.start);
  }

  hasRoomFor(message: MqttMessage): boolean {
    return !this.sealed && this.end + mostRecordBytes(message) <= this.buffer.length;
  }

  /** @param arrival the session's number, if its acknowledgement waits for this record */
  add(message: MqttMessage, arrival: number | undefined): void {
    if (this.count === this.#arrivals.length) {
      const larger = new Float64Array(this.count * 2);
      larger.set(this.#arrivals);
      this.#arrivals = larger;
    }
    this.#arrivals[this.count] = arrival ?? noAcknowledgement;
    this.end = writeRecord(this.buffer, this.words, this.end, message, this.nextId);
    this.count++;
  }

  /** Where the record of `id` begins; the end if it has none. */
  offsetOf(id: number): number {
    let at = this.start;
    while (at < this.end && recordId(this.words, at) < id) at += recordBytes(this.words, at);
    return at;
  }

  /** What the session calls the message `id`; -1 if it does not wait for this, or no longer. */
  arrivalOf(id: number): number {
    return this.safe ? noAcknowledgement : this.#arrivals[id - this.firstId]!;
  }

  /** Writes the header, and closes the batch. Returns all of its bytes. */
  seal(): Buffer {
    this.sealed = true;
    const { firstId, count, firstAt = 0 } = this;
    writeBatchHeader(this.buffer, { bytes: this.end - this.start, count, firstId, firstAt });
    return this.buffer.subarray(0, this.end);
  }
}

/** Where the next whole record begins behind a damaged one at `from`: one of `least` or above that the batch can have. */
export function nextRecord({ words, end, firstId, count }: Records, from: number, least: number): number {
  for (let at = from + 4; at < end; at += 4) {
    const id = recordId(words, at);
    if (id >= least && id >= firstId && id < firstId + count && isRecord(words, at, end)) return at;
  }
  return end;
}
