/** The aggregates of the rule language by name: what the compiler looks up, and what the reference page lists. */
import { kept } from '../memory.ts';
import { toDouble } from '../numbers.ts';
import { refuse } from '../refusal.ts';
import type { StateLimits } from '../state-limits.ts';
import { isNumeric, type Numeric, type Value } from '../value.ts';
import { shortened, valueKey } from '../value-key.ts';
import {
  type Accumulator,
  Average,
  Count,
  Deviation,
  DistinctCount,
  Extreme,
  First,
  Last,
  Sum,
} from './accumulators.ts';
import { bounded } from './bounded.ts';

export interface Aggregate {
  readonly name: string;
  /** As it is written: `COUNT(DISTINCT x)`. */
  readonly form: string;
  readonly description: string;
  /** The value of one message as `create`'s accumulator takes it. Throws Refusal for what cannot be counted so. */
  readonly read: (value: Value, limits: StateLimits) => Value;
  readonly create: () => Accumulator;
}

const number = (name: string, value: Value): Numeric =>
  isNumeric(value) ? value : refuse(`${name} takes numbers`, value);

const ofNumbers = (name: string, description: string, create: () => Accumulator): Aggregate => ({
  name,
  form: `${name}(x)`,
  description,
  read: value => number(name, value),
  create,
});

const ofAnything = (name: string, description: string, create: () => Accumulator): Aggregate => ({
  name,
  form: `${name}(x)`,
  description,
  read: (value, limits) => bounded(kept(value), limits),
  create,
});

const count: Aggregate = {
  name: 'COUNT',
  form: 'COUNT(x)',
  description: 'How many messages have a value.',
  read: value => value,
  create: () => new Count(),
};

const countRows: Aggregate = { ...count, form: 'COUNT(*)', description: 'How many messages there were.' };

const countDistinct: Aggregate = {
  ...count,
  form: 'COUNT(DISTINCT x)',
  description: 'How many different values there were; 1 and 1.0 are one. Each is an entry of the rule’s state.',
  read: value => shortened(valueKey(value)),
  create: () => new DistinctCount(),
};

/** In the order of the reference page. */
export const aggregates: readonly Aggregate[] = [
  countRows,
  count,
  countDistinct,
  ofNumbers('SUM', 'The sum; whole numbers are added exactly.', () => new Sum()),
  ofNumbers('AVG', 'The mean, always a float.', () => new Average()),
  ofNumbers('MIN', 'The smallest number.', () => new Extreme(-1)),
  ofNumbers('MAX', 'The largest number.', () => new Extreme(1)),
  ofAnything('FIRST', 'The value that came first, of any kind.', () => new First()),
  ofAnything('LAST', 'The value that came last, of any kind.', () => new Last()),
  {
    ...ofNumbers(
      'STDDEV',
      'The standard deviation of a sample (n - 1); undefined for fewer than two numbers.',
      () => new Deviation(),
    ),
    read: value => toDouble(number('STDDEV', value)),
  },
];

export const aggregateNames: readonly string[] = [...new Set(aggregates.map(({ name }) => name))];

/** The aggregate of a name in any case, with what stands in its brackets beside the value; undefined when there is none. */
export const findAggregate = (name: string, quantifier?: '*' | 'distinct'): Aggregate | undefined => {
  if (quantifier === '*') return countRows;
  if (quantifier === 'distinct') return countDistinct;
  const wanted = name.toUpperCase();
  return aggregates.find(each => each.name === wanted && each !== countRows);
};
