/**
 * Zigzag variable-length integers, as records use them (Kafka protocol, "Record"; the encoding is Protocol Buffers' sint64).
 *
 * Plain arithmetic instead of shifts above 31 bits: a timestamp's distance may need more, and BigInt would cost an allocation a record.
 */

/** Bytes that `value` takes. `value` is a safe integer. */
export function varintLength(value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  let length = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    length++;
  }
  return length;
}

/** Writes `value` at `offset` and returns the offset behind it. */
export function writeVarint(target: Buffer, value: number, offset: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  while (rest >= 0x80) {
    target[offset++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  target[offset++] = rest;
  return offset;
}

/** A varint of 64 bits has so many bytes at most. */
const longestVarint = 10;

/** Reads varints one after another. What is behind the end of `source`, or no varint, throws a RangeError. */
export class VarintReader {
  readonly source: Buffer;
  offset: number;

  constructor(source: Buffer, offset: number) {
    this.source = source;
    this.offset = offset;
  }

  /** The next varint. Above 2^53 it is not exact. */
  next(): number {
    let value = 0;
    let factor = 1;
    for (let length = 1; length <= longestVarint; length++) {
      const byte = this.source[this.offset++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 0x80;
    }
    throw new RangeError('a number does not end');
  }

  /** The bytes that follow a varint of their length; undefined for length -1. */
  bytes(): Buffer | undefined {
    const length = this.#length();
    if (length === undefined) return undefined;
    const bytes = this.source.subarray(this.offset, this.offset + length);
    this.offset += length;
    return bytes;
  }

  /** Goes behind the bytes that follow a varint of their length. */
  skip(): void {
    const length = this.#length() ?? 0;
    this.offset += length;
  }

  #length(): number | undefined {
    const length = this.next();
    if (length === -1) return undefined;
    if (length < 0 || this.offset + length > this.source.length) throw new RangeError(`a length is ${length}`);
    return length;
  }
}
