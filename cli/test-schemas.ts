/**
 * The schemas that tests run with: those of the document, and for its registries what files of tests give, because tests ask no network.
 *
 * Of several that are given for one name, the first is what `schema_encode` writes with.
 */
import { MkbError } from '../api/errors.ts';
import type { LoadedDocument } from '../api/load.ts';
import { nearest } from '../api/nearest.ts';
import type { Path, Problem } from '../api/problems.ts';
import type { RegisteredSchema } from '../api/schema/rule-tests.ts';
import type { LoadedTestFile } from '../api/test-file.ts';
import { problemOf } from '../rules/problem-of.ts';
import { avroCodec } from '../rules/schemas/avro/codec.ts';
import { SchemaFault } from '../rules/schemas/fault.ts';
import { jsonCodec } from '../rules/schemas/json/codec.ts';
import { protobufCodec } from '../rules/schemas/protobuf/codec.ts';
import type { Registered, RegistrySchema } from '../rules/schemas/registry.ts';
import { type Schemas, schemasOf } from '../rules/schemas/schemas.ts';

export interface TestSchemas {
  readonly schemas: Schemas;
  readonly problems: readonly Problem[];
}

/** @param files the files of tests of the document */
export const testSchemas = ({ document }: LoadedDocument, files: readonly LoadedTestFile[]): TestSchemas => {
  const schemas = schemasOf(document.spec.schemas);
  const writing = new Set<RegistrySchema>();
  const problems = files.flatMap(({ registry, places }) =>
    registry.flatMap((given, index) => {
      const path: Path = ['registry', index];
      try {
        const schema = registryNamed(schemas, given.name);
        schema.learn(given.id, compiled(given));
        if (!writing.has(schema)) schema.writeWith(given.id);
        writing.add(schema);
        return [];
      } catch (error) {
        return [problemOf(places, MkbError.is(error, 'schema-invalid') ? [...path, languageOf(given)] : path, error)];
      }
    }),
  );
  return { schemas, problems };
};

const registryNamed = ({ registries }: Schemas, name: string): RegistrySchema => {
  const found = registries.find(each => each.name === name);
  if (found !== undefined) return found;
  const meant = nearest(
    name,
    registries.map(each => each.name),
  );
  throw new MkbError('registry-not-found', { name, meant });
};

const languageOf = ({ json, avro }: RegisteredSchema): 'json' | 'avro' | 'protobuf' => {
  if (json !== undefined) return 'json';
  return avro === undefined ? 'protobuf' : 'avro';
};

const compiled = (given: RegisteredSchema): Registered => {
  const kind = languageOf(given);
  const text = given[kind]!;
  try {
    if (kind === 'protobuf') return { kind, codec: protobufCodec(text) };
    return { kind, codec: kind === 'json' ? jsonCodec(text) : avroCodec(text) };
  } catch (cause) {
    if (!(cause instanceof SchemaFault)) throw cause;
    const { at, offset, message: reason } = cause;
    throw new MkbError('schema-invalid', { name: given.name, language: kind, at, offset, reason }, { cause });
  }
};
