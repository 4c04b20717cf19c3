/** Checks the schemas of a document: each text is one that can be used. Rules are checked with what is right of them. */
import type { LoadedDocument } from '../api/load.ts';
import type { Problem } from '../api/problems.ts';
import type { SchemaSection } from '../api/schema/schemas.ts';
import { problemOf } from './problem-of.ts';
import { compileSchemas, type Schemas } from './schemas/schemas.ts';

export interface CheckedSchemas {
  readonly schemas: Schemas;
  readonly problems: readonly Problem[];
}

export const checkSchemas = (loaded: LoadedDocument): CheckedSchemas => {
  const { schemas: section } = loaded.document.spec;
  const { schemas, broken } = compileSchemas(Array.isArray(section) ? section.filter(hasShape) : []);
  const problems = broken.map(({ name, language, error }) => {
    const index = section.findIndex(each => each?.name === name);
    return problemOf(loaded, ['spec', 'schemas', index, language], error);
  });
  return { schemas, problems };
};

/** What has another shape is reported elsewhere. */
const hasShape = (schema: unknown): boolean => {
  if (typeof schema !== 'object' || schema === null) return false;
  const { name, json, avro, protobuf, registry } = schema as Partial<SchemaSection>;
  const given = [json, avro, protobuf, registry].filter(each => each !== undefined);
  const [only] = given;
  return typeof name === 'string' && given.length === 1 && (typeof only === 'string' || only === registry);
};
