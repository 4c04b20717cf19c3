/**
 * A Kafka sink of a rule: makes a record of a message and the row that the rule made of it.
 *
 * The common sink (constant topic, key from a column, the payload as it came) copies nothing and makes no row: the draft points at the
 * payload in the socket's buffer, and the key is written to a scratch buffer that the next message uses again.
 */
import { MkbError } from '../../api/errors.ts';
import type { KafkaRecord } from '../../rules/message.ts';
import { checkPartition, partitionError, partitionOf } from '../../rules/record-partition.ts';
import { checkTime, isUnlikely, timeError, timeOf, unlikelyTime } from '../../rules/record-time.ts';
import type { Captures, Origin, Row, Rule } from '../../rules/rule.ts';
import type { SinkDocument } from '../../rules/rule-document.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import { isText, type Value } from '../../rules/value.ts';
import type { Sent } from '../flow/sent.ts';
import type { Writer } from '../flow/sink.ts';
import { headersOf } from '../kafka/headers.ts';
import { draft, type RecordDraft, type RecordHeader } from '../kafka/record.ts';
import { writeShort } from '../kafka/short-bytes.ts';
import type { Topic } from '../kafka/topic.ts';
import { MqttMessage } from '../mqtt/message.ts';
import { CloudEvents } from './cloud-events.ts';
import { MqttHeaders } from './mqtt-headers.ts';
import { offline, type Provenance } from './provenance.ts';
import { traceOf } from './trace.ts';
import { bytesOf, missing, refuseBlank, timeOfOrigin, topicText, wholeValue } from './values.ts';

/** Where records are put: the producer, or what shows them without Kafka. */
export interface RecordTaker {
  /**
   * @param named whether the document names the topic
   * @param inTurn whether one request at a time is under way for it
   */
  topic(name: string, named?: boolean, inTurn?: boolean): Topic;
  /** The draft and its ranges are valid during the call. */
  append(topic: Topic, record: RecordDraft, token: number): void;
}

export type KafkaSinkDocument = NonNullable<SinkDocument['kafka']>;

export class KafkaWriter implements Writer {
  readonly passesPayload: boolean;
  keysMissing = 0;
  #taker: RecordTaker;
  readonly #sink: RecordTaker;
  readonly #noticed: (warning: MkbError) => void;
  readonly #topic: CompiledTemplate;
  readonly #key: CompiledTemplate | undefined;
  readonly #value: CompiledTemplate;
  readonly #partition: CompiledTemplate | undefined;
  readonly #time: CompiledTemplate | undefined;
  /** Whether that is the time of an MQTT message itself. */
  readonly #timeIsMessages: boolean;
  readonly #own: readonly { readonly name: string; readonly value: CompiledTemplate }[];
  readonly #events: CloudEvents | undefined;
  /** Whether what MQTT knows of a message travels as headers too. */
  readonly #mqttHeaders: MqttHeaders | undefined;
  /** The topic's writer, when the topic is always the same. */
  readonly #constant: Topic | undefined;
  readonly #inTurn: boolean;
  /** Whether an empty value is written as null, which compaction reads as a deletion. */
  readonly #tombstones: boolean;
  readonly #draft = draft();
  /** Whether a time was of an unlikely unit. */
  #suspected = false;
  #keyScratch = Buffer.allocUnsafe(256);

