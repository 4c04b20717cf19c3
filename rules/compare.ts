/**
 * Comparison as EMQX's rules do it, in two strengths, and with SQL's meaning of what is missing.
 *
 * `=` and its kin convert: a number meets text by reading the text as a number (text that is none is an error, not false), true and false
 * meet text by their names, 1 equals 1.0. Whatever else differs in kind is not equal, and has no order: asking for one is an error, where
 * EMQX has Erlang's order of terms, by which `true > 30`. IN, contains and CASE x WHEN are exact instead: 1, 1.0 and '1' are three values.
 *
 * A comparison with what is undefined, or JSON's null, is unknown: neither true nor false. The value of unknown is undefined.
 */
import { BitString } from './bit-string.ts';
import { compareNumbers, parseNumber } from './numbers.ts';
import { Refusal, refuse } from './refusal.ts';
import type { Comparison } from './syntax.ts';
import { describe, Float, isList, isMap, isNumeric, isText, type Numeric, type Value, type ValueMap } from './value.ts';

/** True, false, or undefined for unknown. */
export type Truth = boolean | undefined;

const unknown = (left: Value, right: Value): boolean =>
  left === undefined || right === undefined || left === null || right === null;

/** Relations by operator. Throw Refusal for text that must be a number and is none, and for an order that there is not. */
export const relations: Readonly<Record<Exclude<Comparison, '=~'>, (left: Value, right: Value) => Truth>> = {
  '=': (left, right) => (unknown(left, right) ? undefined : equals(left, right)),
  '!=': (left, right) => (unknown(left, right) ? undefined : !equals(left, right)),
  '<': (left, right) => (unknown(left, right) ? undefined : order(left, right) < 0),
  '>': (left, right) => (unknown(left, right) ? undefined : order(left, right) > 0),
  '<=': (left, right) => (unknown(left, right) ? undefined : order(left, right) <= 0),
  '>=': (left, right) => (unknown(left, right) ? undefined : order(left, right) >= 0),
};

/** Whether two values that are there are equal. Throws Refusal for a number and text that is no number. */
export const equals = (left: Value, right: Value): boolean => {
  if (left === right) return true;
  if (typeof left === typeof right && typeof left !== 'object') return false;
  if (isText(left) || isText(right)) return meets(left, right) && order(left, right) === 0;
  return kindRank(left) === kindRank(right) && orderByKind(left, right) === 0;
};

/** Whether text and another value can be equal at all. */
const meets = (left: Value, right: Value): boolean => {
  const other = isText(left) ? right : left;
  return isText(other) || isNumeric(other) || typeof other === 'boolean';
};

/** Orders two values, both there, after converting: below 0, 0 or above 0. */
const order = (left: Value, right: Value): number => {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (isText(left)) return isText(right) ? compareText(text(left), text(right)) : -orderToText(right, text(left));
  if (isText(right)) return orderToText(left, text(right));
  return kindRank(left) === kindRank(right) ? orderByKind(left, right) : noOrder(left, right);
};

/** Orders a value that is no text against text. */
const orderToText = (left: Value, right: string): number => {
  if (isNumeric(left)) return compareNumbers(left, readNumber(right));
  return typeof left === 'boolean' ? compareText(String(left), right) : noOrder(left, right);
};

const noOrder = (left: Value, right: Value): never => {
  throw new Refusal(`${describe(left)} and ${describe(right)} have no order`);
};

const readNumber = (digits: string): Numeric =>
  parseNumber(digits) ?? (refuse('text that is compared with a number must be a number', digits) as never);

/** Bytes that are not UTF-8 compare as if their bad bytes were U+FFFD. */
const text = (value: string | Buffer): string => (typeof value === 'string' ? value : value.toString('utf8'));

const surrogate = /[\ud800-\udfff]/;

