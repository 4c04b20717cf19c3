/** What may stand in an attribute of a CloudEvent (CloudEvents 1.0, "Type System"). */
import { isUtf8 } from 'node:buffer';
import { MkbError } from '../../api/errors.ts';
import { encodeJson } from '../../rules/json.ts';
import type { Captures, Origin, Row } from '../../rules/rule.ts';
import type { CompiledTemplate } from '../../rules/template.ts';
import type { Value } from '../../rules/value.ts';

/** Control characters, lone surrogates and code points that are no characters. */
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;
/** What stands in URIs as it is (RFC 3986, 2), a `%` only with two digits behind it. */
const notInUris = /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9._~:/?#[\]@!$&'()*+,;=%-]/gu;
const lastSecond = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * What a template gives an attribute; undefined where it has no value, or lacks a part, or is empty.
 * Throws `cloud-event-invalid` for characters that no attribute may hold.
 */
export function attributeText(
  attribute: string,
  template: CompiledTemplate,
  origin: Origin,
  captures: Captures,
  row: Row,
): string | undefined {
  const { gaps } = template;
  const text = template.text(origin, captures, row);
  if (text === undefined || text === '' || template.gaps !== gaps) return undefined;
  if (allowedText(text) === undefined)
    throw new MkbError('cloud-event-invalid', { attribute, reason: 'it has characters that none may have' });
  return text;
}

/** Text or bytes as an attribute; undefined if that cannot be. */
export function allowedText(value: string | Buffer): string | undefined {
  if (typeof value !== 'string') return isUtf8(value) ? allowedText(value.toString()) : undefined;
  return value === '' || forbidden.test(value) ? undefined : value;
}

/** A URI reference, or for `dataschema` a URI: what it may not hold is percent-encoded. Throws `cloud-event-invalid`. */
export function uriText(attribute: 'source' | 'dataschema', text: string): string {
  if (attribute === 'dataschema' && !/^[A-Za-z][A-Za-z0-9+.-]*:/.test(text))
    throw new MkbError('cloud-event-invalid', { attribute, reason: 'it does not begin with a scheme such as https:' });
  return text.replace(notInUris, encodeURIComponent);
}

/** A time as RFC 3339 has it; undefined beyond the years that it has. @param time milliseconds since 1970 */
export function timeText(time: number): string | undefined {
  return time >= 0 && time <= lastSecond ? new Date(time).toISOString() : undefined;
}

/** The text of an attribute that an envelope may have had as a number or a boolean. */
export function canonicalText(value: Value): string {
  return typeof value === 'string' ? value : encodeJson(value);
}
