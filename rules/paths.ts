/**
 * Steps into values, and values put at the end of steps.
 *
 * Reading never fails: a step that leads nowhere gives undefined. Text met on the way is taken as JSON (`payload.s.k` reads inside the
 * text of s). Writing never changes a value in place: decoded payloads are shared by all rules, so each level on the way is copied.
 */
import { jsonOrUndefined } from './json.ts';
import { Refusal, refuse } from './refusal.ts';
import { copyMap, isInteger, isList, isMap, isText, newMap, ownValue, type Value } from './value.ts';

/** The value under `key`, or undefined. */
export const readKey = (value: Value, key: string): Value => {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'string' ? readKey(jsonOrUndefined(value), key) : undefined;
  }
  if (isMap(value)) return ownValue(value, key);
  return isText(value) ? readKey(jsonOrUndefined(value), key) : undefined;
};

/** The element at `position`, from 1, or from the end when negative; undefined when there is none. */
export const readPosition = (value: Value, position: Value): Value => {
  if (isText(value)) return readPosition(jsonOrUndefined(value), position);
  if (!isList(value) || !isInteger(position)) return undefined;
  const at = Number(position);
  if (at === 0) return undefined;
  return at > 0 ? value[at - 1] : value[value.length + at];
};

/**
 * The elements from `from` to `to`, both included and counted from 1 or from the end; clipped at the end.
 * Throws Refusal for what is no list, for position 0, and for a beginning before the first element.
 */
export const readSlice = (value: Value, from: number, to: number): Value => {
  if (!isList(value)) return refuse('only a list has ranges', value);
  const first = absolute(from, value.length);
  const last = absolute(to, value.length);
  if (first < 1) throw new Refusal(`the list of ${value.length} has no position ${from}`);
  if (last < first - 1)
    throw new Refusal(`the range ${from}..${to} of a list of ${value.length} ends before it begins`);
  return value.slice(first - 1, last);
};

const absolute = (position: number, length: number): number => {
  if (position === 0) throw new Refusal('positions count from 1');
  return position > 0 ? position : length + position + 1;
};

/**
 * `base` with `value` at the end of `path`; maps and lists on the way are made where there are none. What is undefined is not put.
 *
 * A position replaces an element; beyond the list it changes nothing; 0 puts before the first and -0 after the last; on what is no
 * list any position makes a list of one.
 */
export const put = (base: Value, path: readonly (string | number)[], value: Value): Value => {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const inner = typeof step === 'string' ? readKey(base, step) : readPosition(base, step);
  const changed = put(inner, rest, value);
  if (changed === undefined) return base;
  return typeof step === 'string' ? putKey(base, step, changed) : putPosition(base, step, changed);
};

const putKey = (base: Value, key: string, value: Value): Value => {
  const decoded = isText(base) ? jsonOrUndefined(base) : base;
  const copy = isMap(decoded) ? copyMap(decoded) : newMap();
  copy[key] = value;
  return copy;
};

const putPosition = (base: Value, position: number, value: Value): Value => {
  if (!isList(base)) return [value];
  if (Object.is(position, -0)) return [...base, value];
  if (position === 0) return [value, ...base];
  const at = position > 0 ? position - 1 : base.length + position;
  return at < 0 || at >= base.length ? base : base.with(at, value);
};
