/** Functions on maps and lists. Positions count from 1, and asking for what a list does not have is an error. */
import { compareText, identical } from '../compare.ts';
import { compact } from '../formats/float-text.ts';
import { jsonOrUndefined } from '../json.ts';
import { put, readKey } from '../paths.ts';
import { Refusal } from '../refusal.ts';
import { textOf } from '../text.ts';
import {
  isInteger,
  isList,
  isMap,
  isNumeric,
  isText,
  newMap,
  numericValue,
  ownValue,
  type Value,
  type ValueMap,
} from '../value.ts';
import {
  any,
  custom,
  define,
  type FunctionEntry,
  integer,
  list,
  map,
  optional,
  type Parameter,
  text,
} from './define.ts';

const element = (values: readonly Value[], at: number): Value => {
  if (at < 0 || at >= values.length) throw new Refusal(`a list of ${values.length} has no element ${at + 1}`);
  return values[at];
};

const readDotted = (path: string, value: Value): Value =>
  path.split('.').reduce<Value>((inner, key) => readKey(inner, key), value);

/** JSON's null is a value, so `??` would not do. */
const orElse = (value: Value, otherwise: Value): Value => (value === undefined ? otherwise : value);

const sortedKeys = (values: ValueMap): string[] => Object.keys(values).sort(compareText);

/** One key, or a list of keys that lead into maps in maps. */
const keys = (name: string): Parameter<readonly string[]> => {
  const { read } = text(name);
  return custom(name, 'text | list of text', value => (isList(value) ? value.map(read) : [read(value)]));
};

const entry = (key: string, value: Value): ValueMap => Object.assign(newMap(), { key, value });

/** A start just behind the list gives nothing, and so does one further on. */
const sublist = (start: number, length: number, values: readonly Value[]): readonly Value[] => {
  if (start < 1) throw new Refusal(`positions count from 1, not ${start}`);
  if (length < 0) throw new Refusal(`a length is not negative, as ${length} is`);
  return values.slice(start - 1, start - 1 + length);
};

const redisFields = (values: Value): string[] => {
  if (!isMap(values)) return [];
  return sortedKeys(values).flatMap(key => {
    const field = redisValue(ownValue(values, key));
    return field === undefined ? [] : [key, field];
  });
};

const redisValue = (value: Value): string | undefined => {
  if (isText(value)) return textOf(value);
  if (isNumeric(value)) return isInteger(value) ? String(value) : compact(Number(numericValue(value)), 6);
  return typeof value === 'boolean' ? String(value) : undefined;
};

