/**
 * Lists without jq. The names begin with array_ because EMQX has map() for another thing, and MIN, MAX, SUM and AVG are aggregates.
 *
 * Elements that are missing (undefined, null) are left out where values are compared or added, as aggregates do.
 */

import { compareText, relations } from '../compare.ts';
import { spend } from '../effort.ts';
import { longestText, mustFit } from '../longest-text.ts';
import { add, compareNumbers, divide } from '../numbers.ts';
import { truthOf } from '../operators.ts';
import { Refusal, refuse } from '../refusal.ts';
import type { Scope } from '../scope.ts';
import { isList, isMap, isNumeric, isText, newMap, ownValue, type Value } from '../value.ts';
import { valueKey } from '../value-key.ts';
import { sizeOf } from '../windows/bounded.ts';
import { type Apply, custom, define, type FunctionEntry, integer, lambda, list, oneOf, optional } from './define.ts';

/** How many elements a list may have that a call makes of several. */
const longestList = 1_000_000;

const mustBeShort = (length: number): void => {
  if (length > longestList) throw new Refusal(`the list would have more than ${longestList} elements`);
};

const isThere = (value: Value): boolean => value !== undefined && value !== null;

/** What is made of each element, as long as all of it has no more than what a text may have. */
const mapped = (values: readonly Value[], apply: Apply, scope: Scope): Value[] => {
  const made: Value[] = [];
  let size = 0;
  for (const [at, value] of values.entries()) {
    spend();
    const next = apply(scope, value, at + 1);
    size += sizeOf(next, longestText);
    if (size > longestText) throw new Refusal(`the list would hold more than ${longestText} bytes`);
    made.push(next);
  }
  return made;
};

const filtered = (values: readonly Value[], apply: Apply, scope: Scope): Value[] =>
  values.filter((value, at) => {
    spend();
    return truthOf(apply(scope, value, at + 1)) === true;
  });

/** Of one kind: numbers, or text, or booleans. */
const comparable = (values: readonly Value[]): ((left: Value, right: Value) => number) => {
  if (values.every(isNumeric)) return (left, right) => compareNumbers(left as number, right as number);
  if (values.every(isText)) return (left, right) => compareText(String(left), String(right));
  if (values.every(value => typeof value === 'boolean')) return (left, right) => Number(left) - Number(right);
  const odd = values.find(value => typeof value !== typeof values[0] || typeof value === 'object');
  return refuse('only numbers, or only text, have an order', odd);
};

const sorted = (values: readonly Value[], keys: readonly Value[], descending: boolean): readonly Value[] => {
  const present = values.map((value, at) => ({ value, key: keys[at] })).filter(({ key }) => isThere(key));
  const compare = comparable(present.map(({ key }) => key));
  const sign = descending ? -1 : 1;
  const missing = values.filter((_, at) => !isThere(keys[at]));
  return [...present.sort((left, right) => sign * compare(left.key, right.key)).map(({ value }) => value), ...missing];
};

const direction = oneOf('direction', ['asc', 'desc']);

const distinct = (values: readonly Value[], keys: readonly Value[]): Value[] => {
  mustFit(sizeOf(keys, longestText));
  const seen = new Set<string>();
  return values.filter((_, at) => {
    const key = valueKey(keys[at]);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
};

/** With a stack of its own: lists may be nested deeper than the call stack has room for. */
const flattened = (values: readonly Value[], levels: number): Value[] => {
  const flat: Value[] = [];
  const left = [{ values, at: 0, levels }];
  for (let top = left.at(-1); top !== undefined; top = left.at(-1)) {
    if (top.at >= top.values.length) {
      left.pop();
      continue;
    }
    const next = top.values[top.at++];
    if (isList(next) && top.levels > 0) left.push({ values: next, at: 0, levels: top.levels - 1 });
    else {
      flat.push(next);
      mustBeShort(flat.length);
    }
  }
  return flat;
};

const extreme = (values: readonly Value[], relation: '<' | '>'): Value => {
  let best: Value;
  for (const value of values) {
    if (isThere(value) && (best === undefined || relations[relation](value, best) === true)) best = value;
  }
  return best;
};

const total = (values: readonly Value[]): Value => {
  const sum = values.filter(isThere).reduce<Value>((before, value) => {
    if (!isNumeric(value)) refuse('only numbers have a sum', value);
    return add(before, value);
  }, 0);
  return sum;
};

const average = (values: readonly Value[]): Value => {
  const present = values.filter(isThere);
  return present.length === 0 ? undefined : divide(total(present), present.length);
};

const zipped = (lists: readonly (readonly Value[])[]): Value[] => {
  const length = lists.reduce((longest, each) => Math.max(longest, each.length), 0);
  mustBeShort(length * lists.length);
  return Array.from({ length }, (_, at) => lists.map(each => each[at]));
};

const key = custom('key', 'text', value =>
  isText(value) || isNumeric(value) ? String(value) : (refuse('a key must be text or a number', value) as never),
);

/** `{key, value}` or `[key, value]` each; of two with one key the later counts, and what is undefined has no place in a map. */
const fromEntries = (entries: readonly Value[]): Value => {
  const made = newMap();
  for (const each of entries) {
    const pair = isList(each) ? each : isMap(each) ? [ownValue(each, 'key'), ownValue(each, 'value')] : [];
    if (pair.length !== 2) refuse('each entry must be {key, value} or [key, value]', each);
    if (pair[1] !== undefined) made[key.read(pair[0])] = pair[1];
  }
  return made;
};

const ofNumbers = (
  name: string,
  description: string,
  examples: FunctionEntry['examples'],
  call: (values: readonly Value[]) => Value,
) =>
  define({ name, parameters: [list('list')], returns: 'any', description, examples, call: ([values]) => call(values) });

const element = 'x -> value';

export const arrayFunctions: readonly FunctionEntry[] = [
  define({
    name: 'array_map',
    parameters: [list('list'), lambda('value', element, [1, 2])],
    returns: 'list',
    description:
      'What the lambda makes of each element; a second parameter is the position, from 1. The result holds 16 MiB at most.',
    examples: [
      ['array_map([1, 2], x -> x * 10)', [10, 20]],
      ["array_map(['a', 'b'], (x, i) -> x || i)", ['a1', 'b2']],
    ],
    call: ([values, apply], scope) => mapped(values, apply, scope),
  }),
  define({
    name: 'array_filter',
    parameters: [list('list'), lambda('condition', 'x -> condition', [1, 2])],
    returns: 'list',
    description: 'The elements for which the condition is true.',
    examples: [['array_filter([1, null, 3], x -> x > 1)', [3]]],
    call: ([values, apply], scope) => filtered(values, apply, scope),
  }),
  define({
    name: 'array_any',
    parameters: [list('list'), lambda('condition', 'x -> condition', [1, 2])],
    returns: 'boolean',
    description: 'Whether the condition is true of an element at least.',
    examples: [['array_any([1, 5], x -> x > 3)', true]],
    call: ([values, apply], scope) =>
      values.some((value, at) => {
        spend();
        return truthOf(apply(scope, value, at + 1)) === true;
      }),
  }),
  define({
    name: 'array_all',
    parameters: [list('list'), lambda('condition', 'x -> condition', [1, 2])],
    returns: 'boolean',
    description: 'Whether the condition is true of all elements; of an empty list it is.',
    examples: [['array_all([1, 5], x -> x > 3)', false]],
    call: ([values, apply], scope) =>
      values.every((value, at) => {
        spend();
        return truthOf(apply(scope, value, at + 1)) === true;
      }),
  }),
  define({
    name: 'array_sort',
    parameters: [list('list'), optional(lambda('key', element)), optional(direction)],
    returns: 'list',
    description:
      "The elements in ascending order, or in that of what the lambda makes of them; with 'desc' in descending order. All are numbers, or all are text. Missing ones are last. Equal ones keep their order.",
    examples: [
      ['array_sort([3, 1, 2])', [1, 2, 3]],
      ["array_sort([{n: 2}, {n: 3}], x -> x.n, 'desc')", [{ n: 3 }, { n: 2 }]],
    ],
    call: ([values, apply, order], scope) =>
      sorted(values, apply === undefined ? values : mapped(values, apply, scope), order === 'desc'),
  }),
  define({
    name: 'array_distinct',
    parameters: [list('list'), optional(lambda('key', element))],
    returns: 'list',
    description:
      'The elements without those that were there before, or whose key was. 1 and 1.0 are the same, 1 and the text 1 are not.',
    examples: [
      ["array_distinct([1, 2, 1.0, '1'])", [1, 2, '1']],
      ['array_distinct([{a: 1, b: 1}, {a: 1, b: 2}], x -> x.a)', [{ a: 1, b: 1 }]],
    ],
    call: ([values, apply], scope) => distinct(values, apply === undefined ? values : mapped(values, apply, scope)),
  }),
  define({
    name: 'array_flatten',
    parameters: [list('list'), optional(integer('levels'))],
    returns: 'list',
    description: 'The elements of the lists in a list in place of these; of all levels, or of as many as given.',
    examples: [
      ['array_flatten([1, [2, [3]]])', [1, 2, 3]],
      ['array_flatten([1, [2, [3]]], 1)', [1, 2, [3]]],
    ],
    call: ([values, levels = Number.POSITIVE_INFINITY]) => flattened(values, levels),
  }),
  define({
    name: 'array_concat',
    parameters: [list('first')],
    rest: list('more'),
    returns: 'list',
    description: 'The elements of all lists in one.',
    examples: [['array_concat([1], [2, 3])', [1, 2, 3]]],
    call: lists => flattened(lists as unknown as readonly Value[], 1),
  }),
  define({
    name: 'array_reverse',
    parameters: [list('list')],
    returns: 'list',
    description: 'The elements from the last to the first.',
    examples: [['array_reverse([1, 2])', [2, 1]]],
    call: ([values]) => values.toReversed(),
  }),
  ofNumbers(
    'array_min',
    'The smallest element; undefined if there is none. Numbers compare with numbers, text with text, as `<` does.',
    [['array_min([3, 1, null])', 1]],
    values => extreme(values, '<'),
  ),
  ofNumbers('array_max', 'The largest element; undefined if there is none.', [['array_max([3, 1, null])', 3]], values =>
    extreme(values, '>'),
  ),
  ofNumbers('array_sum', 'The sum of the numbers; 0 if there is none.', [['array_sum([1, 2.5])', 3.5]], total),
  ofNumbers(
    'array_avg',
    'The mean of the numbers, a float; undefined if there is none.',
    [['array_avg([1, 2])', 1.5]],
    average,
  ),
  define({
    name: 'array_zip',
    parameters: [list('first')],
    rest: list('more'),
    returns: 'list of lists',
    description:
      'The first elements of all lists in a list, then the second ones, and so on; undefined where a list is too short.',
    examples: [
      [
        "array_zip(['a', 'b'], [1, 2])",
        [
          ['a', 1],
          ['b', 2],
        ],
      ],
    ],
    call: lists => zipped(lists as unknown as readonly (readonly Value[])[]),
  }),
  define({
    name: 'map_from_entries',
    parameters: [list('entries')],
    returns: 'map',
    description:
      'The inverse of map_to_entries: a map of entries that are `{key, value}` or `[key, value]`; of two with one key the later counts.',
    examples: [
      ["map_from_entries([{key: 'a', value: 1}])", { a: 1 }],
      ["map_from_entries(array_zip(['a', 'b'], [1, 2]))", { a: 1, b: 2 }],
    ],
    call: ([entries]) => fromEntries(entries),
  }),
];
