/**
 * A record batch in Kafka's format v2, written in place while its records arrive.
 *
 *     base offset 8 | length 4 | leader epoch 4 | magic 1 | CRC 4 | attributes 2 | last offset delta 4 | base timestamp 8 |
 *     max timestamp 8 | producer id 8 | producer epoch 2 | base sequence 4 | record count 4 | records...
 *
 * The header is 61 bytes and is filled when the batch is sealed; the CRC-32C covers everything behind it. A record holds its own
 * length first, so its parts are measured before they are written. The batch remembers one token a record, by which its owner knows
 * whose message it was; the batch itself gives tokens no meaning.
 */
import type { BufferPool } from './buffer-pool.ts';
import type { Codec } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { lengthOfBytes, lengthOfHeaders, readHeaders, writeHeaders } from './headers.ts';
import { draft, type ProducerRecord, type RecordDraft } from './record.ts';
import { copyShort } from './short-bytes.ts';
import { VarintReader, varintLength, writeVarint } from './varint.ts';

const headerBytes = 61;
/** What a token costs in an array that grows by halves. */
const tokenBytes = 12;
const at = {
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  count: 57,
} as const;

/** Who a batch says it is from, so that the broker can recognise a repeated batch (KIP-98). Undefined without idempotence. */
export interface ProducerIdentity {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** The name of whose transaction its batches are part of; undefined outside of transactions. */
  readonly transactionalId?: string;
}

/** Who takes part in a transaction. */
export interface TransactionalIdentity extends ProducerIdentity {
  readonly transactionalId: string;
}

/** Attributes of a batch: it is part of a transaction. */
const transactional = 0x10;

export class RecordBatch {
  readonly tokens: number[] = [];
  /** When its first record came, in the producer's time. */
  since = 0;
  /** Connections that ended while it was under way: those that others used too, and those that it had to itself. */
  endings = 0;
  endingsAlone = 0;
  /** How often Kafka answered that it does not take the batch now. */
  refusals = 0;
  readonly #pool: BufferPool;
  /** By record, the partition that it had to go to, or -1; undefined while their keys chose for all. */
  #partitions: number[] | undefined;
  #buffer: Buffer;
  #length = headerBytes;
  #baseTimestamp = 0;
  #maxTimestamp = 0;
  #compressed: Buffer | undefined;
  #codec: Codec | undefined;

  /** @param expectedBytes how large it will probably become: saves it from growing step by step */
  constructor(pool: BufferPool, expectedBytes = 0) {
    this.#pool = pool;
    this.#buffer = pool.take(Math.max(headerBytes, expectedBytes));
  }

  get count(): number {
    return this.tokens.length;
  }

  /** Bytes of the batch before compression, header included. */
  get bytes(): number {
    return this.#length;
  }

  /** Bytes of the batch as it goes out, after `compress` if that was called. */
  get wireBytes(): number {
    return this.#compressed ? headerBytes + this.#compressed.length : this.#length;
  }

