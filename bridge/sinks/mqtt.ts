/** An MQTT sink of a rule, compiled: makes a message of a record and the row that the rule made of it. */
import { MkbError } from '../../api/errors.ts';
import type { MqttSink as MqttSinkDocument } from '../../api/schema/rules.ts';
import type { Row, Rule } from '../../rules/rule.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import { type Publication, topicProblem } from '../mqtt/publisher/publish-packet.ts';
import type { ConsumedRecord } from '../sources/kafka-record.ts';
import { bytesOf } from './values.ts';

const noCaptures: readonly never[] = [];
const empty = Buffer.alloc(0);
/** The trace that a record belongs to passes through whatever else is asked for (W3C Trace Context). */
const traceHeaders = ['traceparent', 'tracestate'];

export class MqttSink {
  readonly #topic: CompiledTemplate;
  readonly #payload: CompiledTemplate;
  readonly #properties: readonly { readonly name: string; readonly value: CompiledTemplate }[];
  readonly #qos: 0 | 1;
  readonly #retain: boolean;

  /** Throws what `compileTemplate` throws. QoS 2 is refused before (rules/unsupported.ts). */
  constructor({ topic, payload = '${.}', qos, retain, userProperties = [] }: MqttSinkDocument, rule: Rule) {
    this.#topic = compileTemplate(topic, rule);
    this.#payload = compileTemplate(payload, rule);
    this.#properties = userProperties.map(({ name, value }) => ({ name, value: compileTemplate(value, rule) }));
    this.#qos = qos as 0 | 1;
    this.#retain = retain;
  }

  /** Throws `mqtt-topic-invalid`, and `rule-failed` and the like for values that cannot be written. */
  publication(record: ConsumedRecord, row: Row): Publication {
    const topic = this.#topic.text(record, noCaptures, row) ?? '';
    const reason = topicProblem(topic);
    if (reason !== undefined) throw new MkbError('mqtt-topic-invalid', { topic, reason });
    return {
      topic,
      payload: bytesOf(this.#payload.value(record, noCaptures, row)) ?? empty,
      qos: this.#qos,
      retain: this.#retain,
      userProperties: this.#userProperties(record, row),
    };
  }

  #userProperties(record: ConsumedRecord, row: Row): Publication['userProperties'] {
    const trace = traceHeaders.flatMap(name => {
      const value = record.headers[name];
      return typeof value === 'string' ? [[name, value] as const] : [];
    });
    return [
      ...trace,
      ...this.#properties.map(({ name, value }) => [name, value.text(record, noCaptures, row) ?? ''] as const),
    ];
  }
}
