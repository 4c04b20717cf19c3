/** Reads a binary format from its first byte to its last. Whoever asks for more than is left is refused. */
import { Refusal } from '../refusal.ts';

export class ByteReader {
  readonly #bytes: Buffer;
  readonly #format: string;
  #at = 0;
  #depth = 0;

  /** @param format for what is said of bytes that are not of it */
  constructor(bytes: Buffer, format: string) {
    this.#bytes = bytes;
    this.#format = format;
  }

  fail(reason: string): never {
    throw new Refusal(`the bytes must be ${this.#format}: ${reason}, at byte ${this.#at}`);
  }

  /** Where the next `count` bytes begin, which are taken. */
  #take(count: number): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) this.fail('they end too early');
    this.#at += count;
    return start;
  }

  byte = (): number => this.#bytes[this.#take(1)]!;
  int8 = (): number => this.#bytes.readInt8(this.#take(1));
  int16 = (): number => this.#bytes.readInt16BE(this.#take(2));
  int32 = (): number => this.#bytes.readInt32BE(this.#take(4));
  int64 = (): bigint => this.#bytes.readBigInt64BE(this.#take(8));
  uint16 = (): number => this.#bytes.readUInt16BE(this.#take(2));
  uint32 = (): number => this.#bytes.readUInt32BE(this.#take(4));
  uint64 = (): bigint => this.#bytes.readBigUInt64BE(this.#take(8));
  float32 = (): number => this.#bytes.readFloatBE(this.#take(4));
  float64 = (): number => this.#bytes.readDoubleBE(this.#take(8));

  /** A view of the bytes, not a copy. */
  bytes(count: number): Buffer {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** Reads a list or a map: how deep they may nest is bounded by the call stack, and so counted. */
  nested<T>(read: () => T): T {
    if (++this.#depth > deepest) this.fail(`lists and maps are nested more than ${deepest} deep`);
    const value = read();
    this.#depth -= 1;
    return value;
  }

  end(): void {
    if (this.#at < this.#bytes.length) this.fail(`${this.#bytes.length - this.#at} more bytes follow the value`);
  }
}

/** How deep lists and maps may nest in a binary format. */
export const deepest = 200;