  /** Writes the record behind the others. `token` is a small integer that the owner gets back with the batch. */
  append(record: RecordDraft, token: number): void {
    if (this.tokens.length === 0) {
      this.#baseTimestamp = record.timestamp;
      this.#maxTimestamp = record.timestamp;
    } else if (record.timestamp > this.#maxTimestamp) {
      this.#maxTimestamp = record.timestamp;
    }
    const timestampDelta = record.timestamp - this.#baseTimestamp;
    const keyLength = record.key ? record.keyEnd - record.keyStart : -1;
    const valueLength = record.value ? record.valueEnd - record.valueStart : -1;
    const bodyLength =
      1 +
      varintLength(timestampDelta) +
      varintLength(this.tokens.length) +
      lengthOfBytes(keyLength) +
      lengthOfBytes(valueLength) +
      lengthOfHeaders(record);

    this.#reserve(bodyLength + 5);
    const buffer = this.#buffer;
    let offset = writeVarint(buffer, bodyLength, this.#length);
    buffer[offset++] = 0;
    offset = writeVarint(buffer, timestampDelta, offset);
    offset = writeVarint(buffer, this.tokens.length, offset);
    offset = writeVarint(buffer, keyLength, offset);
    if (record.key) offset = copyShort(record.key, record.keyStart, record.keyEnd, buffer, offset);
    offset = writeVarint(buffer, valueLength, offset);
    if (record.value) offset += record.value.copy(buffer, offset, record.valueStart, record.valueEnd);
    this.#length = writeHeaders(buffer, record, offset);
    if (record.partition >= 0) this.#partitions ??= this.tokens.map(() => -1);
    this.#partitions?.push(record.partition);
    this.tokens.push(token);
    this.#pool.lent += tokenBytes;
  }

  /** Compresses the records, once, whatever is asked for later; sealing uses the result from then on. */
  async compress(codec: Codec): Promise<void> {
    if (this.#compressed) return;
    this.#compressed = await codec.compress(this.#buffer.subarray(headerBytes, this.#length));
    this.#codec = codec;
  }

  /**
   * The batch as it goes out. The bytes stay owned by the batch and are valid until `release`.
   *
   * @param sequence the number of its first record within the producer's sequence for this partition
   */
  seal(identity: ProducerIdentity | undefined, sequence: number): Buffer {
    const sealed = this.#compressed
      ? Buffer.concat([this.#buffer.subarray(0, headerBytes), this.#compressed])
      : this.#buffer.subarray(0, this.#length);
    sealed.writeBigInt64BE(0n, 0);
    sealed.writeInt32BE(sealed.length - at.leaderEpoch, at.length);
    sealed.writeInt32BE(-1, at.leaderEpoch);
    sealed.writeInt8(2, at.magic);
    const attributes = this.#codec?.attribute ?? 0;
    sealed.writeInt16BE(
      identity?.transactionalId === undefined ? attributes : attributes | transactional,
      at.attributes,
    );
    sealed.writeInt32BE(this.count - 1, at.lastOffsetDelta);
    sealed.writeBigInt64BE(BigInt(this.#baseTimestamp), at.baseTimestamp);
    sealed.writeBigInt64BE(BigInt(this.#maxTimestamp), at.maxTimestamp);
    sealed.writeBigInt64BE(identity?.producerId ?? -1n, at.producerId);
    sealed.writeInt16BE(identity?.producerEpoch ?? -1, at.producerEpoch);
    sealed.writeInt32BE(identity ? sequence : -1, at.baseSequence);
    sealed.writeInt32BE(this.count, at.count);
    sealed.writeUInt32BE(crc32c(sealed.subarray(at.attributes)), at.crc);
    return sealed;
  }

  /** The records, read back. Their bytes are views into the batch: copy what must outlive it. */
  *records(): Generator<ProducerRecord> {
    const reader = new VarintReader(this.#buffer, headerBytes);
    for (let index = 0; index < this.count; index++) {
      reader.next();
      reader.offset++;
      const timestamp = this.#baseTimestamp + reader.next();
      reader.next();
      const key = reader.bytes();
      const value = reader.bytes();
      const partition = this.#partitions?.[index] ?? -1;
      const record = { key, value, timestamp, headers: readHeaders(reader) };
      yield partition < 0 ? record : { ...record, partition };
    }
  }

  /** The records whose position is `chosen`, as a batch of their own. */
  part(chosen: (index: number) => boolean): RecordBatch {
    const part = new RecordBatch(this.#pool, this.bytes);
    part.since = this.since;
    part.endings = this.endings;
    part.refusals = this.refusals;
    let index = 0;
    for (const record of this.records()) {
      if (chosen(index)) part.append(draft(record), this.tokens[index]!);
      index++;
    }
    return part;
  }

  /** Gives the memory back. The batch must not be used afterwards. */
  release(): void {
    this.#pool.give(this.#buffer);
    this.#pool.lent -= this.tokens.length * tokenBytes;
    this.#compressed = undefined;
    this.#codec = undefined;
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = this.#pool.take(Math.max(this.#length + bytes, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#pool.give(this.#buffer);
    this.#buffer = larger;
  }
}

/** How many bytes a record adds to a batch, or a few more. */
export function recordBytes(record: RecordDraft): number {
  const framing = 24;
  return framing + record.keyEnd - record.keyStart + record.valueEnd - record.valueStart + lengthOfHeaders(record);
}
