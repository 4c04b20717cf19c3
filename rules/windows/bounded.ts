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

/**
 * Bytes, or characters of text, that a value holds, roughly; counting stops at `enough`.
 *
 * What is still to be counted is a list, and no call within a call: JSON may be nested deeper than the call stack has room for.
 */
export const sizeOf = (value: Value, enough: number): number => {
  const left: Value[] = [value];
  let total = 0;
  while (left.length > 0 && total <= enough) {
    const next = left.pop();
    if (typeof next === 'string' || next instanceof Uint8Array) total += next.length;
    else if (typeof next === 'bigint') total += next.toString(16).length / 2;
    else total += 8;
    if (isList(next)) for (const item of next) left.push(item);
    else if (isMap(next)) {
      for (const key of Object.keys(next)) {
        total += key.length;
        left.push(next[key]);
      }
    }
  }
  return total;
};
