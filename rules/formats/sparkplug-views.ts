/** Messages of Sparkplug B in other shapes: bytes as base64, which JSON has room for, and lists of keys and values as maps. */
import { Refusal } from '../refusal.ts';
import { copyMap, isList, isMap, newMap, type Value, type ValueMap } from '../value.ts';

const byteFields = ['bytes_value', 'body'];

/** What spb_decode adds to a message, and no field of it. */
const added = 'birth_missing';

/** The same, with other values under the fields of bytes. How deep messages nest is bounded where they are decoded, or by the call stack. */
const withFields = (value: Value, turn: (held: Value) => Value): Value => {
  if (isList(value)) return value.map(each => withFields(each, turn));
  if (!isMap(value)) return value;
  const made = newMap();
  for (const key of Object.keys(value)) {
    const held = value[key];
    made[key] = byteFields.includes(key) && !isMap(held) ? turn(held) : withFields(held, turn);
  }
  return made;
};

/** Bytes as base64; a list of numbers, which an array is, stays one. */
export const withBase64 = (value: Value): Value =>
  withFields(value, held => (held instanceof Uint8Array ? held.toString('base64') : held));

/** The inverse. Throws Refusal for text that is no base64. */
export const withBytes = (value: Value): Value => {
  const plain = isMap(value) && Object.hasOwn(value, added) ? without(value, added) : value;
  return withFields(plain, held => (typeof held === 'string' ? bytesOf(held) : held));
};

const without = (map: ValueMap, key: string): ValueMap => {
  const copy = copyMap(map);
  delete copy[key];
  return copy;
};

const bytesOf = (text: string): Buffer => {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0)
    throw new Refusal('bytes_value and body must be base64', { value: text });
  return Buffer.from(text, 'base64');
};

/** `keys` and `values` as one map, a list of property sets as a list, a data set as a map of its columns; all else as it is. */
export const zipped = (value: Value): Value => {
  if (isList(value)) return value.map(zipped);
  if (!isMap(value)) return value;
  const { keys, values, columns, rows, propertyset } = value;
  if (isList(keys) && isList(values)) return zip(keys, values.map(zipped));
  if (isList(columns) && isList(rows)) return columnsOf(columns, rows);
  if (isList(propertyset)) return propertyset.map(zipped);
  const made = newMap();
  for (const key of Object.keys(value)) made[key] = zipped(value[key]);
  return made;
};

const zip = (keys: readonly Value[], values: readonly Value[]): ValueMap => {
  const made = newMap();
  for (const [at, key] of keys.entries()) if (values[at] !== undefined) made[String(key)] = values[at];
  return made;
};

const columnsOf = (columns: readonly Value[], rows: readonly Value[]): ValueMap => {
  const made = newMap();
  for (const [at, name] of columns.entries()) {
    const elements = rows.map(row => (isMap(row) && isList(row.elements) ? row.elements[at] : undefined));
    made[String(name)] = Object.assign(newMap(), { elements });
  }
  return made;
};
