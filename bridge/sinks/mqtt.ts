/** An MQTT sink of a rule, compiled: makes a message of a record and the row that the rule made of it. */
import type { MqttSink as MqttSinkDocument } from '../../api/schema/rules.ts';
import type { KafkaRecord } from '../../rules/message.ts';
import type { Row, Rule } from '../../rules/rule.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import { type Publication, publicationProblem, stringProblem } from '../mqtt/publisher/publication.ts';
import { bytesOf, wholeText } from './values.ts';

const noCaptures: readonly never[] = [];
const empty = Buffer.alloc(0);
/**
 * The trace that a record belongs to passes through whatever else is asked for (W3C Trace Context). A header that is none of it is left
 * out: it must not be what a message fails for.
 */
const traceHeaders: Readonly<Record<string, (value: string) => boolean>> = {
  traceparent: value => /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]{0,200})?$/.test(value),
  tracestate: value => value.length <= longestTraceState && stringProblem(value) === undefined,
};
/** Characters; the standard asks for 512 to be passed on. */
const longestTraceState = 8192;

export class MqttSink {
  readonly #topic: CompiledTemplate;
  readonly #payload: CompiledTemplate;
  readonly #properties: readonly { readonly name: string; readonly value: CompiledTemplate }[];
  readonly #qos: 0 | 1;
  readonly #retain: boolean;
  /** Trace headers that were left out. */
  tracesOmitted = 0;

  /** Throws what `compileTemplate` throws. QoS 2 is refused before (rules/unsupported.ts). */
  constructor({ topic, payload = '${.}', qos, retain, userProperties = [] }: MqttSinkDocument, rule: Rule) {
    this.#topic = compileTemplate(topic, rule);
    this.#payload = compileTemplate(payload, rule);
    this.#properties = userProperties.map(({ name, value }) => ({ name, value: compileTemplate(value, rule) }));
    this.#qos = qos as 0 | 1;
    this.#retain = retain;
  }

  /** Throws what `publicationProblem` names, `template-value-missing`, and `rule-failed` and the like for values that cannot be written. */
  publication(record: KafkaRecord, row: Row): Publication {
    const publication = {
      topic: wholeText(this.#topic, record, noCaptures, row),
      payload: bytesOf(this.#payload.value(record, noCaptures, row)) ?? empty,
      qos: this.#qos,
      retain: this.#retain,
      userProperties: this.#userProperties(record, row),
    };
    const problem = publicationProblem(publication);
    if (problem !== undefined) throw problem;
    return publication;
  }

  #userProperties(record: KafkaRecord, row: Row): Publication['userProperties'] {
    const trace = Object.entries(traceHeaders).flatMap(([name, isTrace]) => {
      const value = record.headers[name];
      if (typeof value !== 'string') return [];
      if (isTrace(value)) return [[name, value] as const];
      this.tracesOmitted++;
      return [];
    });
    return [
      ...trace,
      ...this.#properties.map(({ name, value }) => [name, value.text(record, noCaptures, row) ?? ''] as const),
    ];
  }
}
