/**
 * The CloudEvent that a sink makes of a row (CloudEvents 1.0).
 *
 * A message that is an event already, and whose payload is what the sink sends, stays that event: its attributes are kept, so its id is the same
 * however often it is delivered. What a rule works out is a new event. Its id never says that two messages are one unless they are: of a record
 * it is where the record stands; of an MQTT message it is new at each delivery, since a packet identifier is soon used again.
 */
import { MkbError } from '../../api/errors.ts';
import type { CloudEvents as CloudEventsDocument } from '../../api/schema/cloud-events.ts';
import { type CloudEvent, cloudEventOf, contentTypeOf, isJson } from '../../rules/cloud-event.ts';
import type { AnyMessage } from '../../rules/columns.ts';
import { encodeJson } from '../../rules/json.ts';
import { mediaTypeOf } from '../../rules/media-type.ts';
import type { Captures, Origin, Row, Rule } from '../../rules/rule.ts';
import { type CompiledTemplate, compileTemplate } from '../../rules/template.ts';
import { newMap, type Value, type ValueMap } from '../../rules/value.ts';
import { type EventData, envelopeOf } from './cloud-event-envelope.ts';
import { allowedText, attributeText, canonicalText, timeText, uriText } from './cloud-event-values.ts';
import type { Provenance } from './provenance.ts';
import { bytesOf } from './values.ts';

export const structuredType = 'application/cloudevents+json; charset=utf-8';

/** What goes into a record or a message. */
export interface MadeEvent {
  /** The attributes as text, without the content type; none in structured mode. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly contentType: string | undefined;
  readonly bytes: Buffer | undefined;
}

const templated = ['id', 'source', 'type', 'subject', 'dataschema'] as const;
/** Without these it would be no event. */
const needed: ReadonlySet<string> = new Set(['id', 'source', 'type']);

export class CloudEvents {
  readonly #structured: boolean;
  readonly #templates: readonly { readonly name: string; readonly template: CompiledTemplate }[];
  readonly #contentType: CompiledTemplate | undefined;
  /** Whether what is sent is the payload, or the value, of the message. */
  readonly #passes: boolean;
  /** Whether what is sent is the row as JSON. */
  readonly #isRow: boolean;
  readonly #provenance: Provenance;
  readonly #foreach: boolean;
  readonly #tombstones: boolean;
  /** Events that were made of windows and of events of the bridge. */
  #made = 0;
  /** The message of the last row, and which of its rows that was. */
  #last: Origin | undefined;
  #row = 0;

