/** Whether two expressions are written the same, wherever they stand: how SELECT finds the keys of GROUP BY. */
import type { Expression } from '../syntax.ts';

const placement: ReadonlySet<string> = new Set(['start', 'end', 'height', 'quoted']);

export const sameExpression = (left: Expression, right: Expression): boolean =>
  left.kind === right.kind && left.height === right.height && shape(left) === shape(right);

/** Everything but the place; names of functions too are told apart by case, as they are elsewhere. */
const shape = (expression: Expression): string =>
  JSON.stringify(expression, (key, value: unknown) => {
    if (placement.has(key)) return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });
