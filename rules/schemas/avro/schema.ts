/**
 * Avro schemas: JSON text to a tree of types with every name resolved. Source: the Avro specification 1.12, "Schema Declaration".
 *
 * A type that refers to itself is the same object again, so whoever walks over types must expect circles. Logical types, docs, aliases and
 * orders change nothing about bytes and are skipped, as EMQX does; a `decimal` stays the bytes it is.
 */
import { nearest } from '../../../api/nearest.ts';
import { isList, isMap, type Value, type ValueMap } from '../../value.ts';
import { parseSchemaText, SchemaFault } from '../fault.ts';

export const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const;

export interface Primitive {
  readonly kind: (typeof primitives)[number];
}

export interface RecordType {
  readonly kind: 'record';
  readonly name: string;
  /** Filled in after the record is known by name, as its fields may be of the record's own type. */
  readonly fields: RecordField[];
}

export interface RecordField {
  readonly name: string;
  readonly type: AvroType;
  /** What stands for a field that a map does not have; as JSON, which the field's type gives a meaning. */
  readonly fallback: { readonly json: Value } | undefined;
  /** Where it is written, for faults that are found later. */
  readonly at: string;
}

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly symbols: readonly string[];
}

export interface FixedType {
  readonly kind: 'fixed';
  readonly name: string;
  readonly size: number;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly items: AvroType;
}

export interface MapType {
  readonly kind: 'map';
  readonly values: AvroType;
}

export interface UnionType {
  readonly kind: 'union';
  readonly branches: readonly AvroType[];
}

export type AvroType = Primitive | RecordType | EnumType | FixedType | ArrayType | MapType | UnionType;

/** @param references further schemas, whose named types this one may use; each may use those before it. Throws SchemaFault. */
export const parseAvro = (text: string, references: readonly string[] = []): AvroType => {
  const reader = new SchemaReader();
  for (const reference of references) reader.type(parseSchemaText(reference), '', '');
  return reader.type(parseSchemaText(text), '', '');
};

/** A type in the words of error messages. */
export const typeName = (type: AvroType): string => {
  if (type.kind === 'union') return `one of ${type.branches.map(typeName).join(', ')}`;
  return 'name' in type ? `${type.kind} ${type.name}` : type.kind;
};

const validName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const validFullName = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const mostNested = 100;

class SchemaReader {
  readonly #named = new Map<string, AvroType>();
  #depth = 0;

  /**
   * @param namespace the namespace around it, which names without a dot belong to
   * @param at its place, as `fields[1].type`; empty for the whole
   */
  type(json: Value, namespace: string, at: string): AvroType {
    if (++this.#depth > mostNested) throw new SchemaFault(at, 'it is nested too deeply');
    const type = this.#read(json, namespace, at);
    this.#depth--;
    return type;
  }

  #read(json: Value, namespace: string, at: string): AvroType {
    if (typeof json === 'string') return this.#byName(json, namespace, at);
    if (isList(json)) return this.#union(json, namespace, at);
    if (!isMap(json)) throw new SchemaFault(at, 'a type is a name, a list of types, or a map with a type');
    const { type } = json;
    if (typeof type !== 'string') return this.type(type, namespace, join(at, 'type'));
    switch (type) {
      case 'record':
      case 'error':
        return this.#record(json, namespace, at);
      case 'enum':
        return this.#enum(json, namespace, at);
      case 'fixed':
        return this.#fixed(json, namespace, at);
      case 'array':
        return { kind: 'array', items: this.type(json.items, namespace, join(at, 'items')) };
      case 'map':
        return { kind: 'map', values: this.type(json.values, namespace, join(at, 'values')) };
      default:
        return this.#byName(type, namespace, join(at, 'type'));
    }
  }

  #byName(name: string, namespace: string, at: string): AvroType {
    const primitive = primitives.find(each => each === name);
    if (primitive !== undefined) return { kind: primitive };
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name);
    if (found !== undefined) return found;
    const complex = ['record', 'enum', 'fixed', 'array', 'map'];
    const near = nearest(name, [...primitives, ...complex, ...this.#named.keys()]);
    throw new SchemaFault(at, `there is no type ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`);
  }

  #union(json: readonly Value[], namespace: string, at: string): AvroType {
    const branches = json.map((each, index) => this.type(each, namespace, `${at}[${index}]`));
    const seen = new Set<string>();
    for (const [index, branch] of branches.entries()) {
      if (branch.kind === 'union') throw new SchemaFault(`${at}[${index}]`, 'a union has no unions in it');
      if (seen.has(typeName(branch))) throw new SchemaFault(`${at}[${index}]`, `${typeName(branch)} is there twice`);
      seen.add(typeName(branch));
    }
    return { kind: 'union', branches };
  }

  #record(json: ValueMap, namespace: string, at: string): AvroType {
    const name = this.#name(json, namespace, at);
    const record: RecordType = { kind: 'record', name, fields: [] };
    this.#named.set(name, record);
    if (!isList(json.fields)) throw new SchemaFault(join(at, 'fields'), 'a record needs a list of fields');
    for (const [index, field] of json.fields.entries()) {
      const place = `${join(at, 'fields')}[${index}]`;
      if (!isMap(field) || typeof field.name !== 'string' || !validName.test(field.name))
        throw new SchemaFault(place, 'a field needs a name of letters, digits and underscores');
      if (record.fields.some(other => other.name === field.name))
        throw new SchemaFault(place, `the field ${field.name} is there twice`);
      const type = this.type(field.type, namespaceOf(name), join(place, 'type'));
      const fallback = Object.hasOwn(field, 'default') ? { json: field.default } : undefined;
      record.fields.push({ name: field.name, type, fallback, at: join(place, 'default') });
    }
    return record;
  }

  #enum(json: ValueMap, namespace: string, at: string): AvroType {
    const name = this.#name(json, namespace, at);
    const { symbols } = json;
    if (!isList(symbols) || !symbols.every(each => typeof each === 'string' && validName.test(each)))
      throw new SchemaFault(join(at, 'symbols'), 'an enum needs a list of symbols');
    if (new Set(symbols).size < symbols.length) throw new SchemaFault(join(at, 'symbols'), 'a symbol is there twice');
    const type: EnumType = { kind: 'enum', name, symbols: symbols as readonly string[] };
    this.#named.set(name, type);
    return type;
  }

  #fixed(json: ValueMap, namespace: string, at: string): AvroType {
    const name = this.#name(json, namespace, at);
    const { size } = json;
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
      throw new SchemaFault(join(at, 'size'), 'a fixed needs a size, a whole number of bytes');
    const type: FixedType = { kind: 'fixed', name, size };
    this.#named.set(name, type);
    return type;
  }

  /** The full name that a type declares. */
  #name(json: ValueMap, around: string, at: string): string {
    const { name, namespace = around } = json;
    if (typeof name !== 'string' || !validFullName.test(name))
      throw new SchemaFault(join(at, 'name'), `a ${json.type} needs a name of letters, digits and underscores`);
    if (typeof namespace !== 'string') throw new SchemaFault(join(at, 'namespace'), 'a namespace is text');
    const full = fullName(name, namespace);
    if (this.#named.has(full)) throw new SchemaFault(join(at, 'name'), `there is another type named ${full}`);
    return full;
  }
}

const fullName = (name: string, namespace: string): string =>
  name.includes('.') || namespace === '' ? name : `${namespace}.${name}`;

const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));

const join = (at: string, key: string): string => (at === '' ? key : `${at}.${key}`);
