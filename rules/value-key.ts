/**
 * Values as the keys of maps: two values have the same key when a person would call them the same.
 *
 * 1 and 1.0 are the same, since JSON writers differ in how they put a whole float; text and a number never are. What is undefined and
 * JSON's null are the same: nothing. Bytes are the text they hold.
 */
import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { BitString } from './bit-string.ts';
import { compareText } from './compare.ts';
import { isList, isNumeric, type Numeric, numericValue, type Value, type ValueMap } from './value.ts';

/** The key of a value. */
export const valueKey = (value: Value): string => {
  if (typeof value === 'string') return `'${value}`;
  if (typeof value === 'number') return numberKey(value);
  if (value === undefined || value === null) return '-';
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (isNumeric(value)) return numberKey(value);
  if (value instanceof Uint8Array) return isUtf8(value) ? `'${value.toString('utf8')}` : `x${value.toString('latin1')}`;
  if (value instanceof BitString) return `b${value.length}:${value.alignedToStart().toString('latin1')}`;
  return isList(value) ? valuesKey(value) : mapKey(value as ValueMap);
};

/** The key of several values together. */
export const valuesKey = (values: readonly Value[]): string => {
  let joined = '[';
  for (const value of values) joined += withLength(valueKey(value));
  return joined;
};

const longestKept = 64;

/** A key of any length as one that is short: long ones are replaced by what SHA-256 makes of them. */
export const shortened = (key: string): string =>
  key.length <= longestKept ? key : `#${createHash('sha256').update(key).digest('base64')}`;

/** No value's key can be mistaken for the beginning of another's. */
const withLength = (key: string): string => `${key.length}:${key}`;

const numberKey = (value: Numeric): string => {
  const plain = numericValue(value);
  const whole = typeof plain === 'number' && Number.isInteger(plain) && !Number.isSafeInteger(plain);
  return `n${whole ? BigInt(plain) : plain}`;
};

const mapKey = (map: ValueMap): string => {
  const names = Object.keys(map).filter(name => map[name] !== undefined);
  let joined = '{';
  for (const name of names.sort(compareText)) joined += withLength(name) + withLength(valueKey(map[name]));
  return joined;
};
