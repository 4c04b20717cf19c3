/**
 * Values to Avro's binary encoding. Source: the Avro specification 1.12, "Binary Encoding".
 *
 * Of a union the first branch that takes the value is written, so that a map needs no names of branches in it. A record takes what it has
 * fields for and leaves the rest, as in EMQX; a field that the map does not have is its default, or null where that is allowed.
 */
import { namedFloat } from '../../formats/special-floats.ts';
import { Refusal, refuse } from '../../refusal.ts';
import {
  isInteger,
  isList,
  isMap,
  isNumeric,
  isText,
  numericValue,
  ownValue,
  textOfBytes,
  type Value,
} from '../../value.ts';
import { SchemaFault } from '../fault.ts';
import { takes, within } from './branches.ts';
import { defaultValue } from './defaults.ts';
import {
  type AvroType,
  type Primitive,
  type RecordField,
  type RecordType,
  typeName,
  type UnionType,
} from './schema.ts';

/** Writes a value. Throws Refusal for one that the type does not take. */
export type WriteAvro = (value: Value) => Buffer;

/** Throws SchemaFault for a default that its field does not take. */
export const avroWriter = (type: AvroType): WriteAvro => {
  const compiler = new WriterCompiler();
  const write = compiler.compile(type);
  compiler.finish();
  return value => writtenBy(write, value);
};

const writtenBy = (write: Write, value: Value): Buffer => {
  const output = new Output();
  write(output, value);
  return output.taken();
};

type Write = (output: Output, value: Value) => void;

const mostNested = 200;

class Output {
  bytes = Buffer.allocUnsafe(256);
  at = 0;
  depth = 0;

  taken(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  /** Makes room. Returns where the next `length` bytes go. */
  reserve(length: number): number {
    const from = this.at;
    if (from + length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, from + length));
      this.bytes.copy(larger, 0, 0, from);
      this.bytes = larger;
    }
    this.at += length;
    return from;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  long(value: number | bigint): void {
    if (typeof value === 'bigint' || value > 0x3fffffff || value < -0x40000000) {
      this.#wide(BigInt(value));
      return;
    }
    let left = ((value << 1) ^ (value >> 31)) >>> 0;
    for (; left > 0x7f; left >>>= 7) this.byte((left & 0x7f) | 0x80);
    this.byte(left);
  }

  #wide(value: bigint): void {
    let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    for (; left > 0x7fn; left >>= 7n) this.byte(Number(left & 0x7fn) | 0x80);
    this.byte(Number(left));
  }

  blob(bytes: Buffer): void {
    const at = this.reserve(bytes.length);
    bytes.copy(this.bytes, at);
  }
}

class WriterCompiler {
  readonly #records = new Map<RecordType, Write>();
  /** Defaults can be written only when all writers are there. */
  readonly #later: (() => void)[] = [];

  finish(): void {
    for (const complete of this.#later) complete();
  }

  compile(type: AvroType): Write {
    switch (type.kind) {
      case 'record':
        return this.#record(type);
      case 'enum':
        return (output, value) => {
          const symbol = isText(value) ? type.symbols.indexOf(value.toString()) : -1;
          if (symbol < 0) refuse(`${type.name} must be one of ${type.symbols.join(', ')}`, value);
          output.long(symbol);
        };
      case 'fixed':
        return (output, value) => {
          const bytes = isText(value) ? Buffer.from(value) : undefined;
          if (bytes?.length !== type.size) refuse(`${type.name} must be ${type.size} bytes`, value);
          output.blob(bytes!);
        };
      case 'array':
        return nested(listWriter(this.compile(type.items)));
      case 'map':
        return nested(mapWriter(this.compile(type.values)));
      case 'union':
        return this.#union(type);
      default:
        return primitiveWriters[type.kind];
    }
  }

  #record(type: RecordType): Write {
    const known = this.#records.get(type);
    if (known !== undefined) return known;
    const fields: FieldWriter[] = [];
    const write = nested((output, value) => {
      if (!isMap(value)) return refuse(`${typeName(type)} must be a map`, value);
      for (const field of fields) writeField(field, output, ownValue(value, field.name));
    });
    this.#records.set(type, write);
    for (const field of type.fields) {
      const writer: FieldWriter = { name: field.name, write: this.compile(field.type), fallback: undefined };
      fields.push(writer);
      if (field.fallback !== undefined) this.#later.push(() => prepareFallback(writer, field, field.fallback!.json));
    }
    return write;
  }

