/** What the operators do, by their names in the syntax tree. */
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
  '||': (left, right) => textOf(left) + textOf(right),
};

export const unary: Readonly<Record<Unary['operator'], (operand: Value) => Value>> = {
  '+': same,
  '-': negate,
  // EMQX: NOT of what is neither true nor false is false, not an error.
  not: operand => operand === false,
};

/** A condition's outcome. What is not there is not true; text or a number is an error, because it is a mistake in the rule. */
export const truth = (value: Value): boolean => {
  if (typeof value === 'boolean') return value;
  if (value === undefined || value === null) return false;
  return refuse('a condition must be true or false', value) as never;
};

/** `topic =~ filter`; what is undefined matches nothing. */
export const topicMatches = (topic: Value, filter: Value): boolean => {
  if (topic === undefined || filter === undefined) return false;
  if (!isText(topic) || !isText(filter)) throw new Refusal('`=~` takes a topic and a topic filter');
  return filterMatches(asText(filter), asText(topic));
};

/** LIKE takes any value as its text; what is not there is like nothing. */
export const likeOperand = (value: Value): string | undefined =>
  value === undefined || value === null ? undefined : textOf(value);

const asText = (value: string | Buffer): string => (typeof value === 'string' ? value : textOfBytes(value));
