import { MkbError } from '../../api/errors.ts';
import { encodeJson } from '../../rules/json.ts';
import type { Captures, Origin, Row } from '../../rules/rule.ts';
import type { CompiledTemplate } from '../../rules/template.ts';
import type { Value } from '../../rules/value.ts';

/** A value as sinks send it: bytes as they are, text as UTF-8, undefined and null as undefined (no value), everything else as JSON. */
export function bytesOf(value: Value): Buffer | undefined {
  if (value === undefined || value === null) return undefined;
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : encodeJson(value));
}

/**
 * The text of a topic. Throws `template-value-missing` where a part of it has no value: what lacks a part is a topic as well, and nobody looks
 * for the message there.
 */
export function wholeText(template: CompiledTemplate, message: Origin, captures: Captures, row: Row): string {
  const { gaps } = template;
  const text = template.text(message, captures, row);
  if (text !== undefined && template.gaps === gaps) return text;
  const placeholder = template.missing(message, captures, row) ?? template.source;
  throw new MkbError('template-value-missing', { placeholder, text: 'a topic needs all of its parts' });
}

/** When what a row is made of happened, milliseconds since 1970: the end of a window, the time of an event, of a message or of a record, or now if it has none. */
export function timeOfOrigin(origin: Origin): number {
  if ('end' in origin) return origin.end;
  return 'ts' in origin ? (origin.ts ?? Date.now()) : origin.timestamp;
}
