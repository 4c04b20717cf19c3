/** Values that are kept from one message to the next may only be so large, since anybody who may publish chooses them. */
import { Refusal } from '../refusal.ts';
import type { StateLimits } from '../state-limits.ts';
import { isList, isMap, type Value } from '../value.ts';

/** The same value. Throws Refusal if it is larger than `maxValueBytes`. */
export const bounded = (value: Value, { maxValueBytes }: StateLimits): Value => {
  if (sizeOf(value, maxValueBytes) <= maxValueBytes) return value;
  throw new Refusal(
    `a value that is kept may have ${maxValueBytes} bytes (state.maxValueBytes of the rule), and this has more`,
  );
};

/** Bytes, or characters of text, that a value holds, roughly; counting stops at `enough`. */
export const sizeOf = (value: Value, enough: number): number => {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length;
  if (isList(value)) return sumUntil(value, item => sizeOf(item, enough), enough);
  if (!isMap(value)) return typeof value === 'bigint' ? value.toString(16).length / 2 : 8;
  return sumUntil(Object.keys(value), key => key.length + sizeOf(value[key], enough), enough);
};

const sumUntil = <T>(items: readonly T[], size: (item: T) => number, enough: number): number => {
  let total = 8;
  for (const item of items) {
    total += size(item);
    if (total > enough) break;
  }
  return total;
};
