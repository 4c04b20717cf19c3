/** Messages made by hand, to try a rule without any broker: for `mkb eval`, and for tests. */
import { compileRule } from './compile.ts';
import { exampleEvent, readsEvent } from './example-event.ts';
import { exampleRecord, recordCaptures } from './example-record.ts';
import { decodeJson } from './json.ts';
import type { Message } from './message.ts';
import { sourceMatches } from './mqtt-source.ts';
import { eachRowOf, type MadeRow, passTime, wholeRows } from './offline.ts';
import type { Captures, Input, Row, Rule } from './rule.ts';
import type { Ambient } from './scope.ts';
import { captureTopic } from './sources.ts';

import type { Value, ValueMap } from './value.ts';

export interface ExampleOptions {
  readonly topic: string;
  /** Empty if left out. */
  readonly payload?: Buffer | string;
  readonly clientid?: string;
  readonly username?: string;
  readonly peerhost?: string;
  readonly peername?: string;
  readonly clean_start?: boolean;
  readonly proto_ver?: number;
  readonly client_attrs?: ValueMap | undefined;
  readonly qos?: 0 | 1 | 2;
  readonly retain?: boolean;
  readonly dup?: boolean;
  readonly userProperties?: readonly (readonly [name: string, value: string])[];
  /** The other MQTT 5 properties, by EMQX's names, such as `Content-Type`. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970. */
  readonly timestamp?: number;
  readonly id?: string;
  /** Of a record, for a topic that is `$kafka/...`. */
  readonly key?: Buffer | undefined;
  readonly partition?: number | undefined;
  readonly offset?: bigint | undefined;
}

/** What a rule is tried on: a message, or what stands for a record or an event by its topic. */
export interface ExampleMessage extends Message {
  readonly key: Buffer | undefined;
  readonly partition: number | undefined;
  readonly offset: bigint | undefined;
}

/** A message with these properties, QoS 0 at the beginning of 1970 by default. */
export const exampleMessage = (options: ExampleOptions): ExampleMessage => {
  const { payload = '', userProperties = [] } = options;
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  let decoded: { readonly value: Value } | undefined;
  return {
    topic: options.topic,
    payload: bytes,
    qos: options.qos ?? 0,
    retain: options.retain ?? false,
    dup: options.dup ?? false,
    timestamp: options.timestamp ?? 0,
    clientid: options.clientid,
    username: options.username,
    peerhost: options.peerhost,
    peername: options.peername,
    clean_start: options.clean_start,
    proto_ver: options.proto_ver,
    client_attrs: options.client_attrs,
    id: options.id ?? '0'.repeat(32),
    properties: { ...options.properties, ...(userProperties.length > 0 && namedPairs(userProperties)) },
    userProperties,
    key: options.key,
    partition: options.partition,
    offset: options.offset,
    json: () => {
      decoded ??= { value: decodeJson(bytes) };
      return decoded.value;
    },
  };
};

/** As the bridge names user properties: a map, in which the last of a name wins, and all of them in order. */
const namedPairs = (pairs: readonly (readonly [name: string, value: string])[]) => ({
  'User-Property': Object.fromEntries(pairs),
  'User-Property-Pairs': pairs.map(([key, value]) => ({ key, value })),
});

/**
 * The rows that a rule makes of one message: none if no name of FROM matches its topic or WHERE says no; of a rule with windows, what they give
 * when they end with this message alone. Captures are taken from the topic by the first filter that matches. `encodeJson` writes a row.
 *
 * Throws what `compileRule` throws for the rule, and `rule-failed` or `payload-not-json` for the message.
 */
export const evaluateOnce = (sql: string, message: ExampleMessage, ambient: Partial<Ambient> = {}): Row[] => [
  ...evaluateEach(sql, message, ambient),
];

/** The same rows one at a time: a message may make more than memory holds. */
export function* evaluateEach(sql: string, message: ExampleMessage, ambient: Partial<Ambient> = {}): Generator<Row> {
  const rule = compileRule(sql, ambient);
  for (const made of madeOf(rule, message)) yield* wholeRows(rule, [made]);
}

function* madeOf(rule: Rule, message: ExampleMessage): Generator<MadeRow> {
  const read = readBy(rule, message);
  if (read === undefined) return;
  yield* eachRowOf(rule, read.input, read.captures);
  yield* passTime(rule, Number.POSITIVE_INFINITY);
}

/** The message as the rule gets it, by its topic a record or an event, with what FROM captures; undefined if no name of FROM matches. */
export const readBy = (rule: Rule, message: ExampleMessage): { input: Input; captures: Captures } | undefined => {
  const ofRecord = recordCaptures(rule, message.topic);
  if (ofRecord !== undefined) return { input: asRecord(message), captures: ofRecord };
  if (readsEvent(rule, message.topic)) return { input: asEvent(message), captures: [] };
  const captures = capturesIn(rule, message.topic);
  return captures && { input: message, captures };
};

/** The user properties of the message are further columns of the event. */
const asEvent = (message: Message): Input => exampleEvent({ ...message, facts: message.userProperties });

/** The payload is the value of the record, and user properties are its headers. */
const asRecord = ({ payload: value, userProperties: headers, ...message }: ExampleMessage): Input =>
  exampleRecord({ ...message, value, headers });

/** What the captures of a rule hold for an MQTT topic, by the first filter that matches; undefined if none does. */
export const capturesIn = (rule: Rule, topic: string): Captures | undefined => {
  const source = rule.sources.find(each => each.kind === 'mqtt' && sourceMatches(each, topic));
  return source && captureTopic(rule.captureNames, source, topic);
};
