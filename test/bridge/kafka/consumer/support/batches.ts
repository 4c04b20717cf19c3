/** Record batches, byte by byte, whole ones and such that no broker should send. */
import { crc32c } from '../../../../../bridge/kafka/crc32c.ts';
import { varintLength, writeVarint } from '../../../../../bridge/kafka/varint.ts';

export interface BatchParts {
  readonly first?: number;
  readonly attributes?: number;
  readonly values?: readonly string[];
  readonly producerId?: bigint;
  readonly magic?: number;
  /** What it claims, if that is not the truth. */
  readonly count?: number;
  readonly lastDelta?: number;
  /** Instead of records of `values`. */
  readonly records?: Buffer;
}

export function varint(value: number): Buffer {
  const bytes = Buffer.alloc(varintLength(value));
  writeVarint(bytes, value, 0);
  return bytes;
}

const sized = (bytes: Buffer | undefined): Buffer =>
  bytes === undefined ? varint(-1) : Buffer.concat([varint(bytes.length), bytes]);

export interface RecordParts {
  readonly delta: number;
  readonly key?: Buffer;
  readonly value?: Buffer;
  readonly headers?: readonly (readonly [Buffer, Buffer | undefined])[];
}

/** A record, with its length before it. Its time is as many milliseconds after the batch's as its offset is behind. */
export function record({ delta, key, value, headers = [] }: RecordParts): Buffer {
  const body = Buffer.concat([
    Buffer.of(0),
    varint(delta),
    varint(delta),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [sized(name), sized(content)]),
  ]);
  return Buffer.concat([varint(body.length), body]);
}

/** A batch whose checksum is right, whatever else is wrong with it. */
export function batch(parts: BatchParts = {}): Buffer {
  const { first = 0, attributes = 0, values = ['a'], producerId = -1n, magic = 2 } = parts;
  const records =
    parts.records ?? Buffer.concat(values.map((value, delta) => record({ delta, value: Buffer.from(value) })));
  const bytes = Buffer.concat([Buffer.alloc(61), records]);
  bytes.writeBigInt64BE(BigInt(first), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt8(magic, 16);
  bytes.writeInt16BE(attributes, 21);
  bytes.writeInt32BE(parts.lastDelta ?? values.length - 1, 23);
  bytes.writeBigInt64BE(1000n, 27);
  bytes.writeBigInt64BE(5000n, 35);
  bytes.writeBigInt64BE(producerId, 43);
  bytes.writeInt32BE(parts.count ?? values.length, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(21)), 17);
  return bytes;
}

/** The end of a transaction. */
export const marker = (first: number, producerId: bigint, type: 'abort' | 'commit'): Buffer =>
  batch({
    first,
    attributes: 0x30,
    producerId,
    records: record({ delta: 0, key: Buffer.of(0, 0, 0, type === 'abort' ? 0 : 1), value: Buffer.alloc(6) }),
  });
