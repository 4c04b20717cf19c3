/** What CBOR and MessagePack have in common when they are written: a head before each value, with its kind and its length. */
import { BitString } from '../bit-string.ts';
import { Refusal } from '../refusal.ts';
import { Float, isList, isText, type Value, type ValueMap } from '../value.ts';
import { deepest } from './byte-reader.ts';

export interface BinaryForm {
  integer(value: bigint, parts: Buffer[]): void;
  float(value: number): Buffer;
  /** Heads by the number of bytes, elements or keys that follow. */
  text(length: number): Buffer;
  bytes(length: number): Buffer;
  list(length: number): Buffer;
  map(length: number): Buffer;
  readonly simple: Readonly<Record<'false' | 'true' | 'null' | 'undefined', number>>;
}

/** The value in a binary form. Throws Refusal for bits, for what is nested too deeply, and for integers that the form does not have. */
export const bytesOf = (value: Value, form: BinaryForm): Buffer => {
  const parts: Buffer[] = [];
  write(value, form, parts, 0);
  return Buffer.concat(parts);
};

const write = (value: Value, form: BinaryForm, parts: Buffer[], depth: number): void => {
  if (depth > deepest) throw new Refusal(`the value is nested more than ${deepest} deep`);
  switch (typeof value) {
    case 'bigint':
      form.integer(value, parts);
      break;
    case 'number':
      if (Number.isInteger(value)) form.integer(BigInt(value), parts);
      else parts.push(form.float(value));
      break;
    case 'string':
      writeText(value, form, parts);
      break;
    case 'object':
      if (value !== null) writeObject(value, form, parts, depth);
      else parts.push(Buffer.of(form.simple.null));
      break;
    default:
      parts.push(Buffer.of(form.simple[`${value}`]));
  }
};

const writeObject = (
  value: Exclude<Value & object, string>,
  form: BinaryForm,
  parts: Buffer[],
  depth: number,
): void => {
  if (value instanceof Float) parts.push(form.float(value.value));
  else if (value instanceof BitString) throw new Refusal(`${value.length} bits are no whole number of bytes`);
  else if (isText(value)) parts.push(form.bytes(value.length), value);
  else if (isList(value)) {
    parts.push(form.list(value.length));
    for (const each of value) write(each, form, parts, depth + 1);
  } else writeMap(value as ValueMap, form, parts, depth);
};

const writeMap = (value: ValueMap, form: BinaryForm, parts: Buffer[], depth: number): void => {
  const keys = Object.keys(value).filter(key => value[key] !== undefined);
  parts.push(form.map(keys.length));
  for (const key of keys) {
    writeText(key, form, parts);
    write(value[key], form, parts, depth + 1);
  }
};

const writeText = (value: string, form: BinaryForm, parts: Buffer[]): void => {
  const bytes = Buffer.from(value);
  parts.push(form.text(bytes.length), bytes);
};

/** In four bytes if that keeps the value, else in eight. @param head of four; that of eight is one more */
export const floatBytes = (value: number, head: number): Buffer => {
  const single = Math.fround(value) === value;
  const bytes = Buffer.alloc(single ? 5 : 9);
  bytes[0] = single ? head : head + 1;
  if (single) bytes.writeFloatBE(value, 1);
  else bytes.writeDoubleBE(value, 1);
  return bytes;
};
