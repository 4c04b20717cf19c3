/**
 * The columns of messages, under EMQX's names.
 *
 * A rule may read MQTT and Kafka at once, so each column reads from either kind of message, and gives undefined where the other kind
 * has no such thing.
 */
import { hostname } from 'node:os';
import { eventMap } from './cloud-event.ts';
import type { BridgeEvent, EventKind } from './events.ts';
import type { KafkaRecord, Message } from './message.ts';
import type { RuleSource } from './rule-source.ts';
import { newMap, type Value, type ValueMap } from './value.ts';

/** A message of either source, seen as whatever it may have. */
export type AnyMessage = Partial<Omit<Message, 'json'>> &
  Partial<Omit<KafkaRecord, 'json'>> &
  Partial<Omit<BridgeEvent, 'json' | keyof Message>> &
  Pick<Message, 'json'>;

export type SourceKind = 'mqtt' | 'kafka' | EventKind;

/** The kind of what a source gives. */
export const kindOf = (source: RuleSource): SourceKind => (source.kind === 'event' ? source.event.kind : source.kind);

export interface Column {
  readonly name: string;
  readonly sources: readonly SourceKind[];
  /** For people: `text`, `bytes`, `integer`, `map`. */
  readonly type: string;
  readonly description: string;
  /** Whether `*` leaves it out: it is another view of what other columns have. */
  readonly view?: boolean;
  read(message: AnyMessage): Value;
}

const column = (
  name: string,
  sources: readonly SourceKind[],
  type: string,
  description: string,
  read: (message: AnyMessage) => Value,
): Column => ({ name, sources, type, description, read });

const mqtt: readonly SourceKind[] = ['mqtt'];
const kafka: readonly SourceKind[] = ['kafka'];
const loss: readonly SourceKind[] = ['loss'];
const connection: readonly SourceKind[] = ['connection'];
/** Of messages, and of events about one. */
const messages: readonly SourceKind[] = ['mqtt', 'loss'];
const happenings: readonly SourceKind[] = ['mqtt', 'loss', 'connection'];

const flagsOf = ({ retain, dup }: AnyMessage): Value => {
  if (retain === undefined) return undefined;
  const flags = newMap();
  flags.retain = retain;
  if (dup !== undefined) flags.dup = dup;
  return flags;
};

const ifMqtt = (message: AnyMessage, value: Value): Value => (message.qos === undefined ? undefined : value);

const thisNodeIf = (message: AnyMessage): Value => (message.timestamp === undefined ? undefined : thisNode());

/** Read once: a process does not move. */
let nodeName: string | undefined;
const thisNode = (): string => {
  nodeName ??= `mkb@${hostname()}`;
  return nodeName;
};

