/**
 * Values of Sparkplug B by their datatypes. Protobuf has them in unsigned fields: an Int32 of -12 is 4294967284 in `int_value`, in two's complement,
 * and an array is bytes in `bytes_value`. Source: the Sparkplug specification 3.0, section 6.4.16, "Data Types".
 *
 * The datatype stands beside the value: in a metric (`datatype`), a property and a parameter of a template (`type`), a data set (`types` of its
 * columns). A metric may leave its datatype out, in NDATA and DDATA, where NBIRTH and DBIRTH gave it; then its number stays as it came.
 */
import { integer } from '../numbers.ts';
import { Refusal } from '../refusal.ts';
import { copyMap, isInteger, isList, isMap, isNumeric, numericValue, type Value, type ValueMap } from '../value.ts';

/** The largest value of unsigned types that are narrower than their field, by code. */
const unsignedMost: ReadonlyMap<Value, number> = new Map([
  [5, 0xff],
  [6, 0xffff],
]);

/** Bits of the signed types, by code. */
const signedBits: ReadonlyMap<Value, number> = new Map([
  [1, 8],
  [2, 16],
  [3, 32],
  [4, 64],
]);

/** How the elements of an array stand in its bytes, least byte first, by code. */
const arrays: ReadonlyMap<Value, ArrayCodec> = new Map(
  Object.entries({
    22: {
      size: 1,
      read: (bytes, at) => bytes.readInt8(at),
      write: (bytes, value, at) => bytes.writeInt8(Number(value), at),
    },
    23: {
      size: 2,
      read: (bytes, at) => bytes.readInt16LE(at),
      write: (bytes, value, at) => bytes.writeInt16LE(Number(value), at),
    },
    24: {
      size: 4,
      read: (bytes, at) => bytes.readInt32LE(at),
      write: (bytes, value, at) => bytes.writeInt32LE(Number(value), at),
    },
    25: {
      size: 8,
      read: (bytes, at) => integer(bytes.readBigInt64LE(at)),
      write: (bytes, value, at) => bytes.writeBigInt64LE(BigInt(value), at),
    },
    26: {
      size: 1,
      read: (bytes, at) => bytes.readUInt8(at),
      write: (bytes, value, at) => bytes.writeUInt8(Number(value), at),
    },
    27: {
      size: 2,
      read: (bytes, at) => bytes.readUInt16LE(at),
      write: (bytes, value, at) => bytes.writeUInt16LE(Number(value), at),
    },
    28: {
      size: 4,
      read: (bytes, at) => bytes.readUInt32LE(at),
      write: (bytes, value, at) => bytes.writeUInt32LE(Number(value), at),
    },
    29: {
      size: 8,
      read: (bytes, at) => integer(bytes.readBigUInt64LE(at)),
      write: (bytes, value, at) => bytes.writeBigUInt64LE(BigInt(value), at),
    },
    34: {
      size: 8,
      read: (bytes, at) => integer(bytes.readBigUInt64LE(at)),
      write: (bytes, value, at) => bytes.writeBigUInt64LE(BigInt(value), at),
    },
  } satisfies Record<string, ArrayCodec>).map(([code, codec]) => [Number(code), codec]),
);

interface ArrayCodec {
  readonly size: number;
  read(bytes: Buffer, at: number): Value;
  /** Throws RangeError for what does not fit. */
  write(bytes: Buffer, value: number | bigint, at: number): void;
}

/** What a direction makes of a value under one of the fields, by the code of its datatype. */
type Turn = (code: Value, field: string, value: Value) => Value;

const turnDecoded: Turn = (code, field, value) => {
  if (field === 'bytes_value') return arrays.has(code) ? listOf(arrays.get(code)!, value) : value;
  const bits = signedBits.get(code);
  if (bits === undefined || !isInteger(value) || !isComplement(BigInt(value), bits, field)) return value;
  return integer(BigInt.asIntN(bits, BigInt(value)));
};

const turnForEncoding: Turn = (code, field, value) => {
  if (field === 'bytes_value') return isList(value) ? bytesOf(arrays.get(code), value) : value;
  if (!isInteger(value)) return value;
  const most = unsignedMost.get(code);
  if (most !== undefined && value > most) throw new Refusal(`${value} is more than datatype ${code} holds, ${most}`);
  const bits = signedBits.get(code);
  if (bits === undefined) return value;
  const fits = value < 0 ? BigInt(value) >= -(2n ** BigInt(bits - 1)) : isComplement(BigInt(value), bits, field);
  if (!fits) throw new Refusal(`${value} is no Int${bits}`);
  if (value >= 0) return value;
  return integer(BigInt.asUintN(bits, BigInt(value)));
};

