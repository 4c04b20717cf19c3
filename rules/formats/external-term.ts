/**
 * Erlang's external term format, version 131: how Erlang programs store and send values.
 * Source: the Erlang run-time system's manual, "External Term Format".
 *
 * What is read is wider than what is written, since there is more than one way to write an integer or an atom: other atoms become text,
 * and tuples lists. Functions, references, pids and ports belong to a running Erlang and are refused.
 */
import { inflateSync } from 'node:zlib';
import { BitString, bitsValue } from '../bit-string.ts';
import { compareText } from '../compare.ts';
import { float, integer } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import { Float, isList, newMap, type Value, type ValueMap } from '../value.ts';

const version = 131;
const tags = {
  compressed: 80,
  newFloat: 70,
  bitBinary: 77,
  smallInteger: 97,
  integer: 98,
  atom: 100,
  smallTuple: 104,
  largeTuple: 105,
  nil: 106,
  string: 107,
  list: 108,
  binary: 109,
  smallBig: 110,
  largeBig: 111,
  smallAtom: 115,
  map: 116,
  atomUtf8: 118,
  smallAtomUtf8: 119,
} as const;

/** A value in bytes. Text becomes a binary; true, false, null and undefined become atoms. */
export const encodeTerm = (value: Value): Buffer => Buffer.concat([Buffer.of(version), ...termParts(value)]);

const tagged = (tag: number, size: number): Buffer => {
  const head = Buffer.allocUnsafe(5);
  head[0] = tag;
  head.writeUInt32BE(size, 1);
  return head;
};

const termParts = (value: Value): readonly Buffer[] => {
  if (typeof value === 'number') return Number.isInteger(value) ? integerParts(value) : floatParts(value);
  if (typeof value === 'bigint') return integerParts(value);
  if (typeof value === 'string') return binaryParts(Buffer.from(value));
  if (typeof value !== 'object' || value === null) return atomParts(String(value));
  if (value instanceof Float) return floatParts(value.value);
  if (value instanceof Uint8Array) return binaryParts(value);
  if (value instanceof BitString) return bitParts(value);
  return isList(value) ? listParts(value) : mapParts(value);
};

const floatParts = (value: number): Buffer[] => {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = tags.newFloat;
  bytes.writeDoubleBE(value, 1);
  return [bytes];
};

const integerParts = (value: number | bigint): Buffer[] => {
  if (value >= 0 && value <= 255) return [Buffer.of(tags.smallInteger, Number(value))];
  if (value < -0x8000_0000 || value > 0x7fff_ffff) return bigParts(BigInt(value));
  const bytes = Buffer.allocUnsafe(5);
  bytes[0] = tags.integer;
  bytes.writeInt32BE(Number(value), 1);
  return [bytes];
};

/** Sign, then the bytes of the size, the lowest first. */
const bigParts = (value: bigint): Buffer[] => {
  const digits = (value < 0n ? -value : value).toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex').reverse();
  const sign = value < 0n ? 1 : 0;
  if (bytes.length <= 255) return [Buffer.of(tags.smallBig, bytes.length, sign), bytes];
  return [tagged(tags.largeBig, bytes.length), Buffer.of(sign), bytes];
};

const binaryParts = (bytes: Buffer): Buffer[] => [tagged(tags.binary, bytes.length), bytes];

const bitParts = (bits: BitString): Buffer[] => {
  const bytes = bits.alignedToStart();
  return [tagged(tags.bitBinary, bytes.length), Buffer.of(bits.length % 8), bytes];
};

const atomParts = (name: string): Buffer[] => [Buffer.of(tags.atom, 0, name.length), Buffer.from(name, 'latin1')];

const isByte = (value: Value): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;

/** A short list of bytes has a form of its own. */
const listParts = (list: readonly Value[]): Buffer[] => {
  if (list.length === 0) return [Buffer.of(tags.nil)];
  if (list.length <= 0xffff && list.every(isByte)) {
    return [Buffer.of(tags.string, list.length >> 8, list.length & 0xff), Buffer.from(list as readonly number[])];
  }
  return [tagged(tags.list, list.length), ...list.flatMap(termParts), Buffer.of(tags.nil)];
};

const mapParts = (map: ValueMap): Buffer[] => {
  const keys = Object.keys(map).sort(compareText);
  return [tagged(tags.map, keys.length), ...keys.flatMap(key => [...termParts(key), ...termParts(map[key])])];
};

