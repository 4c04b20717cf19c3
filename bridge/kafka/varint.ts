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

/** Reads varints one after another. */
export class VarintReader {
  readonly source: Buffer;
  offset: number;

  constructor(source: Buffer, offset: number) {
    this.source = source;
    this.offset = offset;
  }

  /** The next varint. */
  next(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.source[this.offset++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      factor *= 0x80;
    }
  }

  /** The bytes that follow a varint of their length; undefined for length -1. */
  bytes(): Buffer | undefined {
    const length = this.next();
    if (length < 0) return undefined;
    const bytes = this.source.subarray(this.offset, this.offset + length);
    this.offset += length;
    return bytes;
  }
}