  #union({ branches }: UnionType): Write {
    const writers = branches.map(branch => ({ takes: takes(branch), write: this.compile(branch) }));
    return (output, value) => {
      const candidates = writers.filter(writer => writer.takes(value));
      for (const candidate of candidates) {
        const { at, depth } = output;
        try {
          output.long(writers.indexOf(candidate));
          candidate.write(output, value);
          return;
        } catch (error) {
          if (!(error instanceof Refusal) || candidate === candidates.at(-1)) throw error;
          output.at = at;
          output.depth = depth;
        }
      }
      refuse(`it must be ${typeName({ kind: 'union', branches })}`, value);
    };
  }
}

interface FieldWriter {
  readonly name: string;
  readonly write: Write;
  /** The bytes of the default. */
  fallback: Buffer | undefined;
}

const writeField = ({ name, write, fallback }: FieldWriter, output: Output, value: Value): void => {
  try {
    if (value === undefined && fallback !== undefined) output.blob(fallback);
    else write(output, value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(`${name}: ${error.message}${error.found === undefined ? '' : `, found ${error.found}`}`);
  }
};

/** The default of a union is of its first branch. */
const prepareFallback = (writer: FieldWriter, { type, at }: RecordField, json: Value): void => {
  try {
    const value = defaultValue(type, json);
    if (type.kind !== 'union') {
      writer.fallback = Buffer.from(writtenBy(writer.write, value));
      return;
    }
    const compiler = new WriterCompiler();
    const first = compiler.compile(type.branches[0]!);
    compiler.finish();
    writer.fallback = Buffer.concat([Buffer.of(0), writtenBy(first, value)]);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new SchemaFault(at, `the default is not of the field's type: ${error.message}`);
  }
};

const wholeWriter =
  (kind: string, bits: bigint): Write =>
  (output, value) => {
    if (!isInteger(value) || !within(value, bits)) return refuse(`it must be ${kind}`, value);
    output.long(value);
  };

const doubleOf = (kind: string, value: Value): number => {
  if (isNumeric(value)) return Number(numericValue(value));
  const named = isText(value) ? namedFloat(value.toString()) : undefined;
  return named ?? (refuse(`it must be ${kind}`, value) as never);
};

const bytesWriter =
  (kind: string, bytesOf: (value: string | Buffer) => Buffer): Write =>
  (output, value) => {
    if (!isText(value)) return refuse(`it must be ${kind}`, value);
    const bytes = bytesOf(value);
    output.long(bytes.length);
    output.blob(bytes);
  };

const asText = (value: string | Buffer): Buffer => Buffer.from(typeof value === 'string' ? value : textOfBytes(value));

const primitiveWriters: Readonly<Record<Primitive['kind'], Write>> = {
  null: (_output, value) => {
    if (value !== undefined && value !== null) refuse('it must be null', value);
  },
  boolean: (output, value) => {
    if (typeof value !== 'boolean') return refuse('it must be true or false', value);
    output.byte(value ? 1 : 0);
  },
  int: wholeWriter('a whole number of 32 bits', 31n),
  long: wholeWriter('a whole number of 64 bits', 63n),
  float: (output, value) => {
    const double = doubleOf('a number', value);
    const at = output.reserve(4);
    output.bytes.writeFloatLE(double, at);
  },
  double: (output, value) => {
    const double = doubleOf('a number', value);
    const at = output.reserve(8);
    output.bytes.writeDoubleLE(double, at);
  },
  bytes: bytesWriter('bytes', value => Buffer.from(value)),
  string: bytesWriter('text', asText),
};

const nested =
  (write: Write): Write =>
  (output, value) => {
    if (++output.depth > mostNested) throw new Refusal('the value is nested too deeply');
    write(output, value);
    output.depth--;
  };

const listWriter =
  (write: Write): Write =>
  (output, value) => {
    if (!isList(value)) return refuse('it must be a list', value);
    if (value.length > 0) output.long(value.length);
    for (const item of value) write(output, item);
    output.byte(0);
  };

const mapWriter =
  (write: Write): Write =>
  (output, value) => {
    if (!isMap(value)) return refuse('it must be a map', value);
    const keys = Object.keys(value).filter(key => value[key] !== undefined);
    if (keys.length > 0) output.long(keys.length);
    for (const key of keys) {
      primitiveWriters.string(output, key);
      write(output, value[key]);
    }
    output.byte(0);
  };
