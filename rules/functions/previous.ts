/**
 * Values of earlier messages: lag(x), latest(x), running totals. Each place in a rule that calls one has a memory of its own, with a state for each key
 * of OVER (PARTITION BY ...), or for each topic where there is no OVER; see ../compile-over.ts.
 *
 * A state is a value like any other, bounded as what windows keep. Missing values (undefined, null) count as no value, except for lag, which
 * gives what the message before had.
 */
import { relations } from '../compare.ts';
import { add, divide } from '../numbers.ts';
import { refuse } from '../refusal.ts';
import { isList, isMap, isNumeric, newMap, ownValue, type Value, type ValueMap } from '../value.ts';
import { shortened, valueKey } from '../value-key.ts';
import { any, custom, define, type FunctionEntry, map, optional, type Previous, type Remembered } from './define.ts';

type Definition = Omit<Parameters<typeof define>[0], 'call'>;

const remembering = (definition: Definition, previous: Previous): FunctionEntry => ({
  ...define({ ...definition, call: values => previous(undefined, values, true).value }),
  ofMessage: true,
  remembers: true,
  previous,
});

const isThere = (value: unknown): boolean => value !== undefined && value !== null;

const mostBack = 100;

const back = custom('back', 'integer', value =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostBack
    ? value
    : (refuse(`back must be a whole number from 1 to ${mostBack}`, value) as never),
);

const keyOf = (value: Value): string => shortened(valueKey(value));

/** The keys of values, those that are missing as they were before. */
const keysOf = (values: readonly Value[], before: readonly Value[]): Value[] =>
  values.map((value, at) => (isThere(value) ? keyOf(value) : before[at]));

const changedColumns = (values: ValueMap, before: ValueMap): Remembered => {
  const changed = newMap();
  const state = Object.assign(newMap(), before);
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (!isThere(value)) continue;
    const key = keyOf(value);
    if (key !== ownValue(before, name)) changed[name] = value;
    state[name] = key;
  }
  return { value: changed, state };
};

const running = (
  name: string,
  description: string,
  examples: FunctionEntry['examples'],
  step: (state: Value, value: Value) => Value,
  result: (state: Value) => Value = state => state,
): FunctionEntry =>
  remembering(
    { name, parameters: [any('value')], returns: 'any', description, examples },
    (before, [value], counts) => {
      const state = counts && isThere(value) ? step(before, value as Value) : before;
      return { value: result(state), state };
    },
  );

const sum = (before: Value, value: Value): Value => {
  if (!isNumeric(value)) refuse('only numbers have a sum', value);
  return add(before ?? 0, value);
};

const extreme =
  (relation: '<' | '>') =>
  (before: Value, value: Value): Value =>
    before === undefined || relations[relation](value, before) === true ? value : before;

const since = 'Counted since the bridge started: a restart forgets it.';

export const previousFunctions: readonly FunctionEntry[] = [
  remembering(
    {
      name: 'lag',
      parameters: [any('value'), optional(back), optional(any('default'))],
      returns: 'any',
      description: `The value in the message before, or \`back\` messages before (1 to ${mostBack}); \`default\` where there was none.`,
      examples: [
        ['lag(payload.speed)', undefined],
        ['lag(payload.speed, 1, 0)', 0],
      ],
    },
    (before, [value, steps = 1, otherwise]) => {
      const values = isList(before) ? before : [];
      const found = values.at(-(steps as number));
      const state = [...values, value as Value].slice(-(steps as number));
      return { value: values.length < (steps as number) ? (otherwise as Value) : found, state };
    },
  ),
  remembering(
    {
      name: 'latest',
      parameters: [any('value'), optional(any('default'))],
      returns: 'any',
      description: 'The value, or where it is missing the last one that was there; `default` where there was none.',
      examples: [
        ['latest(payload.speed)', 80],
        ['latest(payload.nothing, 7)', 7],
      ],
    },
    (before, [value, otherwise], counts) => {
      const state = counts && isThere(value) ? (value as Value) : before;
      return { value: state === undefined ? (otherwise as Value) : state, state };
    },
  ),
  remembering(
    {
      name: 'had_changed',
      parameters: [any('first')],
      rest: any('more'),
      returns: 'boolean',
      description:
        'Whether one of the values differs from what it was; true for the first message. One that is missing has not changed.',
      examples: [['had_changed(payload.speed, payload.soc)', true]],
    },
    (before, values) => {
      const known = isList(before) ? before : [];
      const state = keysOf(values as readonly Value[], known);
      return { value: state.some((key, at) => key !== known[at]), state };
    },
  ),
  remembering(
    {
      name: 'changed_cols',
      parameters: [map('values')],
      returns: 'map',
      description:
        'Of a map, the keys whose value differs from what it was; all for the first message. What is missing has not changed.',
      examples: [['changed_cols({speed: payload.speed, soc: payload.soc})', { speed: 80 }]],
    },
    (before, [values]) => changedColumns(values as ValueMap, isMap(before) ? before : newMap()),
  ),
  running(
    'acc_count',
    `How many values there were so far that are not missing. ${since}`,
    [['acc_count(payload.speed)', 1]],
    before => add(before ?? 0, 1),
    state => state ?? 0,
  ),
  running(
    'acc_sum',
    `The sum of all numbers so far; 0 before the first. ${since}`,
    [['acc_sum(payload.speed)', 80]],
    sum,
    state => state ?? 0,
  ),
  running(
    'acc_avg',
    `The mean of all numbers so far, a float; undefined before the first. ${since}`,
    [['acc_avg(payload.speed) = 80', true]],
    (before, value) => {
      const [total, count] = isList(before) ? before : [0, 0];
      return [sum(total, value), add(count, 1)];
    },
    state => (isList(state) ? divide(state[0], state[1]) : undefined),
  ),
  running('acc_min', `The smallest value so far. ${since}`, [['acc_min(payload.speed)', 80]], extreme('<')),
  running('acc_max', `The largest value so far. ${since}`, [['acc_max(payload.speed)', 80]], extreme('>')),
];
