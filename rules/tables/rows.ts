/**
 * The rows of a table: the text that they came in, and where in it each of them is.
 *
 * A million rows as objects take 340 MiB that the garbage collector goes through. So rows stay text, a table of hashes says where the row of a key is, and who looks one up reads it.
 * All of it is given back at once when other rows come: the garbage collector would leave several versions of a large table for long.
 *
 * - `starts`, `ends`: where a row begins and ends, by its number.
 * - `hashes`: of its key. Two keys with the same hash are told apart by reading the row.
 * - `slots`: numbers of rows from 1, at the place that the hash says or the next free one. At least half of them are free.
 */
import type { Value } from '../value.ts';
import { TableFault } from './fault.ts';
import { cutRows, readRow } from './format.ts';
import { rowsAtOnce } from './pieces.ts';
import type { Format, Written } from './written.ts';

export interface RowsMemory {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly hashes: Uint32Array;
  readonly slots: Uint32Array;
  /** Another one for each table, so that nobody makes keys that meet in one slot. */
  readonly seed: number;
  readonly format: Format;
}

export class Rows {
  readonly memory: RowsMemory;
  readonly #bytes: Buffer;
  readonly #mask: number;
  /** Most rules look the same row up for each of its columns. */
  #lastKey: string | undefined;
  #lastValue: Value;

  constructor(memory: RowsMemory) {
    this.memory = memory;
    const { buffer, byteOffset, byteLength } = memory.bytes;
    this.#bytes = Buffer.from(buffer, byteOffset, byteLength);
    this.#mask = memory.slots.length - 1;
  }

  get count(): number {
    return this.memory.starts.length;
  }

  get heldBytes(): number {
    return partsOf(this.memory).reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** Gives the memory back. Nothing is looked up in these rows any more. */
  release(): void {
    for (const { buffer } of partsOf(this.memory)) release(buffer);
  }

  /** What the row of the key says; undefined if there is none. */
  get(key: string): Value {
    if (key !== this.#lastKey) {
      this.#lastValue = this.#find(key);
      this.#lastKey = key;
    }
    return this.#lastValue;
  }

  #find(key: string): Value {
    const { slots, hashes, starts, ends, seed, format } = this.memory;
    const hash = hashOf(key, seed);
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const row = slots[slot]! - 1;
      if (row < 0) return undefined;
      if (hashes[row] !== hash) continue;
      const found = readRow(this.#bytes.subarray(starts[row], ends[row]), format);
      if (found.key === key) return found.value;
    }
  }
}

const partsOf = ({ bytes, starts, ends, hashes, slots }: RowsMemory) => [bytes, starts, ends, hashes, slots];

export function release(memory: ArrayBufferLike): void {
  if (memory instanceof ArrayBuffer && !memory.detached) memory.transfer(0);
}

/** FNV-1a, and the last step of MurmurHash3, which spreads it over all bits. Unsigned. */
function hashOf(key: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Numbers, as many as come. */
class Numbers {
  #all = new Uint32Array(1024);
  count = 0;

  add(number: number): void {
    if (this.count === this.#all.length) {
      const more = new Uint32Array(2 * this.count);
      more.set(this.#all);
      this.#all = more;
    }
    this.#all[this.count++] = number;
  }

  /** In memory of just their size. */
  whole(): Uint32Array {
    return this.#all.slice(0, this.count);
  }
}

/** Makes rows of a text. Yields now and then. Throws TableFault. @param bytes in memory of their own, which become part of the rows */
export function* makeRows(bytes: Buffer, written: Written, maxRows: number): Generator<void, Rows> {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const [starts, ends, hashes] = [new Numbers(), new Numbers(), new Numbers()];
  const format = yield* cutRows(bytes, written, (start, end, key) => {
    if (starts.count === maxRows) throw new TableFault(start, `it is one more than maxRows, which is ${maxRows}`);
    starts.add(start);
    ends.add(end);
    hashes.add(hashOf(key, seed));
  });
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * Math.max(1, starts.count))));
  const memory = {
    ...{ bytes, slots, seed, format },
    ...{ starts: starts.whole(), ends: ends.whole(), hashes: hashes.whole() },
  };
  yield* fill(bytes, memory);
  return new Rows(memory);
}

/** Throws TableFault for a key that two rows have. */
function* fill(bytes: Buffer, { slots, starts, ends, hashes, format }: RowsMemory): Generator<void, void> {
  const mask = slots.length - 1;
  const read = (row: number) => readRow(bytes.subarray(starts[row], ends[row]), format).key;
  for (let row = 0; row < starts.length; row++) {
    let slot = hashes[row]! & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const other = slots[slot]! - 1;
      if (hashes[other] !== hashes[row] || read(other) !== read(row)) continue;
      const first = lineOf(bytes, starts[other]!);
      throw new TableFault(
        starts[row]!,
        `its key is that of line ${first} too: ${JSON.stringify(read(row)).slice(0, 100)}`,
      );
    }
    slots[slot] = row + 1;
    if (row % (10 * rowsAtOnce) === 0) yield;
  }
}

/** From 1. */
export function lineOf(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(0x0a); at >= 0 && at < offset; at = bytes.indexOf(0x0a, at + 1)) line++;
  return line;
}
