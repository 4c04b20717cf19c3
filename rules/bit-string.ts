/**
 * Bits that fill no whole number of bytes, such as a six-bit field of a payload. Whole bytes are a Buffer instead, as everywhere else,
 * so that a `BitString` always has a rest. It lives between two functions (subbits, bin2hexstr, bitsize): no JSON and no text holds it.
 */

export class BitString {
  /** The bits as one number, the first bit the highest. */
  readonly bits: bigint;
  /** How many bits there are: never a multiple of 8. */
  readonly length: number;

  constructor(bits: bigint, length: number) {
    this.bits = bits;
    this.length = length;
  }

  /** The bits at the end of whole bytes, zeros before them: 100111 is the byte 00100111. */
  alignedToEnd(): Buffer {
    return bytesOf(this.bits, Math.ceil(this.length / 8));
  }

  /** The bits at the beginning of whole bytes, zeros after them: 100111 is the byte 10011100. */
  alignedToStart(): Buffer {
    const bytes = Math.ceil(this.length / 8);
    return bytesOf(this.bits << BigInt(bytes * 8 - this.length), bytes);
  }

  equals(other: BitString): boolean {
    return this.length === other.length && this.bits === other.bits;
  }
}

/** `count` bytes that hold a number, the highest first. */
const bytesOf = (value: bigint, count: number): Buffer =>
  count === 0 ? Buffer.alloc(0) : Buffer.from(value.toString(16).padStart(count * 2, '0'), 'hex');

/** Bits as the value they are: whole bytes as a Buffer, others as a BitString. */
export const bitsValue = (bits: bigint, length: number): Buffer | BitString =>
  length % 8 === 0 ? bytesOf(bits, length / 8) : new BitString(bits, length);