/** All columns, in the order in which `SELECT *` gives them. */
export const columns: readonly Column[] = [
  column('id', mqtt, 'text', 'A time-ordered id of the message, unique in this process.', ({ id }) => id),
  column(
    'event',
    happenings,
    'text',
    "What happened: 'message.publish', or the name of an event.",
    m => m.event ?? ifMqtt(m, 'message.publish'),
  ),
  column(
    'clientid',
    messages,
    'text',
    'The publisher’s client id, where it is known. Captured from a topic, it is as true as the broker keeps it: see `mqtt.broker.access`.',
    ({ clientid }) => clientid,
  ),
  column('username', mqtt, 'text', 'The publisher’s user name, where it is known.', ({ username }) => username),
  column('peerhost', mqtt, 'text', 'The publisher’s address, where it is known.', ({ peerhost }) => peerhost),
  column('peername', mqtt, 'text', 'The publisher’s address and port, where they are known.', m => m.peername),
  column(
    'clean_start',
    mqtt,
    'boolean',
    'Whether the publisher asked for a new session (with `mqtt.listen`).',
    m => m.clean_start,
  ),
  column(
    'proto_ver',
    mqtt,
    'integer',
    'The publisher’s version of MQTT: 4 is 3.1.1, 5 is 5 (with `mqtt.listen`).',
    m => m.proto_ver,
  ),
  column(
    'client_attrs',
    mqtt,
    'map',
    'Attributes of the publisher by name: `client_attrs.tenant` (with `mqtt.clients.attributes`, `jwt` or `http`).',
    m => m.client_attrs,
  ),
  column(
    'topic',
    ['mqtt', 'kafka', 'loss'],
    'text',
    'The MQTT topic, or the Kafka topic, of the message.',
    ({ topic }) => topic,
  ),
  column('payload', messages, 'bytes', 'The payload; `payload.x` reads inside it as JSON.', ({ payload }) => payload),
  column('qos', messages, 'integer', 'The quality of service of the delivery: 0, 1 or 2.', ({ qos }) => qos),
  column(
    'flags',
    messages,
    'map',
    'flags.retain: the broker had stored it before the bridge subscribed; flags.dup: it may have been delivered before.',
    flagsOf,
  ),
  column(
    'pub_props',
    mqtt,
    'map',
    "MQTT 5 properties by name: 'Payload-Format-Indicator', 'Message-Expiry-Interval' (seconds), 'Content-Type', 'Response-Topic', 'Correlation-Data' (bytes), 'User-Property' (a map), 'User-Property-Pairs' (a list of key and value, with duplicates). Empty for MQTT 3.1.1.",
    m => m.properties as ValueMap,
  ),
  {
    ...column(
      'cloud_event',
      ['mqtt', 'kafka'],
      'map',
      'Of a message or record that is a CloudEvent (binary or structured, version 1): its attributes by name, extensions among them, and `data`. Not part of `*`.',
      eventMap,
    ),
    view: true,
  },
  column(
    'timestamp',
    happenings,
    'integer',
    'When it was received, or happened, milliseconds since 1970.',
    m => m.timestamp,
  ),
  column('publish_received_at', mqtt, 'integer', 'The same as timestamp.', m => m.timestamp),
  column('node', happenings, 'text', 'The machine that the rule runs on.', thisNodeIf),
  column(
    'reason',
    [...loss, ...connection],
    'text',
    'Why: the reason that a drop is counted under, or the code of an error.',
    ({ reason }) => reason,
  ),
  column('rule', loss, 'text', 'The rule that could not go on.', ({ rule }) => rule),
  ...['rule_name', 'bridge_name'].map(name => ({
    ...column(
      name,
      [...messages, ...loss, ...connection],
      'text',
      `The name of the ${name === 'rule_name' ? 'rule itself' : 'document'}: the same for all messages. Not part of \`*\`.`,
      () => undefined,
    ),
    view: true,
  })),
  column('error', loss, 'text', 'The code of the error (docs/reference/errors.md).', ({ error }) => error),
  column('error_message', [...loss, ...connection], 'text', 'The error in words.', m => m.error_message),
  column('server', connection, 'text', 'The address of the MQTT broker.', ({ server }) => server),
  column('session_present', connection, 'boolean', 'Whether the MQTT broker had our session.', m => m.session_present),
  column('key', kafka, 'bytes', 'The record’s key.', ({ key }) => key),
  column('value', kafka, 'bytes', 'The record’s value; `value.x` reads inside it as JSON.', ({ value }) => value),
  column('headers', kafka, 'map', 'The record’s headers by name.', m => m.headers as ValueMap),
  column('partition', kafka, 'integer', 'The partition that the record was read from.', ({ partition }) => partition),
  column('offset', kafka, 'integer', 'The record’s offset in its partition.', m => offsetOf(m)),
  column('ts', kafka, 'integer', 'The record’s time, milliseconds since 1970.', ({ ts }) => ts),
  column(
    'ts_type',
    kafka,
    'text',
    "Whose time ts is: 'create' (the producer) or 'append' (the broker).",
    m => m.ts_type,
  ),
];

const offsetOf = ({ offset }: AnyMessage): Value =>
  offset !== undefined && offset <= Number.MAX_SAFE_INTEGER ? Number(offset) : offset;

const byName: ReadonlyMap<string, Column> = new Map(columns.map(each => [each.name, each]));

/** The column of this name that some of `kinds` has; undefined when none has it. */
export const findColumn = (name: string, kinds: readonly SourceKind[]): Column | undefined => {
  const found = byName.get(name);
  return found?.sources.some(kind => kinds.includes(kind)) ? found : undefined;
};

/** The columns of sources of these kinds. */
export const columnsOf = (kinds: readonly SourceKind[]): readonly Column[] =>
  columns.filter(({ sources }) => sources.some(kind => kinds.includes(kind)));
