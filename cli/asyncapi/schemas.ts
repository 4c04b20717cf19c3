/** The schemas of a document as those of its contract, and which of them a rule reads and writes its payloads by. */
import type { SchemaSection } from '../../api/schema/schemas.ts';
import { parseRule } from '../../rules/parser.ts';
import type { Expression, SelectedValue } from '../../rules/syntax.ts';
import { expressionsOf, within } from '../../rules/walk.ts';

export interface FormattedSchema {
  readonly schemaFormat: string;
  readonly schema: unknown;
}

/** Undefined for a registry's, which only the registry has. */
export const formattedSchema = ({ name, json, avro, protobuf }: SchemaSection): FormattedSchema | undefined => {
  if (json !== undefined) return jsonSchema(name, json);
  if (avro !== undefined)
    return { schemaFormat: 'application/vnd.apache.avro+json;version=1.9.0', schema: JSON.parse(avro) };
  if (protobuf === undefined) return undefined;
  const version = /\bsyntax\s*=\s*["']proto3["']/.test(protobuf) ? 3 : 2;
  return { schemaFormat: `application/vnd.google.protobuf;version=${version}`, schema: protobuf };
};

export const schemaReference = (name: string): { readonly $ref: string } => ({ $ref: `#/components/schemas/${name}` });

/** Keywords that draft 7 does not have. */
const newer = /"(?:prefixItems|dependentSchemas|dependentRequired|unevaluated\w+|m(?:in|ax)Contains|\$dynamicRef)"\s*:/;

const jsonSchema = (name: string, text: string): FormattedSchema => {
  const schema: unknown = JSON.parse(text);
  const { $schema, $id } = Object(schema) as { $schema?: string; $id?: string };
  const named = /draft-0[67]|20(?:19-09|20-12)/.exec($schema ?? '')?.[0];
  const draft = named ?? (newer.test(text) ? '2020-12' : 'draft-07');
  // A reference to a part of the schema is one from the root of the contract, unless the schema has an id of its own.
  const base = `${schemaReference(name).$ref}/schema`;
  return {
    schemaFormat: `application/schema+json;version=${draft}`,
    schema: $id === undefined ? rooted(schema, base) : schema,
  };
};

const rooted = (part: unknown, base: string): unknown => {
  if (Array.isArray(part)) return part.map(each => rooted(each, base));
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      const isPointer = key === '$ref' && typeof value === 'string' && /^#(?:\/|$)/.test(value);
      return [key, isPointer ? base + value.slice(1) : rooted(value, base)];
    }),
  );
};

export interface UsedSchemas {
  /** By which the rule reads the payload. */
  readonly read: readonly string[];
  /** By which it encodes a column of its row, by the name of the column. */
  readonly written: ReadonlyMap<string, string>;
}

const readers = new Set(['schema_decode', 'schema_check', 'schema_decode_tagged']);

export const usedSchemas = (sql: string): UsedSchemas => {
  const statement = parseRule(sql);
  const read = new Set<string>();
  for (const expression of expressionsOf(statement).flatMap(each => [...within(each)])) {
    if (expression.kind !== 'call' || !readers.has(expression.name)) continue;
    const [schema, data] = expression.parameters;
    const isPayload = data?.kind === 'path' && data.steps.length === 0 && ['payload', 'value'].includes(data.name);
    const name = textOf(schema);
    if (isPayload && name !== undefined) read.add(name);
  }
  const written = statement.selected.flatMap(each => (each.kind === 'value' ? writtenBy(each) : []));
  return { read: [...read], written: new Map(written) };
};

const writtenBy = ({ expression, alias }: SelectedValue): [string, string][] => {
  if (alias?.length !== 1 || expression.kind !== 'call' || expression.name !== 'schema_encode') return [];
  const name = textOf(expression.parameters[0]);
  return name === undefined ? [] : [[alias[0], name]];
};

const textOf = (expression: Expression | undefined): string | undefined =>
  expression?.kind === 'literal' && typeof expression.value === 'string' ? expression.value : undefined;
