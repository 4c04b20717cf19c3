/** The envelope of a CloudEvent in structured mode: JSON with its attributes and its data (CloudEvents JSON format 1.0, 3). */
import { isUtf8 } from 'node:buffer';
import { isJson, opensJson } from '../../rules/cloud-event.ts';
import { encodeJson } from '../../rules/json.ts';
import { isUtf8Text } from '../../rules/media-type.ts';
import type { Value, ValueMap } from '../../rules/value.ts';
import { bytesOf } from './values.ts';

/** What an event is about, and what is known of it. */
export interface EventData {
  /** Undefined for an event without data. */
  readonly value: Value;
  readonly contentType: string | undefined;
  /** It is a JSON value, text among them, and not bytes or text that may be JSON. */
  readonly isJson?: boolean;
  /** It is text that is known to be valid JSON. */
  readonly isValid?: boolean;
  /** It is text, as far as its sender says. */
  readonly isText?: boolean;
}

const plainText = 'text/plain; charset=utf-8';

export function envelopeOf(attributes: ValueMap, data: EventData): Buffer {
  const { contentType, member } = memberOf(data);
  const all = contentType === undefined ? attributes : { ...attributes, datacontenttype: contentType };
  const members = Object.entries(all).map(([name, value]) => `${encodeJson(name)}:${encodeJson(value)}`);
  if (member !== undefined) members.push(member);
  return Buffer.from(`{${members.join(',')}}`);
}

interface Member {
  readonly contentType: string | undefined;
  /** `"data":...`, as it stands in the envelope; undefined without data. */
  readonly member?: string;
}

/** JSON goes in as it is, so that every digit stays; text as text; all else as base64 (3.1.1). */
function memberOf({ value, contentType, isJson: json, isValid, isText }: EventData): Member {
  if (value === undefined) return { contentType };
  if (json) return { contentType: contentType ?? 'application/json', member: `"data":${encodeJson(value)}` };
  const bytes = bytesOf(value) ?? Buffer.alloc(0);
  const text = isUtf8(bytes) ? bytes.toString('utf8') : undefined;
  if (text !== undefined && (isValid || holdsJson(text, contentType)))
    return { contentType: contentType ?? 'application/json', member: `"data":${text}` };
  const readable = contentType === undefined ? isText : isUtf8Text(contentType);
  if (text !== undefined && readable)
    return { contentType: contentType ?? plainText, member: `"data":${encodeJson(text)}` };
  return { contentType, member: `"data_base64":"${bytes.toString('base64')}"` };
}

/** Of data that does not say what it is, an object or a list is taken for JSON: hardly any device says it. */
function holdsJson(text: string, contentType: string | undefined): boolean {
  if (contentType === undefined ? !opensJson(text) : !isJson(contentType)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
