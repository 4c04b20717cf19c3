/**
 * JSON Schema: decodes JSON that is as a schema says, and writes only such JSON. Validation is typebox's, by walking over the schema: it
 * could also make code of it, but schemas may come from a registry, and what comes over the network is not made to code here.
 */
import Schema from 'typebox/schema';
import { encodeJson, jsonOrUndefined } from '../../json.ts';
import { Refusal, refuse } from '../../refusal.ts';
import { Float, isList, isMap, newMap, textOfBytes, type Value } from '../../value.ts';
import { type Codec, noTypeNamed } from '../codec.ts';
import { parseSchemaText } from '../fault.ts';
import { prepareSchema } from './prepare.ts';

/** Throws SchemaFault. */
export const jsonCodec = (text: string): Codec => {
  const schema = prepareSchema(plain(parseSchemaText(text)) as Value);
  const check = (value: Value): void => {
    const shown = plain(value);
    if (!holds(() => Schema.Check(schema as object, shown))) throw new Refusal(firstFault(schema as object, shown));
  };
  return {
    kind: 'json',
    problem: (_use, named) => noTypeNamed('a JSON Schema', named),
    decode: bytes => {
      const value = jsonOrUndefined(bytes);
      if (value === undefined) return refuse('it must be JSON', bytes);
      check(value);
      return value;
    },
    encode: value => {
      check(value);
      return Buffer.from(encodeJson(value));
    },
  };
};

/** A schema that refers to itself without end is one about which nothing can be known. */
const holds = (check: () => boolean): boolean => {
  try {
    return check();
  } catch (error) {
    if (error instanceof RangeError) throw new Refusal('the schema or the value goes on without end');
    throw error;
  }
};

const firstFault = (schema: object, value: unknown): string => {
  const [, errors] = Schema.Errors(schema, value);
  const [first] = errors.toSorted((a, b) => b.instancePath.length - a.instancePath.length);
  return first === undefined ? 'it is not as the schema says' : `${first.instancePath || 'it'} ${first.message}`;
};

/** JSON as JavaScript has it: numbers are numbers, and no map has a member that it was not given. */
const plain = (value: Value): unknown => {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Float) return value.value;
  if (value instanceof Uint8Array) return textOfBytes(value);
  if (isList(value)) return value.map(plain);
  if (!isMap(value)) return value;
  const map = newMap() as Record<string, unknown>;
  for (const key of Object.keys(value)) if (value[key] !== undefined) map[key] = plain(value[key]);
  return map;
};