export const collectionFunctions: readonly FunctionEntry[] = [
  define({
    name: 'map_get',
    parameters: [text('path'), any('map'), optional(any('default'))],
    returns: 'any',
    description:
      'The value under a key, or under a path of keys joined by dots; `default` (or undefined) if there is none.',
    examples: [
      ['map_get(\'a.b\', json_decode(\'{"a": {"b": 1}}\'))', 1],
      ["map_get('x', map_new(), 7)", 7],
    ],
    call: ([path, values, otherwise]) => orElse(readDotted(path, values), otherwise),
  }),
  define({
    name: 'map_put',
    parameters: [text('path'), any('value'), any('map')],
    returns: 'map',
    description: 'The map with the value put under a key, or under a path of keys joined by dots.',
    examples: [["map_put('a.b', 1, map_new())", { a: { b: 1 } }]],
    call: ([path, value, values]) => put(values, path.split('.'), value),
  }),
  define({
    name: 'map_to_entries',
    parameters: [map('map')],
    returns: 'list of maps',
    description: 'A map with `key` and `value` for each key, sorted by key.',
    examples: [['map_to_entries(json_decode(\'{"a": 1}\'))', [{ key: 'a', value: 1 }]]],
    call: ([values]) => sortedKeys(values).map(key => entry(key, ownValue(values, key))),
  }),
  define({
    name: 'map_to_redis_hset_args',
    parameters: [any('map')],
    returns: 'list of text',
    description:
      'Keys and values in turn, as Redis takes them, after the element map_to_redis_hset_args; what is no text, number or boolean is left out.',
    examples: [['map_to_redis_hset_args(json_decode(\'{"a": 1.5}\'))', ['map_to_redis_hset_args', 'a', '1.5']]],
    call: ([values]) => ['map_to_redis_hset_args', ...redisFields(isText(values) ? jsonOrUndefined(values) : values)],
  }),
  define({
    name: 'mget',
    parameters: [keys('key'), map('map'), optional(any('default'))],
    returns: 'any',
    description: 'As map_get, but the key is taken literally, dots included; a list of keys leads into maps in maps.',
    examples: [
      ["mget('a.b', json_decode('{\"a.b\": 1}'))", 1],
      ["mget(['a', 'b'], json_decode('{\"a\": {\"b\": 1}}'))", 1],
    ],
    call: ([path, values, otherwise]) => orElse(path.reduce<Value>(readKey, values), otherwise),
  }),
  define({
    name: 'mput',
    parameters: [keys('key'), any('value'), map('map')],
    returns: 'map',
    description: 'As map_put, but the key is taken literally, dots included; a list of keys leads into maps in maps.',
    examples: [
      ["mput('a.b', 1, map_new())", { 'a.b': 1 }],
      ["mput(['a', 'b'], 1, map_new())", { a: { b: 1 } }],
    ],
    call: ([path, value, values]) => put(values, path, value),
  }),
  define({
    name: 'map_new',
    parameters: [],
    returns: 'map',
    description: 'A map without keys.',
    examples: [['map_new()', {}]],
    call: () => newMap(),
  }),
  define({
    name: 'map_keys',
    parameters: [map('map')],
    returns: 'list of text',
    description: 'The keys, sorted.',
    examples: [['map_keys(json_decode(\'{"b": 1, "a": 2}\'))', ['a', 'b']]],
    call: ([values]) => sortedKeys(values),
  }),
  define({
    name: 'map_values',
    parameters: [map('map')],
    returns: 'list',
    description: 'The values, in the order of their sorted keys.',
    examples: [['map_values(json_decode(\'{"b": 1, "a": 2}\'))', [2, 1]]],
    call: ([values]) => sortedKeys(values).map(key => ownValue(values, key)),
  }),
  define({
    name: 'map_size',
    parameters: [map('map')],
    returns: 'integer',
    description: 'How many keys the map has.',
    examples: [['map_size(map_new())', 0]],
    call: ([values]) => Object.keys(values).length,
  }),
  define({
    name: 'nth',
    parameters: [integer('position'), list('list')],
    returns: 'any',
    description: 'The element at a position, from 1.',
    examples: [["nth(2, ['a', 'b'])", 'b']],
    call: ([position, values]) => element(values, position - 1),
  }),
  define({
    name: 'length',
    parameters: [list('list')],
    returns: 'integer',
    description: 'How many elements the list has.',
    examples: [['length([1, 2, 3])', 3]],
    call: ([values]) => values.length,
  }),
  define({
    name: 'first',
    parameters: [list('list')],
    returns: 'any',
    description: 'The first element.',
    examples: [['first([1, 2])', 1]],
    call: ([values]) => element(values, 0),
  }),
  define({
    name: 'last',
    parameters: [list('list')],
    returns: 'any',
    description: 'The last element.',
    examples: [['last([1, 2])', 2]],
    call: ([values]) => element(values, values.length - 1),
  }),
  define({
    name: 'sublist',
    parameters: [integer('start or length'), any('length or list'), optional(list('list'))],
    returns: 'list',
    description: 'At most `length` elements of a list, from the first, or from position `start`.',
    examples: [
      ['sublist(3, [1, 2, 3, 4])', [1, 2, 3]],
      ['sublist(2, 10, [1, 2, 3, 4])', [2, 3, 4]],
    ],
    call: ([first, second, third]) =>
      third === undefined
        ? sublist(1, first, list('list').read(second))
        : sublist(first, integer('length').read(second), third),
  }),
  define({
    name: 'contains',
    parameters: [any('element'), list('list')],
    returns: 'boolean',
    description: 'Whether the list has an element that is the same in type and value.',
    examples: [
      ['contains(2, [1, 2])', true],
      ["contains('2', [1, 2])", false],
    ],
    call: ([wanted, values]) => values.some(value => identical(value, wanted)),
  }),
];
