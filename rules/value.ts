/**
 * What a rule computes with.
 *
 * EMQX tells 2 from 2.0 and keeps integers of any size, and JSON that passes through a rule must keep the difference. Wrapping every
 * number would cost the hot path, so only the rare cases are marked: an integer beyond 2^53 is a bigint, and a float that happens to
 * be whole is a `Float`. Hence a plain number is an integer exactly when `Number.isInteger` says so, and it is always finite.
 *
 * Bytes (a payload) stay a Buffer until text is needed. Maps may come from JSON.parse or be made here; either way they are read
 * with `Object.hasOwn` and written through `newMap`, so that a key named `__proto__` or `constructor` is a key like any other.
 */
import { isUtf8 } from 'node:buffer';
import { MkbError } from '../api/errors.ts';
import { BitString } from './bit-string.ts';

export type Value =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | Float
  | string
  | Buffer
  | BitString
  | readonly Value[]
  | ValueMap;

export interface ValueMap {
  [key: string]: Value;
}

/** A number of any representation. */
export type Numeric = number | bigint | Float;

/** A float without a fraction: 2.0. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }

  toString(): string {
    const text = String(this.value);
    return text.includes('e') ? text : `${text}.0`;
  }
}

/** Maps without inherited members; unlike `Object.create(null)` they keep V8's fast property layout. */
const MapWithoutPrototype = function (this: ValueMap) {} as unknown as { new (): ValueMap; prototype: object };
MapWithoutPrototype.prototype = Object.freeze(Object.create(null));

/** An empty map, in which any key is an ordinary key. */
export const newMap = (): ValueMap => new MapWithoutPrototype();

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

export const isMap = (value: Value): value is ValueMap =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Float) &&
  !(value instanceof BitString) &&
  !(value instanceof Uint8Array);

export const isNumeric = (value: Value): value is Numeric =>
  typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;

export const isInteger = (value: Value): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));

export const isText = (value: Value): value is string | Buffer =>
  typeof value === 'string' || value instanceof Uint8Array;

/** The value of `key` in a map; undefined when there is none. */
export const ownValue = (map: ValueMap, key: string): Value => (Object.hasOwn(map, key) ? map[key] : undefined);

/** A shallow copy that may be written to. */
export const copyMap = (map: ValueMap): ValueMap => {
  const copy = newMap();
  for (const key of Object.keys(map)) copy[key] = map[key];
  return copy;
};

/** Bytes as UTF-8 text. Throws `value-not-text` rather than put replacement characters into someone's data. */
export const textOfBytes = (bytes: Buffer): string => {
  if (!isUtf8(bytes)) throw new MkbError('value-not-text', { bytes: bytes.length });
  return bytes.toString('utf8');
};

/** A number's mathematical value: the wrapper of a whole float taken off. */
export const numericValue = (value: Numeric): number | bigint => (value instanceof Float ? value.value : value);

const longest = 60;

/** A value for an error message: its kind and a short rendering. */
export const describe = (value: Value): string => {
  if (value === undefined) return 'undefined';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (isNumeric(value)) return `the number ${shorten(String(value))}`;
  if (typeof value === 'string') return `the text '${shorten(value)}'`;
  if (value instanceof Uint8Array) return `the bytes '${shorten(value.toString('utf8', 0, longest * 4))}'`;
  if (value instanceof BitString) return `${value.length} bits`;
  if (isList(value)) return `a list of ${value.length}`;
  return shorten(`a map of ${Object.keys(value).join(', ') || 'nothing'}`);
};

const shorten = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest)}…`);
