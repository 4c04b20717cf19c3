/**
 * Avro's binary encoding to values. Source: the Avro specification 1.12, "Binary Encoding".
 *
 * A type is compiled once to a function, so that a message costs no look at the schema. What the bytes claim is never believed: a list
 * may say that it has 2^60 elements, so no more are read than the bytes can hold, with some for elements that take none (null).
 */
import { isUtf8 } from 'node:buffer';
import { floatValue } from '../../formats/special-floats.ts';
import { integer } from '../../numbers.ts';
import { Refusal } from '../../refusal.ts';
import { newMap, type Value } from '../../value.ts';
import type { AvroType, Primitive, RecordType } from './schema.ts';

/** Reads a value from its bytes. Throws Refusal for bytes that are not of the type, or go on after it. */
export type ReadAvro = (bytes: Buffer) => Value;

export const avroReader = (type: AvroType): ReadAvro => {
  const read = new ReaderCompiler().compile(type);
  return bytes => {
    const cursor = new Cursor(bytes);
    const value = read(cursor);
    if (cursor.at < bytes.length) throw new Refusal(`${bytes.length - cursor.at} bytes are left after the value`);
    return value;
  };
};

type Read = (cursor: Cursor) => Value;

const mostNested = 200;
/** How many elements without bytes a message may have. */
const mostEmpty = 100_000;

class Cursor {
  readonly bytes: Buffer;
  at = 0;
  depth = 0;
  #elements = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new Refusal('the bytes end too early');
    return this.bytes[this.at++]!;
  }

  /** The place of the next `length` bytes, which are stepped over. */
  skip(length: number | bigint): number {
    if (length < 0 || length > this.bytes.length - this.at) throw new Refusal('the bytes end too early');
    const from = this.at;
    this.at += Number(length);
    return from;
  }

  /** Variable-length zig-zag coding: seven bits a byte, the lowest first. The first seven bytes need no bigint. */
  long(): number | bigint {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return this.#longFrom(BigInt(value));
  }

  #longFrom(low: bigint): number | bigint {
    let value = low;
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return integer(BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
    }
    throw new Refusal('a number has more than 64 bits');
  }

  /** How many elements the next block of a list or map has; 0 ends it. A negative count is followed by the block's size. */
  count(): number {
    const count = this.long();
    if (count < 0) this.long();
    const elements = count < 0 ? -count : count;
    this.#elements += Number(elements);
    if (this.#elements > this.bytes.length + mostEmpty) throw new Refusal('there are more elements than bytes');
    return Number(elements);
  }

  text(): string {
    const from = this.skip(this.long());
    const bytes = this.bytes.subarray(from, this.at);
    if (!isUtf8(bytes)) throw new Refusal('a text is not UTF-8');
    return bytes.toString('utf8');
  }
}

class ReaderCompiler {
  readonly #records = new Map<RecordType, Read>();

  compile(type: AvroType): Read {
    switch (type.kind) {
      case 'record':
        return this.#record(type);
      case 'enum':
        return cursor => at(type.symbols, cursor.long(), type.name);
      case 'fixed':
        return cursor => {
          const from = cursor.skip(type.size);
          return cursor.bytes.subarray(from, cursor.at);
        };
      case 'array':
        return listReader(this.compile(type.items));
      case 'map':
        return mapReader(this.compile(type.values));
      case 'union': {
        const branches = type.branches.map(branch => this.compile(branch));
        return cursor => at(branches, cursor.long(), 'the union')(cursor);
      }
      default:
        return primitiveReaders[type.kind];
    }
  }

  #record(type: RecordType): Read {
    const known = this.#records.get(type);
    if (known !== undefined) return known;
    const fields: { name: string; read: Read }[] = [];
    const read: Read = cursor => {
      if (++cursor.depth > mostNested) throw new Refusal('the bytes are nested too deeply');
      const map = newMap();
      for (const field of fields) map[field.name] = field.read(cursor);
      cursor.depth--;
      return map;
    };
    this.#records.set(type, read);
    for (const field of type.fields) fields.push({ name: field.name, read: this.compile(field.type) });
    return read;
  }
}

const at = <T>(items: readonly T[], position: number | bigint, of: string): T => {
  const found = items[Number(position)];
  if (found === undefined) throw new Refusal(`${of} has no position ${position}`);
  return found;
};

const primitiveReaders: Readonly<Record<Primitive['kind'], Read>> = {
  null: () => null,
  boolean: cursor => {
    const byte = cursor.byte();
    if (byte > 1) throw new Refusal(`a boolean is 0 or 1, not ${byte}`);
    return byte === 1;
  },
  int: cursor => {
    const value = cursor.long();
    if (typeof value !== 'number' || (value | 0) !== value) throw new Refusal('an int has more than 32 bits');
    return value;
  },
  long: cursor => cursor.long(),
  float: cursor => floatValue(cursor.bytes.readFloatLE(cursor.skip(4))),
  double: cursor => floatValue(cursor.bytes.readDoubleLE(cursor.skip(8))),
  bytes: cursor => {
    const from = cursor.skip(cursor.long());
    return cursor.bytes.subarray(from, cursor.at);
  },
  string: cursor => cursor.text(),
};

const listReader =
  (read: Read): Read =>
  cursor => {
    if (++cursor.depth > mostNested) throw new Refusal('the bytes are nested too deeply');
    const list: Value[] = [];
    for (let count = cursor.count(); count > 0; count = cursor.count()) {
      for (let left = count; left > 0; left--) list.push(read(cursor));
    }
    cursor.depth--;
    return list;
  };

const mapReader =
  (read: Read): Read =>
  cursor => {
    if (++cursor.depth > mostNested) throw new Refusal('the bytes are nested too deeply');
    const map = newMap();
    for (let count = cursor.count(); count > 0; count = cursor.count()) {
      for (let left = count; left > 0; left--) {
        const key = cursor.text();
        map[key] = read(cursor);
      }
    }
    cursor.depth--;
    return map;
  };
