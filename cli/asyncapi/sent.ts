/** The message that a sink sends: what is known of its payload, key, and headers. Values of headers stay out: some are tokens. */

import type { SchemaSection } from '../../api/schema/schemas.ts';
import { parseTemplate } from '../../api/template.ts';
import type { Rule } from '../../rules/rule.ts';
import type { SinkDocument } from '../../rules/rule-document.ts';
import { schemaReference, type UsedSchemas } from './schemas.ts';

export interface MessageObject {
  readonly description?: string;
  readonly contentType?: string;
  readonly headers?: object;
  readonly payload?: object;
  readonly bindings?: object;
}

export interface RuleFacts {
  readonly rule: Rule;
  readonly used: UsedSchemas;
}

export const sentMessage = (sink: SinkDocument, facts: RuleFacts, schemas: readonly SchemaSection[]): MessageObject => {
  const { kafka, mqtt } = sink;
  const named = (kafka?.headers ?? mqtt?.userProperties ?? []).map(({ name }) => name);
  return {
    ...content(sink, facts, schemas),
    ...(named.length > 0 && { headers: objectOf(named.map(name => [name, { type: 'string' }])) }),
    ...bindings(sink),
  };
};

const content = (sink: SinkDocument, { rule, used }: RuleFacts, schemas: readonly SchemaSection[]): MessageObject => {
  const { kafka, mqtt } = sink;
  // Its payload is an envelope around what the rest of this function finds.
  if ((kafka ?? mqtt)?.cloudEvents?.mode === 'structured') return { contentType: 'application/cloudevents+json' };
  const template = kafka === undefined ? mqtt?.payload : kafka.value;
  const says = mqtt?.contentType !== undefined && !mqtt.contentType.includes('${') && mqtt.contentType;
  const stated = says ? { contentType: says } : {};
  const isRow = template === undefined ? kafka === undefined || !rule.passesPayload : template === '${.}';
  if (isRow) return { contentType: 'application/json', ...stated, payload: rowSchema(rule) };
  const column = columnOf(template ?? '${payload}');
  const isPayload = column !== undefined && ['payload', 'value'].includes(column) && !rule.given.has(column);
  const [only, ...others] = isPayload ? used.read : [used.written.get(column ?? '')];
  return { ...stated, ...(only !== undefined && others.length === 0 && bySchema(only, schemas)) };
};

/** A schema of a registry is only there: its name is said. */
export const bySchema = (name: string, schemas: readonly SchemaSection[]): MessageObject => {
  const found = schemas.find(each => each.name === name);
  if (found === undefined) return {};
  if (found.registry === undefined) return { payload: schemaReference(name) };
  const { subject } = found.registry;
  const which = subject === undefined ? '' : `, subject ${subject}`;
  return { description: `Begins with the id of its schema in a registry (Confluent's format${which}).` };
};

/** The column that a template of one placeholder is. */
const columnOf = (template: string): string | undefined => {
  const [part, ...others] = parseTemplate(template).parts;
  if (part === undefined || typeof part === 'string' || others.length > 0 || part.path.length !== 1) return undefined;
  return String(part.path[0]);
};

/** The names of a row are known; of their types only that what a topic has is text. */
const rowSchema = ({ columns, captureNames, given }: Rule): object => {
  const texts = new Set(captureNames.filter(name => !given.has(name)));
  return objectOf(columns.map(name => [name, texts.has(name) ? { type: 'string' } : {}]));
};

const objectOf = (properties: readonly (readonly [string, object])[]): object => ({
  type: 'object',
  properties: Object.fromEntries(properties),
});

const bindings = ({ kafka, mqtt }: SinkDocument): MessageObject => {
  if (kafka?.key !== undefined)
    return { bindings: { kafka: { key: { type: 'string', description: kafka.key }, bindingVersion: '0.5.0' } } };
  if (mqtt?.payloadFormat === undefined) return {};
  const payloadFormatIndicator = mqtt.payloadFormat === 'utf8' ? 1 : 0;
  return { bindings: { mqtt: { payloadFormatIndicator, bindingVersion: '0.2.0' } } };
};