/** Orders text by its UTF-8 bytes. JavaScript's own order is that of UTF-16, which differs beyond U+FFFF only. */
export const compareText = (left: string, right: string): number => {
  if (left === right) return 0;
  if (surrogate.test(left) || surrogate.test(right)) return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return left < right ? -1 : 1;
};

const kindRank = (value: Value): number => {
  if (isNumeric(value)) return 0;
  if (value === undefined || value === null || typeof value === 'boolean') return 1;
  if (isMap(value)) return 2;
  return isList(value) ? 3 : 4;
};

/** Erlang's order of terms, in which nothing converts. */
const orderByKind = (left: Value, right: Value): number => {
  const rank = kindRank(left);
  const difference = rank - kindRank(right);
  if (difference !== 0) return difference;
  switch (rank) {
    case 0:
      return compareNumbers(left as Numeric, right as Numeric);
    case 1:
      return compareText(String(left), String(right));
    case 2:
      return compareMaps(left as ValueMap, right as ValueMap);
    case 3:
      return compareLists(left as readonly Value[], right as readonly Value[]);
    default:
      return compareBits(left as string, right as string);
  }
};

/** Text, bytes and bits by what comes first; at equal beginnings the shorter is the smaller. */
const compareBits = (left: string | Buffer | BitString, right: string | Buffer | BitString): number => {
  if (!(left instanceof BitString || right instanceof BitString)) return compareText(text(left), text(right));
  const bytes = (value: string | Buffer | BitString): Buffer =>
    value instanceof BitString ? value.alignedToStart() : Buffer.from(value);
  const bits = (value: string | Buffer | BitString): number =>
    value instanceof BitString ? value.length : Buffer.byteLength(value) * 8;
  return Buffer.compare(bytes(left), bytes(right)) || bits(left) - bits(right);
};

const compareLists = (left: readonly Value[], right: readonly Value[]): number => {
  const shorter = Math.min(left.length, right.length);
  for (let at = 0; at < shorter; at++) {
    const difference = orderByKind(left[at], right[at]);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
};

/** By size, then by keys, then by values in the order of keys. */
const compareMaps = (left: ValueMap, right: ValueMap): number => {
  const leftKeys = Object.keys(left).sort(compareText);
  const rightKeys = Object.keys(right).sort(compareText);
  return (
    leftKeys.length - rightKeys.length ||
    compareLists(leftKeys, rightKeys) ||
    compareLists(
      leftKeys.map(key => left[key]),
      rightKeys.map(key => right[key]),
    )
  );
};

/** Whether two values are the same in kind and value: what IN, contains and CASE x WHEN ask. */
export const identical = (left: Value, right: Value): boolean => {
  if (left === right) return true;
  if (isText(left)) return isText(right) && text(left) === text(right);
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof Float || right instanceof Float) {
    return left instanceof Float && right instanceof Float && left.value === right.value;
  }
  if (left instanceof BitString) return right instanceof BitString && left.equals(right);
  if (isList(left)) return isList(right) && identicalLists(left, right);
  return isMap(left) && isMap(right) && identicalMaps(left, right);
};

/** Whether two values are the same, where 1 and 1.0 are, but text and numbers never: what eq() asks. */
export const sameValue = (left: Value, right: Value): boolean => {
  if (isText(left) || isText(right)) return identical(left, right);
  if (isMap(left) && isMap(right)) return sameMaps(left, right);
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, at) => sameValue(item, right[at]));
  }
  return isNumeric(left) && isNumeric(right) ? compareNumbers(left, right) === 0 : identical(left, right);
};

const sameMaps = (left: ValueMap, right: ValueMap): boolean => {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(key => Object.hasOwn(right, key) && sameValue(left[key], right[key]))
  );
};

const identicalLists = (left: readonly Value[], right: readonly Value[]): boolean =>
  left.length === right.length && left.every((item, at) => identical(item, right[at]));

const identicalMaps = (left: ValueMap, right: ValueMap): boolean => {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(key => Object.hasOwn(right, key) && identical(left[key], right[key]))
  );
};
