/**
 * A record batch (format 2, KIP-98), seen in the bytes it came in.
 *
 * The broker owns two fields of a batch, the base offset and the partition leader epoch, and both lie before the part that the
 * checksum covers. So a batch is stored as it came, those two written in place, and its records are never taken apart:
 * compressed or not makes no difference.
 */
import { crc32c } from '@platformatic/kafka';
import { code } from './codes.ts';

const at = {
  baseOffset: 0,
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
  records: 61,
} as const;

/** Bytes before what `length` counts: the base offset and the length itself. */
const PREFIX_BYTES = 12;
const COMPRESSION_BITS = 0b111;
const TRANSACTIONAL_BIT = 1 << 4;
const CONTROL_BIT = 1 << 5;
const ZSTD = 4;

export class RecordBatch {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get baseOffset(): number {
    return Number(this.bytes.readBigInt64BE(at.baseOffset));
  }

  get lastOffset(): number {
    return this.baseOffset + this.bytes.readInt32BE(at.lastOffsetDelta);
  }

  get count(): number {
    return this.bytes.readInt32BE(at.count);
  }

  /** The largest timestamp of its records, milliseconds since 1970. */
  get maxTimestamp(): number {
    return Number(this.bytes.readBigInt64BE(at.maxTimestamp));
  }

  /** -1 when the producer is not idempotent. */
  get producerId(): number {
    return Number(this.bytes.readBigInt64BE(at.producerId));
  }

  get producerEpoch(): number {
    return this.bytes.readInt16BE(at.producerEpoch);
  }

  get baseSequence(): number {
    return this.bytes.readInt32BE(at.baseSequence);
  }

  /** Sequences start again at 0 after 2,147,483,647. */
  get lastSequence(): number {
    return (this.baseSequence + this.bytes.readInt32BE(at.lastOffsetDelta)) % 2 ** 31;
  }

  get leaderEpoch(): number {
    return this.bytes.readInt32BE(at.leaderEpoch);
  }

  get attributes(): number {
    return this.bytes.readInt16BE(at.attributes);
  }

  /** Gives the batch its place in the log. Written into the bytes it came in. */
  place(baseOffset: number, leaderEpoch: number): void {
    this.bytes.writeBigInt64BE(BigInt(baseOffset), at.baseOffset);
    this.bytes.writeInt32BE(leaderEpoch, at.leaderEpoch);
  }
}

/**
 * Whether produced bytes are one batch as Kafka's brokers take it, in the order in which they look.
 *
 * @param bytes the `records` field of a Produce request
 * @param produceVersion zstd is known from version 7 on (KIP-110)
 * @param maxBytes `max.message.bytes` of the topic, which counts the whole batch as sent
 * @returns `code.NONE`, or the code the broker answers
 */
export function checkBatch(bytes: Buffer, produceVersion: number, maxBytes: number): number {
  if (bytes.length < at.records) return code.INVALID_RECORD;
  const batch = new RecordBatch(bytes);
  if (bytes.readInt8(at.magic) !== 2) return code.INVALID_RECORD;
  const size = bytes.readInt32BE(at.length) + PREFIX_BYTES;
  if (size < at.records) return code.CORRUPT_MESSAGE;
  if (size !== bytes.length) return code.INVALID_RECORD; // Cut off, or a second batch: there is one since version 3.
  if ((batch.attributes & COMPRESSION_BITS) === ZSTD && produceVersion < 7) return code.UNSUPPORTED_COMPRESSION_TYPE;
  if (size > maxBytes) return code.MESSAGE_TOO_LARGE;
  if (bytes.readUInt32BE(at.crc) !== crc32c(bytes.subarray(at.attributes))) return code.CORRUPT_MESSAGE;
  return checkContent(batch);
}

function checkContent(batch: RecordBatch): number {
  if (batch.count <= 0 || batch.bytes.readInt32BE(at.lastOffsetDelta) !== batch.count - 1) return code.INVALID_RECORD;
  if ((batch.attributes & CONTROL_BIT) !== 0) return code.INVALID_RECORD;
  if ((batch.attributes & TRANSACTIONAL_BIT) !== 0) return code.INVALID_TXN_STATE; // There are no transactions here.
  if (batch.producerId >= 0 && (batch.baseSequence < 0 || batch.producerEpoch < 0)) return code.INVALID_RECORD;
  return code.NONE;
}