  /**
   * Throws what `compileTemplate` throws, `record-timestamp-invalid` for a constant that is no time, and `record-partition-invalid` for one that
   * is no partition.
   *
   * @param noticed called once with what is probably wrong with the sink, though each record can be written
   */
  constructor(
    document: KafkaSinkDocument,
    rule: Rule,
    taker: RecordTaker,
    noticed: (warning: MkbError) => void = () => {},
    provenance: Provenance = offline,
  ) {
    const compile = (text: string): CompiledTemplate => compileTemplate(text, rule);
    const optional = (text: string | undefined) => (text === undefined ? undefined : compile(text));
    this.#sink = taker;
    this.#taker = taker;
    this.#noticed = noticed;
    this.#topic = compile(document.topic);
    this.#key = optional(document.key);
    this.#partition = optional(document.partition);
    this.#value = compile(document.value ?? defaultValue(rule));
    this.#time = optional(document.timestamp);
    this.#timeIsMessages = this.#time === undefined || this.#time.column === 'timestamp';
    this.#tombstones = document.emptyAsTombstone;
    this.#inTurn = document.queryMode === 'sync';
    const events = document.cloudEvents;
    if (events !== undefined) this.#events = new CloudEvents(events, rule, this.#value, provenance, this.#tombstones);
    this.#own = (document.headers ?? []).map(({ name, value }) => ({ name, value: compile(value) }));
    if (document.mqttHeaders) this.#mqttHeaders = new MqttHeaders(rule, events === undefined ? [] : eventHeaders);
    if (this.#partition) checkPartition(this.#partition);
    if (this.#time) checkTime(this.#time);
    this.passesPayload = this.#value.column === 'payload' && events === undefined;
    const { constant } = this.#topic;
    if (constant !== undefined) this.#constant = taker.topic(constant, true, this.#inTurn);
  }

  /** Where it always writes to; undefined where the topic depends on the message. */
  get constantTopic(): string | undefined {
    return this.#topic.constant;
  }

  write(origin: Origin, captures: Captures, row: Row, token: number): void {
    const record = this.#draft;
    const topic = this.#constant ?? this.#taker.topic(this.#topicOf(origin, captures, row), false, this.#inTurn);
    this.#fillKey(record, origin, captures, row);
    record.partition = this.#partition === undefined ? -1 : this.#partitionOf(this.#partition, origin, captures, row);
    if (this.#events !== undefined) this.#fillEvent(this.#events, record, origin, captures, row);
    else if (origin instanceof MqttMessage) this.#fillFromMqtt(record, origin, captures, row);
    else {
      this.#fillValue(record, origin, captures, row);
      record.timestamp = this.#timestamp(origin, captures, row) ?? timeOfOrigin(origin);
      record.headers = this.#headers(this.#headersOf(record, origin, captures), origin, captures, row);
    }
    if (this.#tombstones && record.valueStart === record.valueEnd) record.value = undefined;
    this.#taker.append(topic, record, token);
  }

  show(seen: Parameters<Writer['show']>[0]): void {
    this.#taker = seen === undefined ? this.#sink : shownTaker(this.#sink, seen);
  }

  #fillEvent(events: CloudEvents, record: RecordDraft, origin: Origin, captures: Captures, row: Row): void {
    record.timestamp = this.#timestamp(origin, captures, row) ?? timeOfOrigin(origin);
    const value = wholeValue(this.#value, origin, captures, row);
    const { attributes, contentType, bytes } = events.make(origin, captures, row, value, record.timestamp);
    record.value = bytes;
    record.valueStart = 0;
    record.valueEnd = bytes?.length ?? 0;
    const ofMessage = this.#headersOf(record, origin, captures).filter(({ name }) => !isEventHeader(name));
    const ofEvent = attributes.map(([name, text]) => ({ name: `ce_${name}`, value: text }));
    if (contentType !== undefined) ofEvent.push({ name: 'content-type', value: contentType });
    record.headers = this.#headers([...ofMessage, ...ofEvent], origin, captures, row);
  }

  /** Those of the message itself. */
  #headersOf(record: RecordDraft, origin: Origin, captures: Captures): readonly RecordHeader[] {
    if (this.#mqttHeaders === undefined) return traceHeaders(origin);
    record.encoded = undefined;
    record.encodedCount = 0;
    if (origin instanceof MqttMessage) {
      this.#mqttHeaders.fill(record, origin, captures);
      return noHeaders;
    }
    return 'rawHeaders' in origin ? asTheyCame(origin) : noHeaders;
  }

  #fillFromMqtt(record: RecordDraft, message: MqttMessage, captures: Captures, row: Row): void {
    if (this.passesPayload) {
      record.value = message.buffer;
      record.valueStart = message.payloadStart;
      record.valueEnd = message.payloadEnd;
    } else this.#fillValue(record, message, captures, row);
    record.timestamp = message.timestamp;
    if (!this.#timeIsMessages) record.timestamp = this.#timestamp(message, captures, row)!;
    record.headers = this.#headers(this.#headersOf(record, message, captures), message, captures, row);
  }

  /** The topic of the record. Throws `kafka-invalid-topic` for what cannot be one. */
  #topicOf(message: Origin, captures: Captures, row: Row): string {
    const topic = topicText(this.#topic, message, captures, row);
    if (!validTopic.test(topic)) throw new MkbError('kafka-invalid-topic', { topic });
    return topic;
  }

  #fillValue(record: RecordDraft, message: Origin, captures: Captures, row: Row): void {
    record.value = bytesOf(wholeValue(this.#value, message, captures, row));
    record.valueStart = 0;
    record.valueEnd = record.value?.length ?? 0;
  }

  #fillKey(record: RecordDraft, message: Origin, captures: Captures, row: Row): void {
    const template = this.#key;
    const gaps = template?.gaps;
    const blanks = this.#tombstones ? template?.blanks : undefined;
    const key = template?.value(message, captures, row);
    if (template && (key === undefined || key === null || template.gaps !== gaps))
      this.#keyMissing(message, captures, row);
    if (this.#tombstones && template && (template.blanks !== blanks || isEmpty(key)))
      refuseBlank(template, message, captures, row, 'a key of last states');
    record.keyStart = 0;
    if (typeof key !== 'string') {
      record.key = bytesOf(key);
      record.keyEnd = record.key?.length ?? 0;
      return;
    }
    // UTF-8 needs at most three bytes for each of JavaScript's units.
    if (key.length * 3 > this.#keyScratch.length) this.#keyScratch = Buffer.allocUnsafe(key.length * 6);
    record.key = this.#keyScratch;
    record.keyEnd = writeShort(this.#keyScratch, key);
  }

  /** Reported once: what lacks a key in one message lacks it in many. Throws `template-value-missing` where the key says whose state is deleted. */
  #keyMissing(message: Origin, captures: Captures, row: Row): void {
    if (this.#tombstones)
      throw missing(this.#key!, message, captures, row, 'the last state is kept, and deleted, by its key');
    this.keysMissing += 1;
    if (this.keysMissing > 1) return;
    const placeholder = this.#key?.missing(message, captures, row) ?? '';
    this.#noticed(new MkbError('record-key-missing', { sink: this.#topic.source, placeholder }));
  }

  /** Nothing stands in for it: a record in another partition is out of order for whoever chose this one. */
  #partitionOf(template: CompiledTemplate, message: Origin, captures: Captures, row: Row): number {
    const value = template.value(message, captures, row);
    const partition = partitionOf(value);
    // Text may be put together of parts, of which one is missing.
    const missing = partition === undefined || isText(value) ? template.missing(message, captures, row) : undefined;
    if (partition === undefined || missing !== undefined) throw partitionError(value, template.source, missing);
    return partition;
  }

  #timestamp(message: Origin, captures: Captures, row: Row): number | undefined {
    const template = this.#time;
    if (!template) return undefined;
    const value = template.value(message, captures, row);
    const time = timeOf(value);
    // Text may be put together of parts, of which one is missing.
    const missing = time === undefined || isText(value) ? template.missing(message, captures, row) : undefined;
    if (time === undefined || missing !== undefined) throw timeError(value, template.source, missing);
    if (!this.#suspected && isUnlikely(time)) {
      this.#suspected = true;
      this.#noticed(unlikelyTime(time, template.source));
    }
    return time;
  }

  #headers(first: readonly RecordHeader[], message: Origin, captures: Captures, row: Row): readonly RecordHeader[] {
    if (this.#own.length === 0) return first;
    const own = this.#own.map(({ name, value }) => ({
      name,
      value: bytesOf(wholeValue(value, message, captures, row)),
    }));
    return first.length === 0 ? own : [...first, ...own];
  }
}

function shownTaker(taker: RecordTaker, seen: (sent: () => Sent) => void): RecordTaker {
  return {
    topic: (name, named, inTurn) => taker.topic(name, named, inTurn),
    append: (topic, record, token) => {
      taker.append(topic, record, token);
      seen(() => ({
        topic: topic.name,
        key: record.key?.subarray(record.keyStart, record.keyEnd),
        value: record.value?.subarray(record.valueStart, record.valueEnd),
        headers: headersOf(record).map(({ name, value }) => [name, value]),
      }));
    },
  };
}

const isEmpty = (key: Value): boolean => (typeof key === 'string' || Buffer.isBuffer(key)) && key.length === 0;

const noHeaders: readonly RecordHeader[] = [];

/** Those that `mqttHeaders` wrote are among them. */
function asTheyCame({ rawHeaders }: KafkaRecord): readonly RecordHeader[] {
  return rawHeaders.map(([name, value]) => ({ name, value }));
}

function traceHeaders(origin: Origin): readonly RecordHeader[] {
  const trace = traceOf(origin);
  return trace.length === 0 ? noHeaders : trace.map(([name, value]) => ({ name, value }));
}

/** Without a `value` the payload goes on as it came if the rule selects it alone; otherwise the row goes as JSON. */
function defaultValue(rule: Rule): string {
  return rule.passesPayload ? '${payload}' : '${.}';
}

/** Headers that a CloudEvent has for itself. */
const eventHeaders = ['ce_', 'content-type'];
const isEventHeader = (name: string): boolean => eventHeaders.some(each => name.toLowerCase().startsWith(each));

const validTopic = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