  /**
   * Throws what `compileTemplate` throws.
   *
   * @param data the template of what is sent
   * @param tombstones whether what is sent without data goes without an envelope as well
   */
  constructor(
    document: CloudEventsDocument,
    rule: Rule,
    data: CompiledTemplate,
    provenance: Provenance,
    tombstones = false,
  ) {
    const { extensions = [] } = document;
    this.#structured = document.mode === 'structured';
    const own = templated.flatMap(name => (document[name] === undefined ? [] : [{ name, value: document[name] }]));
    this.#templates = [...own, ...extensions].map(({ name, value }) => ({
      name,
      template: compileTemplate(value, rule),
    }));
    if (document.datacontenttype !== undefined) this.#contentType = compileTemplate(document.datacontenttype, rule);
    this.#passes = data.column === 'payload' || data.column === 'value';
    this.#isRow = data.source.replace(/\s/g, '') === '${.}';
    this.#provenance = provenance;
    this.#foreach = rule.foreach;
    this.#tombstones = tombstones;
  }

  /**
   * Throws `template-value-missing` and `cloud-event-invalid`.
   *
   * @param value of the data's template
   * @param time milliseconds since 1970
   */
  make(origin: Origin, captures: Captures, row: Row, value: Value, time: number): MadeEvent {
    const event = this.#passes ? cloudEventOf(origin as AnyMessage) : undefined;
    const attributes = event === undefined ? this.#newAttributes(origin, time) : keptAttributes(event);
    this.#give(attributes, origin, captures, row);
    const said = this.#contentType?.text(origin, captures, row) || undefined;
    const data = event === undefined ? this.#newData(origin, value, said) : keptData(event, said);
    if (this.#structured && !(this.#tombstones && isEmpty(data)))
      return { attributes: [], contentType: structuredType, bytes: envelopeOf(attributes, data) };
    return {
      attributes: Object.entries(attributes).map(([name, each]) => [name, canonicalText(each)]),
      contentType: data.contentType,
      bytes: data.isJson ? Buffer.from(encodeJson(data.value)) : bytesOf(data.value),
    };
  }

  /** What the document says of the attributes. */
  #give(attributes: ValueMap, origin: Origin, captures: Captures, row: Row): void {
    for (const { name, template } of this.#templates) {
      const text = attributeText(name, template, origin, captures, row);
      if (text !== undefined)
        attributes[name] = name === 'source' || name === 'dataschema' ? uriText(name, text) : text;
      else if (needed.has(name)) throw missing(name, template, origin, captures, row);
      else delete attributes[name];
    }
  }

  /** @param said the content type that the document gives */
  #newData(origin: Origin, value: Value, said: string | undefined): EventData {
    if (this.#isRow) return { value, contentType: said ?? 'application/json', isValid: true };
    if (value === undefined || value === null) return { value: undefined, contentType: said };
    if (typeof value !== 'string' && !Buffer.isBuffer(value))
      return { value, contentType: said ?? 'application/json', isJson: said === undefined || isJson(said) };
    if (!this.#passes) return { value, contentType: said, isText: typeof value === 'string' };
    const isText = (origin as AnyMessage).properties?.['Payload-Format-Indicator'] === 1;
    return { value, contentType: said ?? ownContentType(origin as AnyMessage), isText };
  }

  #newAttributes(origin: Origin, time: number): ValueMap {
    const attributes = newMap();
    const { bridge } = this.#provenance;
    attributes.specversion = '1.0';
    attributes.id = this.#idOf(origin);
    attributes.source = uriText('source', `/mqtt-kafka-bridges/${bridge}`);
    attributes.type = `dev.mqttkafka.${kindOf(origin)}`;
    const subject = subjectOf(origin);
    if (subject !== undefined) attributes.subject = subject;
    const at = timeText(time);
    if (at !== undefined) attributes.time = at;
    return attributes;
  }

  #idOf(origin: Origin): string {
    const { rule, instance } = this.#provenance;
    const { id, topic, partition, offset } = origin as AnyMessage;
    const kind = kindOf(origin);
    if (kind === 'window' || kind === 'event') return `${rule}-${instance}-${++this.#made}`;
    const message = kind === 'message' ? `${rule}-${id}` : `${rule}-${topic}-${partition}-${offset}`;
    return this.#foreach ? `${message}-${this.#rowOf(origin)}` : message;
  }

  /** Which row of its message it is, from 1. FOREACH gets a message that stays what it is. */
  #rowOf(origin: Origin): number {
    this.#row = origin === this.#last ? this.#row + 1 : 1;
    this.#last = origin;
    return this.#row;
  }
}

/** Nothing but bytes and text can be: JSON is at least `""`. */
function isEmpty({ value, isJson: json }: EventData): boolean {
  if (value === undefined || value === null) return true;
  return !json && (typeof value === 'string' || Buffer.isBuffer(value)) && value.length === 0;
}

function keptAttributes({ attributes }: CloudEvent): ValueMap {
  const kept = Object.assign(newMap(), attributes);
  delete kept.datacontenttype;
  return kept;
}

function keptData({ attributes, data, bytes }: CloudEvent, said: string | undefined): EventData {
  const contentType = said ?? (attributes.datacontenttype as string | undefined);
  if (bytes !== undefined) return { value: bytes, contentType };
  const json = data !== undefined && !Buffer.isBuffer(data) && (contentType === undefined || isJson(contentType));
  return { value: data, contentType, isJson: json };
}

function kindOf(origin: Origin): 'message' | 'record' | 'window' | 'event' {
  if ('end' in origin) return 'window';
  if ('rawHeaders' in origin) return 'record';
  return 'userProperties' in origin ? 'message' : 'event';
}

/** Of what may stand in an attribute; a topic or a key that may not is no reason to lose the event. */
function subjectOf(origin: Origin): string | undefined {
  const kind = kindOf(origin);
  const { topic, key } = origin as AnyMessage;
  const text = kind === 'message' ? topic : kind === 'record' ? key : undefined;
  return text === undefined ? undefined : allowedText(text);
}

/** What a message says of its payload; the name of an envelope is none. */
function ownContentType(message: AnyMessage): string | undefined {
  const mqtt = message.headers?.['mqtt.content-type'];
  const found = contentTypeOf(message) ?? (typeof mqtt === 'string' ? mqtt : undefined);
  return found === '' || mediaTypeOf(found)?.startsWith('application/cloudevents') ? undefined : found;
}

function missing(name: string, template: CompiledTemplate, origin: Origin, captures: Captures, row: Row): MkbError {
  const placeholder = template.missing(origin, captures, row) ?? template.source;
  return new MkbError('template-value-missing', { placeholder, text: `a CloudEvent needs its ${name}` });
}
