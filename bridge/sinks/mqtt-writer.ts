/** An MQTT sink of a rule: makes a message of what the rule read and the row that it made of it. */
import type { MqttSink as MqttSinkDocument } from '../../api/schema/rules.ts';
import type { Captures, Origin, Row, Rule } from '../../rules/rule.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import type { Writer } from '../flow/sink.ts';
import type { Publication } from '../mqtt/publisher/publication.ts';
import { publicationProblem } from '../mqtt/publisher/publication-problem.ts';
import { besideEvent, type Carried, carriedBy } from './carried-properties.ts';
import { CloudEvents, type MadeEvent } from './cloud-events.ts';
import { MessageProperties } from './message-properties.ts';
import { offline, type Provenance } from './provenance.ts';
import { isTrace, isTraceName, traceOf } from './trace.ts';
import { bytesOf, timeOfOrigin, topicText, wholePartsText, wholeValue } from './values.ts';

const empty = Buffer.alloc(0);

/**
 * Where messages are put: the publisher, or what shows them without a server.
 *
 * @param lane messages of one lane keep their order, whatever the server answers
 */
export type Publish = (publication: Publication, token: number, lane: string, origin: Origin) => void;

export class MqttWriter implements Writer {
  // What a dead letter needs is kept beside the message: a Kafka record of the sink, which holds the payload, there is none.
  readonly passesPayload = false;
  readonly keysMissing = 0;
  /** Trace headers that were left out. */
  tracesOmitted = 0;
  /** Other headers that were left out. */
  headersOmitted = 0;
  #publish: Publish;
  readonly #sink: Publish;
  readonly #topic: CompiledTemplate;
  readonly #payload: CompiledTemplate;
  readonly #properties: readonly { readonly name: string; readonly value: CompiledTemplate }[];
  readonly #more: MessageProperties;
  /** Whether properties that the message came with are published too. */
  readonly #carries: boolean;
  readonly #events: CloudEvents | undefined;
  readonly #qos: 0 | 1 | 2;
  readonly #retain: boolean;

  /** Throws what `compileTemplate` and `MessageProperties` throw. */
  constructor(document: MqttSinkDocument, rule: Rule, publish: Publish, provenance: Provenance = offline) {
    const { topic, payload = rule.passesPayload ? '${payload}' : '${.}', qos, retain, userProperties = [] } = document;
    this.#sink = publish;
    this.#publish = publish;
    this.#topic = compileTemplate(topic, rule);
    this.#payload = compileTemplate(payload, rule);
    this.#properties = userProperties.map(({ name, value }) => ({ name, value: compileTemplate(value, rule) }));
    this.#more = new MessageProperties(document, rule);
    this.#carries = document.mqttProperties;
    const events = document.cloudEvents;
    if (events !== undefined) this.#events = new CloudEvents(events, rule, this.#payload, provenance);
    this.#qos = qos;
    this.#retain = retain;
  }

  /** Throws what `publicationProblem` names, `template-value-missing`, and `rule-failed` and the like for values that cannot be written. */
  write(origin: Origin, captures: Captures, row: Row, token: number): void {
    const value = wholeValue(this.#payload, origin, captures, row);
    const event = this.#events?.make(origin, captures, row, value, timeOfOrigin(origin));
    const payload = (event === undefined ? bytesOf(value) : event.bytes) ?? empty;
    const carried = this.#carries ? carriedBy(origin, () => this.headersOmitted++) : undefined;
    const publication: Publication = {
      ...carried,
      topic: topicText(this.#topic, origin, captures, row),
      // A message's bytes are a view into what the next one is read into.
      payload: 'payloadStart' in origin ? Buffer.from(payload) : payload,
      qos: this.#qos,
      retain: this.#retain,
      userProperties: this.#userProperties(origin, captures, row, carried, event),
      ...known(this.#more.of(origin, captures, row)),
      ...(event && { contentType: event.contentType }),
    };
    const problem = publicationProblem(publication);
    if (problem !== undefined) throw problem;
    this.#publish(publication, token, laneOf(origin), origin);
  }

  show(seen: Parameters<Writer['show']>[0]): void {
    const publish = this.#sink;
    this.#publish = publish;
    if (seen === undefined) return;
    this.#publish = (publication, token, lane, origin) => {
      publish(publication, token, lane, origin);
      const { topic, payload: value, userProperties: headers, qos, retain } = publication;
      seen(() => ({ topic, value, headers, qos, retain }));
    };
  }

  /** A trace that is none is left out: it must not be what a message fails for. */
  #userProperties(
    origin: Origin,
    captures: Captures,
    row: Row,
    carried: Carried | undefined,
    event: MadeEvent | undefined,
  ): Publication['userProperties'] {
    const came = traceOf(origin);
    const trace = came.filter(isTrace);
    this.tracesOmitted += came.length - trace.length;
    const others = carried?.userProperties.filter(([name]) => !isTraceName(name)) ?? [];
    const ofMessage = [...trace, ...others];
    return [
      ...(event === undefined ? ofMessage : besideEvent(ofMessage, new Set(event.attributes.map(([name]) => name)))),
      ...(event?.attributes ?? []),
      ...this.#properties.map(({ name, value }) => [name, wholePartsText(value, origin, captures, row) ?? ''] as const),
    ];
  }
}

/** Without those that have no value: they leave what the message came with. */
function known<T extends object>(properties: T): T {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined)) as T;
}

/** Records of a partition, and messages of a topic, keep their order. */
function laneOf(origin: Origin): string {
  if ('ts' in origin) return `${origin.topic}-${origin.partition}`;
  return 'payloadStart' in origin ? (origin as { topic: string }).topic : '';
}
