/** Floats of binary formats, where a value can be no number. Such values are text, with Erlang's names. */
import { float } from '../numbers.ts';
import type { Float } from '../value.ts';

/** A double as a value: a float, or the name of what is no number. */
export const floatValue = (held: number): number | Float | string => {
  if (Number.isNaN(held)) return 'nan';
  return Number.isFinite(held) ? float(held) : held > 0 ? 'infinity' : '-infinity';
};

const notFinite: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

/** The double that such a name stands for; undefined for other text. */
export const namedFloat = (name: string): number | undefined => notFinite.get(name);
