/** Tables of cases: expressions with the values they have, and expressions that must fail. */
import { expect, test } from 'vitest';
import type { ExampleOptions } from '../../../rules/example-message.ts';
import { isText, type Value } from '../../../rules/value.ts';
import { rowOf, thrownBy } from '../support/evaluate.ts';

/** A value in a row, with bytes shown as text. */
const shown = (value: Value): Value => {
  if (isText(value)) return value.toString();
  return Array.isArray(value) ? value.map(shown) : value;
};

/** Over a payload, which is JSON text or a value to write as such. */
export const evaluate = (expression: string, payload?: unknown, options: Partial<ExampleOptions> = {}): Value => {
  const text = typeof payload === 'string' || payload === undefined ? payload : JSON.stringify(payload);
  const message = text === undefined ? options : { ...options, payload: text };
  return shown(rowOf(`SELECT ${expression} AS v FROM "#"`, message)?.v);
};

export const gives = (cases: readonly (readonly [expression: string, value: unknown])[], payload?: unknown): void => {
  test.each(cases)('%s', (expression, expected) => {
    expect(evaluate(expression, payload)).toEqual(expected);
  });
};

/** Fails when the rule is loaded, for a constant, or when it is evaluated. */
export const fails = (expressions: readonly string[], payload?: unknown): void => {
  test.each(expressions)('%s fails', expression => {
    const error = thrownBy(() => evaluate(expression, payload));
    expect(['rule-failed', 'rule-arguments', 'value-not-text', 'value-not-encodable']).toContain(error.code);
  });
};
