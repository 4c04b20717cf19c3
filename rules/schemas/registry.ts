/**
 * A schema of the document that stands for a registry: which schema a message was written with, its first bytes say.
 *
 * Rules fetch nothing. What is not known is an error, `schema-pending`, which says what is missing; the bridge fetches
 * it, adds it here, and runs the rule again for the same message.
 */
import { MkbError } from '../../api/errors.ts';
import { Refusal } from '../refusal.ts';
import type { Value } from '../value.ts';
import type { Codec } from './codec.ts';
import { headerBytes, pathTo, readTypePath, schemaIdOf, tagged, typeAt, writeTypePath } from './confluent.ts';
import type { ProtobufCodec } from './protobuf/codec.ts';

/** A schema that the registry gave. */
export type Registered =
  | { readonly kind: 'avro' | 'json'; readonly codec: Codec }
  | { readonly kind: 'protobuf'; readonly codec: ProtobufCodec };

/** A schema of the document, under a subject of the registry. */
export interface Registration {
  /** Its name in the document. */
  readonly schema: string;
  readonly subject: string;
}

const keyOf = ({ schema, subject }: Registration): string => JSON.stringify([schema, subject]);

/** Schemas with these ids are remembered not to be there, and for how long: ids are made up by whoever publishes. */
const mostRefused = 1000;
const refusedForMs = 60_000;

export class RegistrySchema implements Codec {
  readonly kind = 'registry';
  readonly name: string;
  /** Whether the document names a subject, so that messages can be written. */
  readonly writes: boolean;
  readonly #now: () => number;
  readonly #known = new Map<number, Registered>();
  /** By id, or by the key of a registration. */
  readonly #refused = new Map<number | string, { readonly reason: string; readonly until: number }>();
  /** Ids of schemas of the document, by the key of their registration. */
  readonly #registered = new Map<string, number>();
  /** The id of the schema that messages are written with. */
  #writer: number | undefined;

  /** @param now milliseconds from any beginning */
  constructor(name: string, writes: boolean, now: () => number = () => performance.now()) {
    this.name = name;
    this.writes = writes;
    this.#now = now;
  }

  /** The registry's schema of this id, from now on. */
  learn(id: number, schema: Registered): void {
    this.#known.set(id, schema);
    this.#refused.delete(id);
  }

  /** Messages are written with this schema, which is known. */
  writeWith(id: number): void {
    this.#writer = id;
  }

  /** The registry knows a schema of the document by this id. */
  register(registration: Registration, id: number): void {
    if (this.#registered.size >= mostRefused) this.#registered.clear();
    this.#registered.set(keyOf(registration), id);
  }

  /** There is no such schema, or none that can be used, or it cannot be registered. Believed for a minute. */
  refuse(what: number | Registration, reason: string): void {
    if (this.#refused.size >= mostRefused) this.#refused.clear();
    const key = typeof what === 'number' ? what : keyOf(what);
    this.#refused.set(key, { reason, until: this.#now() + refusedForMs });
  }

  problem(use: 'decode' | 'encode' | 'check', type: string | undefined): string | undefined {
    if (use !== 'encode' || this.writes)
      return use === 'decode' && type !== undefined
        ? 'takes no message type with a registry: the message says what it is'
        : undefined;
    return `cannot write with ${this.name}: its registry names no subject whose schema to write with`;
  }

  decode(bytes: Buffer): Value {
    const schema = this.#schema(schemaIdOf(bytes));
    if (schema.kind !== 'protobuf') return schema.codec.decode(bytes.subarray(headerBytes));
    const { positions, end } = readTypePath(bytes, headerBytes);
    const type = typeAt(schema.codec.types.names, positions);
    if (type === undefined) throw new Refusal(`the schema has no message at ${positions.join(', ')}`);
    return schema.codec.decode(bytes.subarray(end), type);
  }

  encode(value: Value, type?: string): Buffer {
    const id = this.#writer;
    if (id === undefined) throw new MkbError('schema-pending', { name: this.name, id });
    const schema = this.#schema(id);
    if (schema.kind !== 'protobuf') {
      const problem = schema.codec.problem('encode', type);
      if (problem !== undefined) throw new Refusal(`it ${problem}`);
      return tagged(id, schema.codec.encode(value));
    }
    const { names } = schema.codec.types;
    const name = type === undefined ? names[0]! : type;
    const message = schema.codec.encode(value, name);
    const path = pathTo(names, names.find(each => name === each || name.endsWith(`.${each}`)) ?? name);
    return tagged(id, Buffer.concat([writeTypePath(path), message]));
  }

  /** The codec of an id, for messages that do not say it. Throws as `decode`. */
  codecOf(id: number): Codec {
    return this.#schema(id).codec;
  }

  /** The id under which the registry has a schema of the document. Throws as `decode`. */
  idOf(registration: Registration): number {
    const key = keyOf(registration);
    const id = this.#registered.get(key);
    if (id !== undefined) return id;
    this.#throwRefused(key);
    throw new MkbError('schema-pending', { name: this.name, id, registration });
  }

  /** Throws Refusal for a schema that is not there, `schema-pending` for one that nobody asked for yet. */
  #schema(id: number): Registered {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    this.#throwRefused(id);
    throw new MkbError('schema-pending', { name: this.name, id });
  }

  #throwRefused(key: number | string): void {
    const refused = this.#refused.get(key);
    if (refused !== undefined && refused.until > this.#now()) throw new Refusal(refused.reason);
  }
}
