/**
 * Schemas of a registry, ready for use: their text, what they refer to, and the codec that is made of both.
 *
 * A schema may use others, each a version of a subject under the name by which it is imported. They come in the order in which they need
 * one another, as Avro wants it: what is used first.
 */
import { MkbError } from '../../api/errors.ts';
import { avroCodec } from '../../rules/schemas/avro/codec.ts';
import { SchemaFault } from '../../rules/schemas/fault.ts';
import { jsonCodec } from '../../rules/schemas/json/codec.ts';
import { protobufCodec } from '../../rules/schemas/protobuf/codec.ts';
import type { ProtoFile } from '../../rules/schemas/protobuf/schema.ts';
import type { Registered } from '../../rules/schemas/registry.ts';
import type { Answer, RegistryClient } from './client.ts';

/** The schema of an id. Throws as `RegistryClient.get`, and `registry-schema-invalid` for one that cannot be used. */
export const schemaOfId = async (client: RegistryClient, id: number): Promise<Registered> => {
  const path = `/schemas/ids/${id}`;
  return registered(client, path, await client.get(path));
};

export interface Version {
  readonly id: number;
  readonly schema: Registered;
}

/** A version of a subject, or its latest. Throws as `schemaOfId`. */
export const schemaOfSubject = async (
  client: RegistryClient,
  subject: string,
  version: number | 'latest',
): Promise<Version> => {
  const path = pathOf(subject, version);
  const answer = await client.get(path);
  if (typeof answer.id !== 'number')
    throw new MkbError('registry-failed', { url: client.address(path), reason: 'the answer has no id' });
  return { id: answer.id, schema: await registered(client, path, answer) };
};

/** A schema as it is registered. */
export interface SchemaText {
  readonly schemaType: 'AVRO' | 'JSON';
  readonly schema: string;
}

/** Registers a schema under a subject; one that is there already keeps its id. Throws as `RegistryClient.post`. */
export const idOfSchema = async (client: RegistryClient, subject: string, text: SchemaText): Promise<number> => {
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  const { id } = await client.post(path, text);
  if (typeof id !== 'number')
    throw new MkbError('registry-failed', { url: client.address(path), reason: 'the answer has no id' });
  return id;
};

const pathOf = (subject: string, version: unknown): string =>
  `/subjects/${encodeURIComponent(subject)}/versions/${encodeURIComponent(String(version))}`;

const registered = async (client: RegistryClient, path: string, answer: Answer): Promise<Registered> => {
  const url = client.address(path);
  if (typeof answer.schema !== 'string')
    throw new MkbError('registry-failed', { url, reason: 'the answer has no schema' });
  const references = new Map<string, string>();
  await collect(client, url, answer, references);
  try {
    return compile(String(answer.schemaType ?? 'AVRO'), answer.schema, references);
  } catch (cause) {
    if (!(cause instanceof SchemaFault)) throw cause;
    const reason = cause.at === '' ? cause.message : `at ${cause.at}: ${cause.message}`;
    throw new MkbError('registry-schema-invalid', { url, reason }, { cause });
  }
};

const mostReferences = 200;

/** Puts what a schema refers to into `references`, text by name, what is used before what uses it. */
const collect = async (
  client: RegistryClient,
  url: string,
  answer: Answer,
  references: Map<string, string>,
): Promise<void> => {
  const listed = Array.isArray(answer.references) ? (answer.references as Answer[]) : [];
  for (const { name, subject, version } of listed) {
    if (references.has(String(name))) continue;
    if (references.size >= mostReferences)
      throw new MkbError('registry-schema-invalid', { url, reason: `it refers to more than ${mostReferences} others` });
    const other = await client.get(pathOf(String(subject), version));
    await collect(client, url, other, references);
    references.set(String(name), String(other.schema));
  }
};

const compile = (kind: string, text: string, references: ReadonlyMap<string, string>): Registered => {
  switch (kind) {
    case 'AVRO':
      return { kind: 'avro', codec: avroCodec(text, [...references.values()]) };
    case 'PROTOBUF': {
      const files: ProtoFile[] = [...references].map(([name, file]) => ({ name, text: file }));
      return { kind: 'protobuf', codec: protobufCodec(text, files) };
    }
    case 'JSON':
      if (references.size > 0) throw new SchemaFault('', 'a JSON Schema that refers to others cannot be used');
      return { kind: 'json', codec: jsonCodec(text) };
    default:
      throw new SchemaFault('', `its type is ${kind}, and AVRO, PROTOBUF and JSON are known`);
  }
};
