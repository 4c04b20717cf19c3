/**
 * Protobuf messages as values: a map with the message's fields under their names.
 *
 * A field that the bytes do not hold is left out of the map, and so is a list without elements; but a plain field of version 3, which bytes
 * never hold when it is zero or empty, is always there. A field of a oneof stands among the others. Integers of 64 bits are exact, enums are the names of their values. On the way out each value is checked against its field's type,
 * and a key that is no field is an error rather than silently lost.
 */
import protobuf from 'protobufjs/light.js';
import { integer } from '../numbers.ts';
import { Refusal, refuse } from '../refusal.ts';
import {
  isInteger,
  isList,
  isMap,
  isNumeric,
  isText,
  newMap,
  numericValue,
  textOfBytes,
  type Value,
  type ValueMap,
} from '../value.ts';
import { floatValue, namedFloat } from './special-floats.ts';

/** Throws Refusal for bytes that are not of this type. */
export const decodeMessage = (type: protobuf.Type, bytes: Buffer): Value => {
  let message: protobuf.Message;
  try {
    message = type.decode(bytes);
  } catch (error) {
    throw new Refusal(`the bytes are no ${type.name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return messageValue(type, message as unknown as Plain);
};

/** Throws Refusal for a value that does not fit the type. */
export const encodeMessage = (type: protobuf.Type, value: Value): Buffer =>
  Buffer.from(type.encode(messageObject(type, value)).finish());

type Plain = Readonly<Record<string, unknown>>;

const messageValue = (type: protobuf.Type, message: Plain): ValueMap => {
  const map = newMap();
  for (const field of type.fieldsArray) {
    if (Object.hasOwn(message, field.name)) setField(map, field, message[field.name]);
    else if (isImplicit(field)) map[field.name] = singleValue(field, field.bytes ? noBytes : field.typeDefault);
  }
  return map;
};

const noBytes = new Uint8Array(0);

const isImplicit = (field: protobuf.Field): boolean =>
  !field.hasPresence && !field.repeated && !field.map && !(field.resolvedType instanceof protobuf.Type);

const setField = (map: ValueMap, field: protobuf.Field, held: unknown): void => {
  if (field.repeated) {
    const items = (held as readonly unknown[]).map(item => singleValue(field, item));
    if (items.length > 0) map[field.name] = items;
  } else if (!field.map) map[field.name] = singleValue(field, held);
  else if (Object.keys(held as Plain).length > 0) map[field.name] = entriesValue(field, held as Plain);
};

const entriesValue = (field: protobuf.Field, entries: Plain): ValueMap => {
  const map = newMap();
  const { keyType } = field as unknown as protobuf.MapField;
  for (const key of Object.keys(entries)) map[keyText(keyType, key)] = singleValue(field, entries[key]);
  return map;
};

/** The library has the eight bytes of a key of 64 bits as eight characters. */
const keyText = (keyType: string, key: string): string => {
  if (!isWide(keyType)) return key;
  const { lo, hi } = protobuf.util.LongBits.fromHash(key);
  const bits = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
  return String(isUnsigned(keyType) ? bits : BigInt.asIntN(64, bits));
};

const isWide = (type: string): boolean => type.endsWith('64');
const isUnsigned = (type: string): boolean => type === 'uint64' || type === 'fixed64';

const singleValue = (field: protobuf.Field, held: unknown): Value => {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return messageValue(resolvedType, held as Plain);
  if (resolvedType instanceof protobuf.Enum) return resolvedType.valuesById[held as number] ?? (held as number);
  // The library has an empty list for bytes of an entry that holds none.
  if (field.type === 'bytes') return Buffer.from(held as Uint8Array | readonly number[]);
  if (typeof held === 'object' && held !== null) return integer(BigInt(String(held)));
  return isFloatField(field) ? floatValue(held as number) : (held as Value);
};

const isFloatField = ({ type }: protobuf.Field): boolean => type === 'float' || type === 'double';

const messageObject = (type: protobuf.Type, value: Value): Record<string, unknown> => {
  if (!isMap(value)) return refuse(`${type.name} must be a map`, value) as never;
  const object: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const field = Object.hasOwn(type.fields, key) ? type.fields[key] : undefined;
    if (field === undefined) throw new Refusal(`${type.name} has no field ${key}`);
    field.resolve();
    if (value[key] !== undefined) object[key] = fieldObject(field, value[key]);
  }
  for (const field of type.fieldsArray) {
    if (field.required && !(field.name in object)) throw new Refusal(`${type.name} needs the field ${field.name}`);
  }
  return object;
};

const fieldObject = (field: protobuf.Field, value: Value): unknown => {
  if (field.repeated) {
    return isList(value)
      ? value.map(item => singleObject(field, item))
      : refuse(`the field ${field.name} must be a list`, value);
  }
  return field.map ? entriesObject(field, value) : singleObject(field, value);
};

const entriesObject = (field: protobuf.Field, value: Value): unknown => {
  if (!isMap(value)) return refuse(`the field ${field.name} must be a map`, value);
  const { keyType } = field as unknown as protobuf.MapField;
  const entries = Object.keys(value).map(key => {
    if (!isKey(keyType, key)) throw new Refusal(`the field ${field.name} has the key ${key}, which is no ${keyType}`);
    return [key, singleObject(field, value[key])];
  });
  return Object.fromEntries(entries);
};

/** Of any other text the library would make 0, or false. */
const isKey = (keyType: string, key: string): boolean => {
  if (keyType === 'string') return true;
  if (keyType === 'bool') return key === 'true' || key === 'false';
  return /^(?:0|-?[1-9]\d{0,19})$/.test(key) && scalars[keyType]?.(integer(BigInt(key))) !== undefined;
};

const singleObject = (field: protobuf.Field, value: Value): unknown => {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) return messageObject(resolvedType, value);
  if (resolvedType instanceof protobuf.Enum) return enumNumber(field, resolvedType, value);
  const scalar = scalars[field.type];
  if (scalar === undefined) throw new Refusal(`the field ${field.name} has the unknown type ${field.type}`);
  const object = scalar(value);
  return object === undefined ? refuse(`the field ${field.name} must be ${field.type}`, value) : object;
};

const enumNumber = (field: protobuf.Field, { values }: protobuf.Enum, value: Value): number => {
  const name = isText(value) ? value.toString() : undefined;
  if (name !== undefined && Object.hasOwn(values, name)) return values[name]!;
  return isInteger(value)
    ? Number(value)
    : (refuse(`the field ${field.name} must be one of ${Object.keys(values).join(', ')}`, value) as never);
};

/** A value as protobufjs takes it; undefined when it does not fit the type. */
type Scalar = (value: Value) => unknown;

/** 64 bits as protobufjs takes them. */
const longOf = (value: bigint, unsigned: boolean): object => ({
  low: Number(BigInt.asIntN(32, value)),
  high: Number(BigInt.asIntN(32, value >> 32n)),
  unsigned,
});

const integerOf =
  (low: bigint, high: bigint, wide: boolean): Scalar =>
  value => {
    if (!isInteger(value) || value < low || value > high) return undefined;
    return wide ? longOf(BigInt(value), low === 0n) : Number(value);
  };

const signed32 = integerOf(-(2n ** 31n), 2n ** 31n - 1n, false);
const unsigned32 = integerOf(0n, 2n ** 32n - 1n, false);
const signed64 = integerOf(-(2n ** 63n), 2n ** 63n - 1n, true);
const unsigned64 = integerOf(0n, 2n ** 64n - 1n, true);

const floating: Scalar = value => {
  if (isNumeric(value)) return Number(numericValue(value));
  return isText(value) ? namedFloat(value.toString()) : undefined;
};

const scalars: Readonly<Record<string, Scalar>> = {
  ...{ int32: signed32, sint32: signed32, sfixed32: signed32, uint32: unsigned32, fixed32: unsigned32 },
  ...{ int64: signed64, sint64: signed64, sfixed64: signed64, uint64: unsigned64, fixed64: unsigned64 },
  ...{ float: floating, double: floating },
  bool: value => (typeof value === 'boolean' ? value : value === 1 || value === 0 ? value === 1 : undefined),
  string: value => (isText(value) ? (typeof value === 'string' ? value : textOfBytes(value)) : undefined),
  bytes: value => (isText(value) ? Buffer.from(value) : undefined),
};
