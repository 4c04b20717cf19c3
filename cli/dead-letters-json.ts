/** A dead letter as JSON, for programs. */
import { isUtf8 } from 'node:buffer';
import type { Letter } from '../bridge/letters/letter.ts';
import { whenOf } from './dead-letters-text.ts';

export const letterJson = ({ partition, offset, timestamp, key, value, reason, source, headers }: Letter): object => ({
  partition,
  // A number of JSON is exact up to 2^53 only.
  offset: String(offset),
  time: whenOf(timestamp),
  ...reason,
  source,
  ...named('key', key),
  ...named('value', value),
  headers: headers.map(([name, content]) => ({ name, ...named('value', content) })),
});

/** Text as it is, and what is none in base64. */
const named = (name: string, bytes: Buffer | undefined): object => {
  if (bytes === undefined) return { [name]: null };
  return isUtf8(bytes) ? { [name]: bytes.toString() } : { [`${name}_base64`]: bytes.toString('base64') };
};
