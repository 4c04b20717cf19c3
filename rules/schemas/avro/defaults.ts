/** Defaults of fields, from the JSON of a schema to values: bytes are text there, each character a byte, and of a union it is the first branch. */
import { refuse } from '../../refusal.ts';
import { isList, isMap, type Value } from '../../value.ts';
import type { AvroType } from './schema.ts';

/** @param json of a type that it fits; the rest is left for the writer to refuse. Throws Refusal. */
export const defaultValue = (type: AvroType, json: Value): Value => {
  switch (type.kind) {
    case 'union':
      return defaultValue(type.branches[0]!, json);
    case 'bytes':
    case 'fixed':
      return typeof json === 'string' ? Buffer.from(json, 'latin1') : refuse('bytes are written as text', json);
    case 'array':
      return isList(json) ? json.map(item => defaultValue(type.items, item)) : json;
    case 'map':
      return isMap(json) ? mapped(json, () => type.values) : json;
    case 'record':
      return isMap(json) ? mapped(json, name => type.fields.find(field => field.name === name)?.type) : json;
    default:
      return json;
  }
};

const mapped = (map: Readonly<Record<string, Value>>, typeOf: (key: string) => AvroType | undefined): Value =>
  Object.fromEntries(
    Object.keys(map).map(key => {
      const type = typeOf(key);
      return [key, type === undefined ? map[key] : defaultValue(type, map[key])];
    }),
  );
