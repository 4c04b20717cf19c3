/**
 * A sink of a rule, compiled: fills the draft of a record from a message and the row that the rule made of it.
 *
 * The common sink (constant topic, key from a column, the payload as it came) copies nothing and makes no row: the draft points at the
 * payload in the socket's buffer, and the key is written to a scratch buffer that the next message uses again.
 */
import { MkbError } from '../../api/errors.ts';
import type { BridgeEvent } from '../../rules/events.ts';
import { checkTime, isUnlikely, timeError, timeOf, unlikelyTime } from '../../rules/record-time.ts';
import type { Captures, Origin, Row } from '../../rules/rule.ts';
import type { CompiledTemplate } from '../../rules/template.ts';
import { isText } from '../../rules/value.ts';
import type { ClosedWindow } from '../../rules/windows/closed-window.ts';
import type { RecordDraft, RecordHeader } from '../kafka/record.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import { mqttHeaders, traceHeaders } from './mqtt-headers.ts';
import { bytesOf, wholeText } from './values.ts';

/** What the document says of a sink, templates compiled. */
export interface KafkaSinkTemplates {
  readonly topic: CompiledTemplate;
  readonly key: CompiledTemplate | undefined;
  readonly value: CompiledTemplate;
  readonly timestamp: CompiledTemplate | undefined;
  readonly headers: readonly { readonly name: string; readonly value: CompiledTemplate }[];
  /** Whether MQTT facts travel as headers too. */
  readonly mqttHeaders: boolean;
}

export class KafkaSink {
  /** Where the record is written to: always the same, or undefined where `topicOf` tells. */
  readonly constantTopic: string | undefined;
  /** Whether the record's value is the payload, byte for byte. */
  readonly passesPayload: boolean;
  /** Called once with what is probably wrong with the sink, though each record can be written. */
  noticed: ((warning: MkbError) => void) | undefined;
  readonly #templates: KafkaSinkTemplates;
  /** Records whose key had no value, or lacked a part of it. */
  keysMissing = 0;
  /** Whether a time was of an unlikely unit. */
  #suspected = false;
  #keyScratch = Buffer.allocUnsafe(256);

  /** Throws `record-timestamp-invalid` for a constant that is no time. */
  constructor(templates: KafkaSinkTemplates) {
    this.#templates = templates;
    if (templates.timestamp) checkTime(templates.timestamp);
    this.constantTopic = templates.topic.constant;
    this.passesPayload = templates.value.column === 'payload';
  }

  /** The topic of the record. Throws `kafka-invalid-topic` for what cannot be one. */
  topicOf(message: Origin, captures: Captures, row: Row): string {
    const topic = wholeText(this.#templates.topic, message, captures, row);
    if (!validTopic.test(topic)) throw new MkbError('kafka-invalid-topic', { topic });
    return topic;
  }

  /** Fills `draft`, whose ranges are valid until the next message. Throws `rule-failed` and the like for values that cannot be written. */
  fill(draft: RecordDraft, message: MqttMessage, captures: Captures, row: Row): void {
    this.#fillKey(draft, message, captures, row);
    if (this.passesPayload) {
      draft.value = message.buffer;
      draft.valueStart = message.payloadStart;
      draft.valueEnd = message.payloadEnd;
    } else this.#fillValue(draft, message, captures, row);
    draft.timestamp = this.#timestamp(message, captures, row) ?? message.timestamp;
    draft.headers = this.#headers(message, captures, row);
  }

  /** As `fill`, for a row of a window: there is no message, and so no payload and no facts of MQTT. */
  fillFromWindow(draft: RecordDraft, window: ClosedWindow, row: Row): void {
    this.#fillKey(draft, window, [], row);
    this.#fillValue(draft, window, [], row);
    draft.timestamp = this.#timestamp(window, [], row) ?? window.end;
    draft.headers = this.#ownHeaders(window, [], row);
  }

  /** As `fill`, for a row of an event: its payload is a value like others, and its facts of MQTT are columns. */
  fillFromEvent(draft: RecordDraft, event: BridgeEvent, row: Row): void {
    this.#fillKey(draft, event, [], row);
    this.#fillValue(draft, event, [], row);
    draft.timestamp = this.#timestamp(event, [], row) ?? event.timestamp;
    draft.headers = this.#ownHeaders(event, [], row);
  }

  #fillValue(draft: RecordDraft, message: Origin, captures: Captures, row: Row): void {
    draft.value = bytesOf(this.#templates.value.value(message, captures, row));
    draft.valueStart = 0;
    draft.valueEnd = draft.value?.length ?? 0;
  }

  #fillKey(draft: RecordDraft, message: Origin, captures: Captures, row: Row): void {
    const template = this.#templates.key;
    const gaps = template?.gaps;
    const key = template?.value(message, captures, row);
    if (template && (key === undefined || key === null || template.gaps !== gaps))
      this.#keyMissing(message, captures, row);
    draft.keyStart = 0;
    if (typeof key !== 'string') {
      draft.key = bytesOf(key);
      draft.keyEnd = draft.key?.length ?? 0;
      return;
    }
    // UTF-8 needs at most three bytes for each of JavaScript's units.
    if (key.length * 3 > this.#keyScratch.length) this.#keyScratch = Buffer.allocUnsafe(key.length * 6);
    draft.key = this.#keyScratch;
    draft.keyEnd = this.#keyScratch.write(key);
  }

  /** Told once: what lacks a key in one message lacks it in many. */
  #keyMissing(message: Origin, captures: Captures, row: Row): void {
    this.keysMissing += 1;
    if (this.keysMissing > 1) return;
    const placeholder = this.#templates.key?.missing(message, captures, row) ?? '';
    this.noticed?.(new MkbError('record-key-missing', { sink: this.#templates.topic.source, placeholder }));
  }

  #timestamp(message: Origin, captures: Captures, row: Row): number | undefined {
    const template = this.#templates.timestamp;
    if (!template) return undefined;
    const value = template.value(message, captures, row);
    const time = timeOf(value);
    // Text may be put together of parts, of which one is missing.
    const missing = time === undefined || isText(value) ? template.missing(message, captures, row) : undefined;
    if (time === undefined || missing !== undefined) throw timeError(value, template.source, missing);
    if (!this.#suspected && isUnlikely(time)) {
      this.#suspected = true;
      this.noticed?.(unlikelyTime(time, template.source));
    }
    return time;
  }

  #headers(message: MqttMessage, captures: Captures, row: Row): readonly RecordHeader[] {
    const ofMessage = this.#templates.mqttHeaders ? mqttHeaders(message) : traceHeaders(message);
    if (this.#templates.headers.length === 0) return ofMessage;
    return [...ofMessage, ...this.#ownHeaders(message, captures, row)];
  }

  #ownHeaders(message: Origin, captures: Captures, row: Row): readonly RecordHeader[] {
    return this.#templates.headers.map(({ name, value }) => ({
      name,
      value: bytesOf(value.value(message, captures, row)),
    }));
  }
}

const validTopic = /^(?!\.{1,2}$)[a-zA-Z0-9._-]{1,249}$/;
