/** What the operators do, by their names in the syntax tree. */
import type { Truth } from './compare.ts';
import { mustFit } from './longest-text.ts';
import { add, divide, multiply, negate, quotient, remainder, same, subtract } from './numbers.ts';
import { Refusal, refuse } from './refusal.ts';
import type { Arithmetic, Unary } from './syntax.ts';
import { textOf } from './text.ts';
import { filterMatches } from './topic-filter.ts';
import { isText, textOfBytes, type Value } from './value.ts';

export const arithmetic: Readonly<Record<Arithmetic, (left: Value, right: Value) => Value>> = {
  '+': add,
  '-': subtract,
  '*': multiply,
  '/': divide,
  div: quotient,
  mod: remainder,
  '||': (left, right) => joined(textOf(left), textOf(right)),
};

const joined = (left: string, right: string): string => {
  mustFit(left.length + right.length);
  return left + right;
};

export const unary: Readonly<Record<Unary['operator'], (operand: Value) => Value>> = {
  '+': same,
  '-': negate,
  // NOT of unknown is unknown. EMQX: NOT of any other value that is neither true nor false is false, not an error.
  not: operand => (operand === undefined || operand === null ? undefined : operand === false),
};

/** A value as a condition: true, false or unknown. Text or a number is an error, because it is a mistake in the rule. */
export const truthOf = (value: Value): Truth => {
  if (typeof value === 'boolean' || value === undefined) return value;
  return value === null ? undefined : (refuse('a condition must be true or false', value) as never);
};

/** `topic =~ filter`; unknown if either is missing. */
export const topicMatches = (topic: Value, filter: Value): Truth => {
  if (topic === undefined || filter === undefined || topic === null || filter === null) return undefined;
  if (!isText(topic) || !isText(filter)) throw new Refusal('`=~` takes a topic and a topic filter');
  return filterMatches(asText(filter), asText(topic));
};

/** LIKE takes any value as its text; undefined for what is missing. */
export const likeOperand = (value: Value): string | undefined =>
  value === undefined || value === null ? undefined : textOf(value);

const asText = (value: string | Buffer): string => (typeof value === 'string' ? value : textOfBytes(value));
