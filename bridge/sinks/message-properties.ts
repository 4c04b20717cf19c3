/** What an MQTT 5 message says of itself beside its user properties, from the templates of a sink. */
import type { MqttSink as MqttSinkDocument } from '../../api/schema/rules.ts';
import { checkExpiry, expiryOf } from '../../rules/message-expiry.ts';
import type { Captures, Origin, Row, Rule } from '../../rules/rule.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import type { Expiry, Publication } from '../mqtt/publisher/publication.ts';
import { bytesOf, timeOfOrigin, topicText, wholePartsText, wholeValue } from './values.ts';

type Properties = Pick<Publication, 'contentType' | 'responseTopic' | 'correlationData' | 'payloadFormat' | 'expiry'>;

const formats = { bytes: 0, utf8: 1 } as const;
const none: Properties = {};

export class MessageProperties {
  readonly #contentType: CompiledTemplate | undefined;
  readonly #responseTopic: CompiledTemplate | undefined;
  readonly #correlationData: CompiledTemplate | undefined;
  readonly #messageExpiry: CompiledTemplate | undefined;
  readonly #payloadFormat: 0 | 1 | undefined;
  readonly #any: boolean;

  /** Throws what `compileTemplate` throws, and `mqtt-message-expiry-invalid` for a constant that is no number of seconds. */
  constructor(document: MqttSinkDocument, rule: Rule) {
    const optional = (text: string | undefined) => (text === undefined ? undefined : compileTemplate(text, rule));
    const { payloadFormat } = document;
    this.#contentType = optional(document.contentType);
    this.#responseTopic = optional(document.responseTopic);
    this.#correlationData = optional(document.correlationData);
    this.#messageExpiry = optional(document.messageExpiry);
    this.#payloadFormat = payloadFormat && formats[payloadFormat];
    if (this.#messageExpiry) checkExpiry(this.#messageExpiry);
    const templates = [this.#contentType, this.#responseTopic, this.#correlationData, this.#messageExpiry];
    this.#any = payloadFormat !== undefined || templates.some(template => template !== undefined);
  }

  /** A property whose template is one placeholder without a value is left out. Throws as `MqttWriter.write`. */
  of(origin: Origin, captures: Captures, row: Row): Properties {
    if (!this.#any) return none;
    return {
      contentType: this.#contentType && wholePartsText(this.#contentType, origin, captures, row),
      responseTopic: this.#answerTopic(origin, captures, row),
      correlationData: this.#correlation(origin, captures, row),
      payloadFormat: this.#payloadFormat,
      expiry: this.#expiry(origin, captures, row),
    };
  }

  /** An answer to what lacks a part would go where nobody looks for it. */
  #answerTopic(origin: Origin, captures: Captures, row: Row): string | undefined {
    const template = this.#responseTopic;
    const value = template?.text(origin, captures, row);
    return template === undefined || value === undefined ? undefined : topicText(template, origin, captures, row);
  }

  #correlation(origin: Origin, captures: Captures, row: Row): Buffer | undefined {
    if (this.#correlationData === undefined) return undefined;
    const bytes = bytesOf(wholeValue(this.#correlationData, origin, captures, row));
    // A message's bytes are a view into what the next one is read into.
    return bytes && 'payloadStart' in origin ? Buffer.from(bytes) : bytes;
  }

  #expiry(origin: Origin, captures: Captures, row: Row): Expiry | undefined {
    if (this.#messageExpiry === undefined) return undefined;
    const seconds = expiryOf(this.#messageExpiry, origin, captures, row);
    // A clock ahead of ours must not make it live longer.
    return seconds === undefined ? undefined : { seconds, from: Math.min(timeOfOrigin(origin), Date.now()) };
  }
}
