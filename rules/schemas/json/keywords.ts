/**
 * What a JSON Schema may say. The validator takes whatever it does not understand for "anything goes", so a slip such as `requird` or
 * `minimum: "5"` would let every message pass; here it is reported when the document is loaded.
 *
 * Drafts 6, 7, 2019-09 and 2020-12: https://json-schema.org/specification
 */

/** What the value of a keyword is. */
export type Content =
  | 'schema'
  | 'schemas'
  | 'schema or schemas'
  | 'schemas by name'
  | 'schemas by pattern'
  | 'schemas or names by name'
  | 'number'
  | 'count'
  | 'text'
  | 'pattern'
  | 'reference'
  | 'texts'
  | 'texts by name'
  | 'flag'
  | 'types'
  | 'list'
  | 'data';

const of = (content: Content, ...keywords: readonly string[]): (readonly [string, Content])[] =>
  keywords.map(keyword => [keyword, content]);

export const keywords: ReadonlyMap<string, Content> = new Map([
  ...of('schema', 'additionalItems', 'additionalProperties', 'contains', 'else', 'if', 'not', 'propertyNames'),
  ...of('schema', 'then', 'unevaluatedItems', 'unevaluatedProperties', 'contentSchema'),
  ...of('schemas', 'allOf', 'anyOf', 'oneOf', 'prefixItems'),
  ...of('schema or schemas', 'items'),
  ...of('schemas by name', 'properties', '$defs', 'definitions', 'dependentSchemas'),
  ...of('schemas by pattern', 'patternProperties'),
  ...of('schemas or names by name', 'dependencies'),
  ...of('number', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'),
  ...of('count', 'minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'),
  ...of('count', 'minContains', 'maxContains'),
  ...of('text', '$schema', '$id', '$anchor', '$dynamicAnchor', '$comment', 'title', 'description', 'format'),
  ...of('text', 'contentEncoding', 'contentMediaType'),
  ...of('pattern', 'pattern'),
  ...of('reference', '$ref'),
  ...of('text', '$dynamicRef', '$recursiveRef'),
  ...of('texts', 'required'),
  ...of('texts by name', 'dependentRequired'),
  ...of('flag', 'uniqueItems', 'deprecated', 'readOnly', 'writeOnly', '$recursiveAnchor'),
  ...of('types', 'type'),
  ...of('list', 'enum', 'examples'),
  ...of('data', 'const', 'default', '$vocabulary'),
]);

export const types: readonly string[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

/** Drafts by what `$schema` names them, without scheme and the sign that may end it. */
export const drafts: readonly string[] = [
  'json-schema.org/draft-06/schema',
  'json-schema.org/draft-07/schema',
  'json-schema.org/draft/2019-09/schema',
  'json-schema.org/draft/2020-12/schema',
];
