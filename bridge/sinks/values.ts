import { encodeJson } from '../../rules/json.ts';
import type { Value } from '../../rules/value.ts';

/** A value as sinks send it: bytes as they are, text as UTF-8, undefined and null as undefined (no value), everything else as JSON. */
export function bytesOf(value: Value): Buffer | undefined {
  if (value === undefined || value === null) return undefined;
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : encodeJson(value));
}
