/**
 * Steps into values, and values put at the end of steps.
 *
 * Reading never fails: a step that leads nowhere gives undefined. Text met on the way is taken as JSON (`payload.s.k` reads inside the
 * text of s). Writing never changes a value in place: decoded payloads are shared by all rules, so each level on the way is copied.
 */
import { jsonOrUndefined } from './json.ts';
import { refuse } from './refusal.ts';
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
 * The elements from `from` to `to`, both included and counted from 1 or from the end; those of them that the list has, and so none where
 * the range is empty. Throws Refusal for what is no list.
 */
export const readSlice = (value: Value, from: number, to: number): Value => {
  if (!isList(value)) return refuse('only a list has ranges', value);
  return value.slice(Math.max(absolute(from, value.length) - 1, 0), Math.max(absolute(to, value.length), 0));
};

const absolute = (position: number, length: number): number => (position > 0 ? position : length + position + 1);

/**
 * `base` with `value` at the end of `path`; maps and lists on the way are made where there are none. A key that gets undefined is taken out;
 * what had to give way to a map does so for it too, so that no value of before is taken for the one that is missing.
 *
 * A position replaces an element; beyond the list it changes nothing; 0 puts before the first and -0 after the last; on what is no
 * list any position makes a list of one.
 */
export const put = (base: Value, path: readonly (string | number)[], value: Value): Value => {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  const inner = typeof step === 'string' ? readKey(base, step) : readPosition(base, step);
  const changed = put(inner, rest, value);
  if (changed === undefined && inner === undefined && !givesWay(base)) return base;
  return typeof step === 'string' ? putKey(base, step, changed) : putPosition(base, step, changed);
};

/** Whether a value is neither a map nor a list, not even as JSON text. */
const givesWay = (base: Value): boolean => {
  if (base === undefined) return false;
  const decoded = isText(base) ? jsonOrUndefined(base) : base;
  return !isMap(decoded) && !isList(decoded);
};

const putKey = (base: Value, key: string, value: Value): Value => {
  const decoded = isText(base) ? jsonOrUndefined(base) : base;
  const copy = isMap(decoded) ? copyMap(decoded) : newMap();
  if (value === undefined) delete copy[key];
  else copy[key] = value;
  return copy;
};

const putPosition = (base: Value, position: number, value: Value): Value => {
  if (!isList(base)) return [value];
  if (Object.is(position, -0)) return [...base, value];
  if (position === 0) return [value, ...base];
  const at = position > 0 ? position - 1 : base.length + position;
  return at < 0 || at >= base.length ? base : base.with(at, value);
};
