/**
 * What bytes mean that come over and over: decoded once for each distinct run of bytes, then found again by these.
 *
 * Each hash has one slot, and a newcomer takes it: bounded memory, no bookkeeping; with more runs than slots some are decoded again. The bytes lie in
 * one large array, of which the system provides only the pages that are used.
 */
const noBytes: DataView = new DataView(new ArrayBuffer(0));

export class KeptBytes<Value> {
  readonly #mask: number;
  readonly #longest: number;
  readonly #decode: (buffer: Buffer, start: number, end: number) => Value;
  readonly #values: (Value | undefined)[];
  /** By slot, how many bytes it has, and the bytes. */
  readonly #lengths: Uint16Array;
  #bytes: DataView = noBytes;
  /** The buffer that something was looked for in last, as four bytes are read from it at once. */
  #buffer: Buffer | undefined;
  #view: DataView = noBytes;

  /**
   * @param slots a power of two
   * @param longest bytes; longer runs are decoded each time, so that memory is bounded
   * @param decode may throw
   */
  constructor(slots: number, longest: number, decode: (buffer: Buffer, start: number, end: number) => Value) {
    this.#mask = slots - 1;
    this.#longest = longest;
    this.#decode = decode;
    this.#values = new Array(slots).fill(undefined);
    this.#lengths = new Uint16Array(slots);
  }

  /** What the bytes of `buffer` from `start` to `end` mean, of which there is at least one. Throws as `decode`. */
  find(buffer: Buffer, start: number, end: number): Value {
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
    }
    const slot = hash(this.#view, start, end) & this.#mask;
    if (this.#lengths[slot] === end - start && equals(this.#bytes, slot * this.#longest, this.#view, start, end))
      return this.#values[slot] as Value;
    const value = this.#decode(buffer, start, end);
    if (end - start <= this.#longest) this.#keep(slot, value, buffer.subarray(start, end));
    return value;
  }

  #keep(slot: number, value: Value, bytes: Buffer): void {
    if (this.#bytes === noBytes) this.#bytes = new DataView(new ArrayBuffer((this.#mask + 1) * this.#longest));
    bytes.copy(new Uint8Array(this.#bytes.buffer), slot * this.#longest);
    this.#lengths[slot] = bytes.length;
    this.#values[slot] = value;
  }
}

function hash(bytes: DataView, start: number, end: number): number {
  let value = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    value = Math.imul(value ^ bytes.getInt32(at), 0x5bd1e995);
    value ^= value >>> 15;
  }
  for (; at < end; at++) value = Math.imul(value ^ bytes.getUint8(at), 0x5bd1e995);
  return value ^ (value >>> 15);
}

function equals(kept: DataView, from: number, bytes: DataView, start: number, end: number): boolean {
  let at = start;
  for (; at + 4 <= end; at += 4) if (kept.getInt32(from + at - start) !== bytes.getInt32(at)) return false;
  for (; at < end; at++) if (kept.getUint8(from + at - start) !== bytes.getUint8(at)) return false;
  return true;
}
