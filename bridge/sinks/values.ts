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
 * The text of a topic. Throws `template-value-missing` where a part of it has no value, or an empty one: what lacks a part is a topic as well, and
 * nobody looks for the message there.
 */
export function topicText(template: CompiledTemplate, message: Origin, captures: Captures, row: Row): string {
  const { gaps, blanks } = template;
  const text = template.text(message, captures, row);
  if (text === undefined || template.gaps !== gaps)
    throw missing(template, message, captures, row, 'a topic needs all of its parts');
  if (text === '' || template.blanks !== blanks) refuseBlank(template, message, captures, row, 'a topic');
  return text;
}

/**
 * A template's value. Throws `template-value-missing` for text in which a part has no value: `{"speed": }` is no JSON, and `tenant-` is no tenant.
 * A single placeholder may have no value.
 */
export function wholeValue(template: CompiledTemplate, message: Origin, captures: Captures, row: Row): Value {
  const { gaps } = template;
  const value = template.value(message, captures, row);
  if (template.gaps !== gaps) throw missing(template, message, captures, row, partsNeeded);
  return value;
}

/** The same as text. Throws also `value-not-text`. */
export function wholePartsText(
  template: CompiledTemplate,
  message: Origin,
  captures: Captures,
  row: Row,
): string | undefined {
  const { gaps } = template;
  const text = template.text(message, captures, row);
  if (template.gaps !== gaps) throw missing(template, message, captures, row, partsNeeded);
  return text;
}

const partsNeeded = 'text needs all of its parts';

/** The error of a template that has no value, or lacks a part. @param reason why it must have one */
export function missing(
  template: CompiledTemplate,
  message: Origin,
  captures: Captures,
  row: Row,
  reason: string,
): MkbError {
  const placeholder = template.missing(message, captures, row) ?? template.source;
  return new MkbError('template-value-missing', { placeholder, text: reason });
}

/** Throws `template-value-missing` where a placeholder is empty, unless the document says that it may be. @param what needs its parts */
export function refuseBlank(
  template: CompiledTemplate,
  message: Origin,
  captures: Captures,
  row: Row,
  what: string,
): void {
  const placeholder = template.blank(message, captures, row);
  if (placeholder === undefined) return;
  const text = `it is empty, and ${what} needs all of its parts`;
  throw new MkbError('template-value-missing', { placeholder, text });
}

/** When what a row is made of happened, milliseconds since 1970: the end of a window, the time of an event, of a message or of a record, or now if it has none. */
export function timeOfOrigin(origin: Origin): number {
  if ('end' in origin) return origin.end;
  return 'ts' in origin ? (origin.ts ?? Date.now()) : origin.timestamp;
}