/**
 * Whether an unsigned number stands for a signed one of so many bits: in that many bits, or with its sign repeated up to the width of the field. Both are
 * seen of an Int8 or Int16. Anything else is no number of that type: it is shown as it came, not cut to one that nobody sent.
 */
const isComplement = (value: bigint, bits: number, field: string): boolean => {
  const width = field === 'long_value' ? 64n : 32n;
  return value < 2n ** BigInt(bits) || value >= 2n ** width - 2n ** BigInt(bits - 1);
};

/** Bytes that are no whole number of elements stay bytes. */
const listOf = ({ size, read }: ArrayCodec, value: Value): Value => {
  if (!(value instanceof Uint8Array) || value.length % size !== 0) return value;
  return Array.from({ length: value.length / size }, (_, at) => read(value, at * size));
};

const bytesOf = (codec: ArrayCodec | undefined, values: readonly Value[]): Buffer => {
  if (codec === undefined)
    throw new Refusal('bytes_value takes a list only of an array of whole numbers (datatype 22 to 29, 34)');
  const bytes = Buffer.alloc(values.length * codec.size);
  for (const [at, value] of values.entries()) {
    if (!isNumeric(value) || !isInteger(value))
      throw new Refusal(`element ${at + 1} of an array must be a whole number`);
    try {
      codec.write(bytes, numericValue(value), at * codec.size);
    } catch {
      throw new Refusal(`element ${at + 1} of an array, ${value}, does not fit its datatype`);
    }
  }
  return bytes;
};

/** A message as `decodeMessage` gives it, with values by their datatypes. @param type `Payload`, `Payload.Metric` ... */
export const decodedValues = (type: string, message: Value): Value => turned(type, message, turnDecoded);

/** The inverse. Throws Refusal for numbers that do not fit their datatype. */
export const valuesToEncode = (type: string, message: Value): Value => turned(type, message, turnForEncoding);

/** The messages in a message: the field, and its type. */
const inner: Readonly<Record<string, readonly (readonly [field: string, type: string])[]>> = {
  Payload: [['metrics', 'Metric']],
  Metric: [
    ['dataset_value', 'DataSet'],
    ['template_value', 'Template'],
    ['properties', 'PropertySet'],
  ],
  Template: [
    ['metrics', 'Metric'],
    ['parameters', 'Parameter'],
  ],
  PropertySet: [['values', 'PropertyValue']],
  PropertySetList: [['propertyset', 'PropertySet']],
  PropertyValue: [
    ['propertyset_value', 'PropertySet'],
    ['propertysets_value', 'PropertySetList'],
  ],
};

const valueFields = ['int_value', 'long_value', 'bytes_value'];

const turned = (name: string, message: Value, turn: Turn): Value => {
  const type = name.split('.').at(-1)!;
  if (!isMap(message)) return message;
  const copy = copyMap(message);
  turnFields(copy, type === 'Metric' ? copy.datatype : copy.type, turn);
  if (type === 'DataSet') turnRows(copy, turn);
  for (const [field, innerType] of inner[type] ?? []) {
    const held = copy[field];
    if (isList(held)) copy[field] = held.map(each => turned(innerType, each, turn));
    else if (held !== undefined) copy[field] = turned(innerType, held, turn);
  }
  return copy;
};

const turnFields = (map: ValueMap, code: Value, turn: Turn): void => {
  if (code === undefined) return;
  for (const field of valueFields) if (map[field] !== undefined) map[field] = turn(code, field, map[field]);
};

/** The cells of a column have its type. */
const turnRows = (set: ValueMap, turn: Turn): void => {
  const { types, rows } = set;
  if (!isList(types) || !isList(rows)) return;
  set.rows = rows.map(row => {
    if (!isMap(row) || !isList(row.elements)) return row;
    const copy = copyMap(row);
    copy.elements = row.elements.map((cell, at) => {
      if (!isMap(cell)) return cell;
      const turnedCell = copyMap(cell);
      turnFields(turnedCell, types[at], turn);
      return turnedCell;
    });
    return copy;
  });
};
