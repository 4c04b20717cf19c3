/** What a tap shows of a message at each point. All of it is copied, and all of it is bounded. */
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import { encodeJson } from '../../rules/json.ts';
import type { Message } from '../../rules/message.ts';
import type { Captures, Origin, Row } from '../../rules/rule.ts';
import { shown } from '../../rules/shown.ts';
import type { BoundRule, BoundSink } from '../flow/bound-rule.ts';
import type { Sent } from '../flow/sent.ts';
import type { Source } from '../flow/source.ts';
import type { Lost } from '../flow/witness.ts';
import { type ShownBytes, shownBytes } from './shown-bytes.ts';

export interface TappedMessage {
  /** Where it was seen: `source`, `rule:NAME`, `sink`, `dead-letters`. */
  readonly point: string;
  /** When, as RFC 3339. */
  readonly time: string;
  /** Where it came from. */
  readonly source?: Source['name'];
  readonly rule?: string;
  /** The place of the sink in the rule: `sinks[0].kafka`. */
  readonly sink?: string;
  /** At `source` and `dead-letters` the one that it came with, at `rule` the one that the row's message came with, at `sink` the one that it goes to. */
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: string;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  /** Of an event of the bridge. */
  readonly event?: string;
  readonly key?: ShownBytes;
  readonly payload?: ShownBytes;
  /** What the rule selected, as JSON. */
  readonly row?: ShownBytes;
  readonly headers?: readonly { readonly name: string; readonly value: ShownBytes }[];
  /** How many headers are left out. */
  readonly headersCut?: number;
  /** The code of the error, what it says, and what became of the message. */
  readonly error?: string;
  readonly reason?: string;
  readonly outcome?: string;
}

/** How many headers are shown, and bytes of each name and value. */
const mostHeaders = 32;
const headerBytes = 256;
const mostText = 1024;
/** Of a message with more than that a row is not shown: to write it as JSON would take long. */
const mostRowBytes = 64 * 1024;

type Headers = Iterable<readonly [name: string, value: Buffer | string | undefined]>;

/** @param most bytes of a payload, a key or a row that are shown */
export function cameMessage(source: Source, message: Origin, most: number): TappedMessage {
  const seen = { point: 'source', time: now(), source: source.name, ...topicOf(message) };
  if ('start' in message) return seen;
  if ('event' in message) return { ...seen, event: message.event, ...named('payload', message.payload, most) };
  if ('rawHeaders' in message) {
    const { partition, offset, key, value, rawHeaders } = message;
    const parts = { ...named('key', key, most), ...named('payload', value, most), ...headersOf(rawHeaders) };
    return { ...seen, partition, offset: String(offset), ...parts };
  }
  const { qos, retain, payload } = message;
  return { ...seen, qos, retain, ...named('payload', payload, most), ...headersOf(userPropertiesOf(message)) };
}

/** Properties that cannot be read are none: the rule or sink that reads them says what is wrong with them. */
function userPropertiesOf(message: Message): Headers {
  try {
    return message.userProperties;
  } catch {
    return [];
  }
}

export function madeRow(rule: BoundRule, origin: Origin, captures: Captures, row: Row, most: number): TappedMessage {
  const seen = { point: `rule:${rule.name}`, time: now(), rule: rule.name, ...topicOf(origin) };
  const bytes = bytesOf(origin);
  if (bytes > mostRowBytes) return { ...seen, row: { bytes, cut: true } };
  try {
    const { value } = shown(rule.rule.whole(origin, captures, row));
    return { ...seen, row: shownBytes(encodeJson(value), most) };
  } catch (error) {
    return { ...seen, reason: asMkbError(error).message.slice(0, mostText) };
  }
}

export function sentMessage({ rule, path }: BoundSink, sent: Sent, most: number): TappedMessage {
  const { topic, key, value, headers, qos, retain } = sent;
  return {
    ...{ point: 'sink', time: now(), rule: rule.name, ...(path !== undefined && { sink: path }) },
    ...{ topic: topic.slice(0, mostText), ...(qos !== undefined && { qos, retain: retain! }) },
    ...named('key', key, most),
    ...named('payload', value, most),
    ...headersOf(headers),
  };
}

export function lostMessage({ source, rule, sink, error, outcome, remains }: Lost, most: number): TappedMessage {
  const { key, value, headers = [], facts } = remains;
  return {
    ...{ point: 'dead-letters', time: now(), source: source.name, rule, ...(sink !== undefined && { sink }) },
    ...topicOf(facts ?? {}),
    ...{ error: error.code, reason: error.message.slice(0, mostText), outcome },
    ...named('key', key, most),
    ...named('payload', value, most),
    ...headersOf(headers.map(each => [each.name, each.value])),
  };
}

/** The topic that it came with, from MQTT or Kafka. */
export const topicOfOrigin = (origin: object): string | undefined =>
  'topic' in origin ? (origin.topic as string | undefined) : undefined;

function topicOf(origin: object): { topic?: string } {
  const topic = topicOfOrigin(origin);
  return topic === undefined ? {} : { topic: topic.slice(0, mostText) };
}

const now = (): string => new Date().toISOString();

function bytesOf(origin: Origin): number {
  if ('start' in origin) return 0;
  return ('rawHeaders' in origin ? origin.value?.length : origin.payload?.length) ?? 0;
}

function named<Name extends string>(
  name: Name,
  bytes: Buffer | undefined,
  most: number,
): { [name in Name]?: ShownBytes } {
  return (bytes === undefined ? {} : { [name]: shownBytes(bytes, most) }) as { [name in Name]?: ShownBytes };
}

function headersOf(all: Headers): Pick<TappedMessage, 'headers' | 'headersCut'> {
  const list = [...all];
  if (list.length === 0) return {};
  const headers = list.slice(0, mostHeaders).map(([name, value]) => ({
    name: name.slice(0, headerBytes),
    value: shownBytes(value ?? '', headerBytes),
  }));
  return { headers, ...(list.length > mostHeaders && { headersCut: list.length - mostHeaders }) };
}
