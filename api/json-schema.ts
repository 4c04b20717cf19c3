/**
 * The schema as JSON Schema for editors (draft 7, which all of them know). Our annotations become standard keywords: an exactly-one-of
 * a `oneOf` of required names, a quantity its pattern; mappings are closed unless they keep unknown fields; and what has a default
 * need not be written.
 */
import { documentField } from './bridge.ts';
import { durationPattern } from './durations.ts';
import { userField, userKind } from './mqtt-user.ts';
import { type Field, fieldsToWrite } from './schema/fields.ts';
import { bytesPattern } from './units.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of a document as a person writes it. */
export const documentJsonSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'MqttKafkaBridge',
  ...jsonSchema(documentField),
});

/** The same of an MqttUser. */
export const userJsonSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: userKind,
  ...jsonSchema(userField),
});

const kept = [
  'type',
  'description',
  'default',
  'enum',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
] as const;

/** The JSON Schema of any field of any document. */
export const jsonSchema = (field: Field): JsonSchema => {
  const own = Object.fromEntries(kept.filter(name => field[name] !== undefined).map(name => [name, field[name]]));
  return {
    ...own,
    ...quantityPattern(field),
    ...listKeywords(field),
    ...(field.type === 'object' && objectKeywords(field)),
  };
};

const quantityPattern = ({ 'x-quantity': quantity }: Field): JsonSchema =>
  quantity ? { minLength: 1, pattern: quantity.unit === 'duration' ? durationPattern : bytesPattern } : {};

const listKeywords = (field: Field): JsonSchema => ({
  ...(field.items && { items: jsonSchema(field.items) }),
  ...(field['x-kubernetes-list-type'] === 'set' && { uniqueItems: true }),
});

const objectKeywords = (field: Field): JsonSchema => {
  const { properties, additionalProperties } = field;
  const required = fieldsToWrite(field);
  const choices = field['x-exactly-one-of'];
  return {
    ...(properties && { properties: mapValues(properties, jsonSchema) }),
    ...(required.length > 0 && { required }),
    ...(choices && { oneOf: choices.map(name => ({ required: [name] })) }),
    additionalProperties: additionalProperties
      ? jsonSchema(additionalProperties)
      : field['x-kubernetes-preserve-unknown-fields'] === true,
  };
};

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
