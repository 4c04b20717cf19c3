/**
 * Values as they are shown to a person, who must see what a message holds even where no JSON can: bytes that are no text are shown in base64,
 * with the mark that payloads of tests have as well (`base64:AAEC`).
 */
import { isUtf8 } from 'node:buffer';
import { MkbError } from '../api/errors.ts';
import { BitString } from './bit-string.ts';
import { copyMap, isList, isMap, type Value } from './value.ts';

export interface Shown {
  readonly value: Value;
  /** Where bytes were shown so: `payload (3 bytes)`. */
  readonly marked: readonly string[];
}

/** Throws `value-not-encodable` for what is nested too deeply. */
export const shown = (value: Value): Shown => {
  const marked: string[] = [];
  try {
    return { value: withMarks(value, '', marked), marked };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new MkbError('value-not-encodable', { reason: 'it is nested too deeply' }, { cause });
  }
};

const withMarks = (value: Value, path: string, marked: string[]): Value => {
  if (value instanceof Uint8Array && !isUtf8(value)) {
    marked.push(`${path} (${value.length} bytes)`);
    return `base64:${Buffer.from(value).toString('base64')}`;
  }
  if (value instanceof BitString) {
    marked.push(`${path} (${value.length} bits)`);
    return `base64:${value.alignedToStart().toString('base64')}`;
  }
  if (isList(value)) return value.map((item, at) => withMarks(item, `${path}[${at + 1}]`, marked));
  if (!isMap(value)) return value;
  const copy = copyMap(value);
  for (const key of Object.keys(copy)) copy[key] = withMarks(copy[key], path === '' ? key : `${path}.${key}`, marked);
  return copy;
};
