/** The schemas of a document by name, compiled once for all of its rules. */
import { MkbError } from '../../api/errors.ts';
import type { SchemaSection } from '../../api/schema/schemas.ts';
import { avroCodec } from './avro/codec.ts';
import type { Codec } from './codec.ts';
import { SchemaFault } from './fault.ts';
import { jsonCodec } from './json/codec.ts';
import { protobufCodec } from './protobuf/codec.ts';
import { RegistrySchema } from './registry.ts';

export interface Schemas {
  readonly names: readonly string[];
  find(name: string): Codec | undefined;
  /** Those that stand for a registry. */
  readonly registries: readonly RegistrySchema[];
}

/** A schema whose text is wrong. */
export interface BrokenSchema {
  readonly name: string;
  readonly language: 'json' | 'avro' | 'protobuf';
  readonly error: MkbError<'schema-invalid'>;
}

export interface CompiledSchemas {
  readonly schemas: Schemas;
  readonly broken: readonly BrokenSchema[];
}

export const noSchemas: Schemas = { names: [], find: () => undefined, registries: [] };

/**
 * Compiles all schemas; those that are broken are reported, and are still known by name, so that a rule which uses one is not blamed for it.
 *
 * @param documents of the right shape
 */
export const compileSchemas = (documents: readonly SchemaSection[]): CompiledSchemas => {
  const broken: BrokenSchema[] = [];
  const registries: RegistrySchema[] = [];
  const codecs = new Map<string, Codec>();
  for (const document of documents) {
    try {
      const codec = compileSchema(document);
      if (codec instanceof RegistrySchema) registries.push(codec);
      codecs.set(document.name, codec);
    } catch (cause) {
      if (!(cause instanceof SchemaFault)) throw cause;
      broken.push(brokenSchema(document, cause));
      codecs.set(document.name, unusable);
    }
  }
  return { schemas: { names: [...codecs.keys()], find: name => codecs.get(name), registries }, broken };
};

/** The same, for documents that were checked. Throws `schema-invalid`. */
export const schemasOf = (documents: readonly SchemaSection[]): Schemas => {
  const { schemas, broken } = compileSchemas(documents);
  if (broken[0] !== undefined) throw broken[0].error;
  return schemas;
};

/** Throws SchemaFault. */
const compileSchema = ({ name, json, avro, protobuf, registry }: SchemaSection): Codec => {
  if (json !== undefined) return jsonCodec(json);
  if (avro !== undefined) return avroCodec(avro);
  if (protobuf !== undefined) return protobufCodec(protobuf);
  return new RegistrySchema(name, registry?.subject !== undefined);
};

const brokenSchema = (document: SchemaSection, fault: SchemaFault): BrokenSchema => {
  const language = document.json !== undefined ? 'json' : document.avro !== undefined ? 'avro' : 'protobuf';
  const { name } = document;
  const { at, offset, message: reason } = fault;
  const details = { name, language, at, offset, reason };
  return { name, language, error: new MkbError('schema-invalid', details, { cause: fault }) };
};

const unusable: Codec = {
  kind: 'avro',
  problem: () => undefined,
  decode: () => {
    throw new SchemaFault('', 'the schema is broken');
  },
  encode: () => {
    throw new SchemaFault('', 'the schema is broken');
  },
};
