/**
 * A message that is a CloudEvent (CloudEvents 1.0, with its bindings for MQTT and Kafka), as rules and sinks read it.
 *
 * In binary mode its attributes are user properties, or headers with `ce_` before their names, and its data is the payload. In structured mode
 * the payload is an envelope of JSON, and the content type says so; MQTT 3.1.1 has no content type, so a payload without one that has the four
 * attributes that each event needs is taken for an envelope too.
 */
import { MkbError } from '../api/errors.ts';
import { jsonOrUndefined } from './json.ts';
import { mediaTypeOf } from './media-type.ts';
import type { KafkaRecord, Message } from './message.ts';
import { isMap, newMap, type Value, type ValueMap } from './value.ts';

/** What of a message or a record an event is in. */
export type EventMessage = Partial<Pick<Message, 'payload' | 'properties' | 'userProperties'>> &
  Partial<Pick<KafkaRecord, 'value' | 'headers'>> &
  Pick<Message, 'json'>;

export interface CloudEvent {
  /** By name, extensions among them. */
  readonly attributes: ValueMap;
  /** Undefined for an event without data. Bytes are views that are valid as long as those of the message. */
  readonly data: Value;
  /** The data as it came, in binary mode. */
  readonly bytes: Buffer | undefined;
}

const required: readonly string[] = ['id', 'source', 'specversion', 'type'];
const attributeName = /^[a-z0-9]+$/;
const headerPrefix = 'ce_';

/** Undefined for a message that is no CloudEvent of version 1. Throws `payload-not-json` for an envelope that cannot be read. */
export const cloudEventOf = (message: EventMessage): CloudEvent | undefined => {
  const payload = message.payload ?? message.value;
  if (last.message !== message || last.payload !== payload || payload === undefined)
    last = { message, payload, event: read(message, payload) };
  return last.event;
};

/** The columns and templates of a rule ask for the same event one after the other. The payload is another object for each message. */
let last: { message?: EventMessage; payload?: Buffer | undefined; event?: CloudEvent | undefined } = {};

const read = (message: EventMessage, payload: Buffer | undefined): CloudEvent | undefined => {
  const contentType = contentTypeOf(message);
  const mediaType = mediaTypeOf(contentType);
  if (mediaType === 'application/cloudevents+json') return envelope(message.json());
  const binary = binaryEvent(message, payload, contentType);
  if (binary !== undefined || contentType !== undefined || payload === undefined) return binary;
  return looksLikeEnvelope(payload) ? envelope(jsonOf(message)) : undefined;
};

/** The content type that a message has, wherever its protocol puts it. */
export const contentTypeOf = ({ properties, headers }: EventMessage): string | undefined => {
  const found = properties === undefined ? headers?.['content-type'] : properties['Content-Type'];
  return typeof found === 'string' ? found : undefined;
};

const binaryEvent = (
  { userProperties, headers }: EventMessage,
  payload: Buffer | undefined,
  contentType: string | undefined,
): CloudEvent | undefined => {
  const attributes = newMap();
  if (userProperties !== undefined) for (const [name, value] of userProperties) addAttribute(attributes, name, value);
  else
    for (const [name, value] of Object.entries(headers ?? {}))
      if (name.startsWith(headerPrefix)) addAttribute(attributes, name.slice(headerPrefix.length), value as Value);
  if (!isEvent(attributes)) return undefined;
  if (contentType !== undefined) attributes.datacontenttype = contentType;
  const { datacontenttype } = attributes;
  return { attributes, bytes: payload, data: decoded(payload, datacontenttype as string | undefined) };
};

const addAttribute = (attributes: ValueMap, name: string, value: Value): void => {
  if (attributeName.test(name) && name !== 'data' && typeof value === 'string') attributes[name] = value;
};

const isEvent = (attributes: ValueMap): boolean =>
  required.every(name => typeof attributes[name] === 'string' && attributes[name] !== '') &&
  (attributes.specversion as string).startsWith('1.');

/** Whoever sends data as JSON wants its fields; what does not hold what it claims stays bytes. */
const decoded = (payload: Buffer | undefined, contentType: string | undefined): Value => {
  if (payload === undefined || payload.length === 0) return undefined;
  if (contentType === undefined ? !opensJson(payload) : !isJson(contentType)) return payload;
  const value = jsonOrUndefined(payload);
  return value === undefined ? payload : value;
};

/** Whether a content type says that data is JSON: a subtype of `json`, or with the suffix `+json`. */
export const isJson = (contentType: string): boolean => /\/(?:[^/]+\+)?json$/.test(mediaTypeOf(contentType) ?? '');

const brace = 0x7b;
const bracket = 0x5b;

/** Whether bytes or text begin like an object or a list. */
export const opensJson = (data: Buffer | string): boolean => {
  for (let at = 0; at < data.length; at++) {
    const unit = typeof data === 'string' ? data.charCodeAt(at) : (data[at] as number);
    if (unit !== 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) return unit === brace || unit === bracket;
  }
  return false;
};

const looksLikeEnvelope = (payload: Buffer): boolean => opensJson(payload) && payload.includes('"specversion"');

const jsonOf = (message: EventMessage): Value => {
  try {
    return message.json();
  } catch (error) {
    if (MkbError.is(error, 'payload-not-json')) return undefined;
    throw error;
  }
};

const envelope = (value: Value): CloudEvent | undefined => {
  if (!isMap(value)) return undefined;
  const attributes = newMap();
  for (const [name, each] of Object.entries(value)) {
    // What is null is left out (JSON format, 2.4).
    if (attributeName.test(name) && name !== 'data' && each !== null && each !== undefined) attributes[name] = each;
  }
  if (!isEvent(attributes)) return undefined;
  const { datacontenttype } = attributes;
  if (typeof datacontenttype !== 'string' || datacontenttype === '') delete attributes.datacontenttype;
  const { data, data_base64: base64 } = value;
  if (typeof base64 === 'string') return { attributes, bytes: undefined, data: Buffer.from(base64, 'base64') };
  if (data !== undefined && attributes.datacontenttype === undefined) attributes.datacontenttype = 'application/json';
  return { attributes, bytes: undefined, data };
};

/** The event as a rule reads it: attributes by name, and `data`. */
export const eventMap = (message: EventMessage): Value => {
  const event = cloudEventOf(message);
  if (event === undefined) return undefined;
  const { attributes, data } = event;
  return data === undefined ? attributes : Object.assign(newMap(), attributes, { data });
};
