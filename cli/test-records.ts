/** What the sinks of a rule write for its rows: the records of the bridge's own sinks, and the messages of MQTT sinks. */
import { MkbError } from '../api/errors.ts';
import { compileSink } from '../bridge/flow/bound-rule.ts';
import { copied, draft, type RecordDraft } from '../bridge/kafka/record.ts';
import { MqttMessage } from '../bridge/mqtt/message.ts';
import { encodeJson } from '../rules/json.ts';
import type { MadeRow } from '../rules/offline.ts';
import type { Rule } from '../rules/rule.ts';
import type { RuleDocument, SinkDocument } from '../rules/rule-document.ts';
import { compileTemplate } from '../rules/template.ts';
import type { Value } from '../rules/value.ts';
import type { ClosedWindow } from '../rules/windows/closed-window.ts';

export interface Written {
  /** Which sink of the rule, from 1. */
  readonly sink: number;
  readonly topic: string;
  readonly key: Buffer | undefined;
  readonly value: Buffer | undefined;
  readonly headers: readonly { readonly name: string; readonly value: Buffer | undefined }[];
  /** Undefined for an MQTT message, which carries no time. */
  readonly timestamp: number | undefined;
}

/** Everything that is written, sink by sink. Throws what stops a sink, such as `kafka-invalid-topic`. */
export const writtenBy = ({ sinks }: RuleDocument, rule: Rule, made: readonly MadeRow[]): Written[] =>
  sinks.flatMap((sink, index) => {
    const write = sink.kafka === undefined ? mqttWriter(sink.mqtt!, rule) : kafkaWriter(sink.kafka, rule);
    return made.map(row => ({ sink: index + 1, ...write(row) }));
  });

type Write = (made: MadeRow) => Omit<Written, 'sink'>;

const kafkaWriter = (document: NonNullable<SinkDocument['kafka']>, rule: Rule): Write => {
  const sink = compileSink(document, rule);
  const record = draft();
  return ({ row, origin, captures }) => {
    const topic = sink.constantTopic ?? sink.topicOf(origin, captures, row);
    if (rule.windows !== undefined) sink.fillFromWindow(record, origin as ClosedWindow, row);
    else if (origin instanceof MqttMessage) sink.fill(record, origin, captures, row);
    else if ('event' in origin) sink.fillFromEvent(record, origin, row);
    else return throwUnsupported();
    return { topic, ...contentOf(record) };
  };
};

const throwUnsupported = (): never => {
  const remedy = 'Test the rows of the rule instead.';
  throw new MkbError('part-unsupported', {
    path: 'records',
    message: 'No sink moves records from Kafka to Kafka.',
    remedy,
  });
};

/** A copy: the draft points into buffers that the next record uses. */
const contentOf = (record: RecordDraft): Omit<Written, 'sink' | 'topic'> => {
  const { key, value, headers, timestamp } = copied(record);
  return {
    key,
    value,
    headers: headers.map(({ name, value: content }) => ({
      name,
      value: typeof content === 'string' ? Buffer.from(content) : content,
    })),
    timestamp,
  };
};

const mqttWriter = (document: NonNullable<SinkDocument['mqtt']>, rule: Rule): Write => {
  const topic = compileTemplate(document.topic, rule);
  const payload = compileTemplate(document.payload ?? '${.}', rule);
  const properties = (document.userProperties ?? []).map(({ name, value }) => ({
    name,
    value: compileTemplate(value, rule),
  }));
  return ({ row, origin, captures }) => ({
    topic: topic.text(origin, captures, row) ?? '',
    key: undefined,
    value: bytesOf(payload.value(origin, captures, row)),
    headers: properties.map(({ name, value }) => ({ name, value: bytesOf(value.value(origin, captures, row)) })),
    timestamp: undefined,
  });
};

const bytesOf = (value: Value): Buffer | undefined => {
  if (value === undefined || value === null || Buffer.isBuffer(value)) return value ?? undefined;
  return Buffer.from(typeof value === 'string' ? value : encodeJson(value));
};
