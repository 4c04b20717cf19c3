/**
 * What is written of sessions: changes, one after the other. Each is a record as the buffer's messages are (buffer/message-record.ts), with its kind where
 * these have their flags, a head of JSON where they have properties, and bytes where they have a payload.
 *
 * `s` is the number of a session, which no other ever has; `n` is the number of a message in it, and grows; `p` is a packet identifier.
 */
import type { Publisher } from '../../../rules/message.ts';
import { MqttMessage } from '../../mqtt/message.ts';
import type { Publication } from '../../mqtt/publisher/publication.ts';
import type { Subscription } from '../subscribe-packet.ts';

/** For whom a message is; `p` is 0 until it is sent. */
export type Addressee = readonly [
  s: number,
  n: number,
  qos: 1 | 2,
  retain: boolean,
  subscriptionIds: readonly number[] | null,
  p: number,
];

/** Where a record of Kafka was, for which a message was made: by which sink, of which partition, its offset and which of its rows. */
export type Place = readonly [sink: string, partition: string, offset: string, row: number];

export interface Heads {
  /** All that is before counts no more. */
  reset: Record<string, never>;
  /** The process has ended as it should. */
  closed: Record<string, never>;
  /** The whole session but its messages; `l` are identifiers whose PUBREL is due. */
  session: {
    readonly s: number;
    readonly id: string;
    readonly user: string | undefined;
    readonly expiry: number;
    readonly subscriptions: readonly Subscription[];
    readonly receipts: readonly (readonly [p: number, message: number])[];
    readonly l: readonly number[];
    /** When its client left, milliseconds since 1970; undefined while it is connected. */
    readonly left: number | undefined;
  };
  ended: { readonly s: number };
  /** Its client has come, or left. */
  presence: { readonly s: number; readonly expiry: number; readonly left: number | undefined };
  subscribed: { readonly s: number; readonly subscription: Subscription };
  unsubscribed: { readonly s: number; readonly name: string };
  /** A message and all whom it is for, so that either each of them has it or none. Its payload is the entry's bytes. */
  message: {
    readonly to: readonly Addressee[];
    readonly publication: Omit<Publication, 'payload' | 'correlationData'> & { readonly correlation?: string };
    /** When it came, milliseconds since 1970. */
    readonly at: number;
    readonly place: Place | undefined;
  };
  sent: { readonly s: number; readonly n: number; readonly p: number };
  /** Acknowledged, or dropped. */
  done: { readonly s: number; readonly n: number };
  /** PUBREC has come: PUBREL is due. */
  received: { readonly s: number; readonly n: number; readonly p: number };
  completed: { readonly s: number; readonly p: number };
  /** What a client has published by QoS 2. `message` is its id in the buffer: without it the receipt counts for nothing. */
  receipt: { readonly s: number; readonly p: number; readonly message: number };
  forgotten: { readonly s: number; readonly p: number };
  /** Its packet is the entry's bytes. */
  will: {
    readonly s: number;
    readonly version: '5' | '3.1.1';
    readonly publisher: Publisher;
    readonly topic: string;
    readonly retain: boolean;
    /** When it is to be published, milliseconds since 1970. */
    readonly due: number;
  };
  willOver: { readonly s: number };
}

export type Kind = keyof Heads;
/** Numbers are their places: append only. */
const kinds: readonly Kind[] = [
  'reset',
  'closed',
  'session',
  'ended',
  'presence',
  'subscribed',
  'unsubscribed',
  'message',
  'sent',
  'done',
  'received',
  'completed',
  'receipt',
  'forgotten',
  'will',
  'willOver',
];

export type Entry = {
  readonly [K in Kind]: { readonly kind: K; readonly head: Heads[K]; readonly bytes: Buffer };
}[Kind];

const none = Buffer.alloc(0);
const scratch = new MqttMessage('00000000');

/** The entry as what is added to a batch: valid until the next. */
export function encodeEntry<K extends Kind>(kind: K, head: Heads[K], bytes: Buffer = none): MqttMessage {
  const text = Buffer.from(JSON.stringify(head));
  scratch.buffer = bytes.length === 0 ? text : Buffer.concat([text, bytes]);
  scratch.propertiesStart = 0;
  scratch.propertiesEnd = text.length;
  scratch.payloadStart = text.length;
  scratch.payloadEnd = scratch.buffer.length;
  scratch.flags = kinds.indexOf(kind);
  scratch.timestamp = Date.now();
  return scratch;
}

/** @param bytes of its own. Undefined for a kind of a later version, or a head that is none: there is nothing else to do with it */
export function decodeEntry(kind: number, head: Buffer, bytes: Buffer): Entry | undefined {
  const name = kinds[kind];
  if (name === undefined) return undefined;
  try {
    return { kind: name, head: JSON.parse(head.toString()), bytes } as Entry;
  } catch {
    return undefined;
  }
}