/** The value that bytes hold. Throws Refusal for what is no term, or belongs to a running Erlang. */
export const decodeTerm = (bytes: Buffer): Value => {
  const reader = new TermReader(unpacked(bytes));
  const value = reader.term();
  reader.finish();
  return value;
};

const largest = 64 * 1024 * 1024;

const unpacked = (bytes: Buffer): Buffer => {
  if (bytes[0] !== version) throw new Refusal('the bytes are no Erlang term: they do not begin with 131');
  if (bytes[1] !== tags.compressed) return bytes.subarray(1);
  try {
    return inflateSync(bytes.subarray(6), { maxOutputLength: largest });
  } catch (error) {
    throw new Refusal(`the Erlang term cannot be decompressed (${(error as Error).message})`);
  }
};

const atoms: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['undefined', undefined],
]);

class TermReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  finish(): void {
    if (this.#at !== this.#bytes.length) throw new Refusal('bytes are left over after the Erlang term');
  }

  term(): Value {
    const tag = this.#number(1);
    const read = this.#readers[tag];
    if (read === undefined) throw new Refusal(`the Erlang term has a part of kind ${tag}, which is no plain value`);
    return read();
  }

  readonly #readers: Readonly<Record<number, () => Value>> = {
    [tags.newFloat]: () => float(this.#take(8).readDoubleBE(0)),
    [tags.bitBinary]: () => this.#bits(),
    [tags.smallInteger]: () => this.#number(1),
    [tags.integer]: () => this.#take(4).readInt32BE(0),
    [tags.atom]: () => this.#atom(2, 'latin1'),
    [tags.smallAtom]: () => this.#atom(1, 'latin1'),
    [tags.atomUtf8]: () => this.#atom(2, 'utf8'),
    [tags.smallAtomUtf8]: () => this.#atom(1, 'utf8'),
    [tags.smallTuple]: () => this.#terms(this.#number(1)),
    [tags.largeTuple]: () => this.#terms(this.#number(4)),
    [tags.nil]: () => [],
    [tags.string]: () => [...this.#take(this.#number(2))],
    [tags.list]: () => this.#list(),
    [tags.binary]: () => Buffer.from(this.#take(this.#number(4))),
    [tags.smallBig]: () => this.#big(this.#number(1)),
    [tags.largeBig]: () => this.#big(this.#number(4)),
    [tags.map]: () => this.#map(),
  };

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Refusal('the Erlang term ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #number(width: 1 | 2 | 4): number {
    return this.#take(width).readUIntBE(0, width);
  }

  #atom(width: 1 | 2, encoding: 'latin1' | 'utf8'): Value {
    const name = this.#take(this.#number(width)).toString(encoding);
    return atoms.has(name) ? atoms.get(name) : name;
  }

  #terms(count: number): Value[] {
    const terms: Value[] = [];
    for (let at = 0; at < count; at++) terms.push(this.term());
    return terms;
  }

  #list(): Value {
    const items = this.#terms(this.#number(4));
    const tail = this.term();
    if (!isList(tail)) throw new Refusal('the Erlang term has a list whose end is no list');
    return tail.length === 0 ? items : [...items, ...tail];
  }

  #big(length: number): Value {
    const negative = this.#number(1) !== 0;
    const digits = Buffer.from(this.#take(length)).reverse().toString('hex');
    const size = BigInt(`0x${digits || '0'}`);
    return integer(negative ? -size : size);
  }

  #bits(): Value {
    const length = this.#number(4);
    const last = this.#number(1);
    const bytes = this.#take(length);
    if (length === 0 || last < 1 || last > 8) throw new Refusal('the Erlang term has bits of no length');
    const all = BigInt(`0x${bytes.toString('hex')}`);
    return bitsValue(all >> BigInt(8 - last), (length - 1) * 8 + last);
  }

  #map(): Value {
    const count = this.#number(4);
    const map = newMap();
    for (let at = 0; at < count; at++) {
      const key = this.term();
      map[keyText(key)] = this.term();
    }
    return map;
  }
}

/** Keys are text here; Erlang's may be of any kind. */
const keyText = (key: Value): string => {
  if (typeof key === 'object' && key !== null && !(key instanceof Uint8Array) && !(key instanceof Float)) {
    throw new Refusal('the Erlang term has a map with a key that is no text and no number');
  }
  return key instanceof Uint8Array ? key.toString('utf8') : String(key);
};
