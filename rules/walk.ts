/** Goes through expressions, for questions about a rule that no single part of it answers. */
import type { Call, Expression, Statement, Step } from './syntax.ts';

/** All expressions of a statement that are not within another one. */
export const expressionsOf = ({ lets = [], foreach, selected, where, groupBy }: Statement): readonly Expression[] => {
  const named = [...lets, ...(foreach?.fields ?? []), ...selected.filter(each => each.kind === 'value')];
  const others = [foreach?.incase, where, ...(groupBy?.keys ?? []), groupBy?.having];
  return [...named.map(({ expression }) => expression), ...others.filter(each => each !== undefined)];
};

/** The calls of a function in a statement. @param name as it is written */
export const callsOf = (statement: Statement, name: string): readonly Call[] =>
  expressionsOf(statement)
    .flatMap(each => [...within(each)])
    .filter(each => each.kind === 'call')
    .filter(call => call.name === name);

/** The expression and all within it, in the order in which they are written. */
export function* within(expression: Expression): Generator<Expression> {
  yield expression;
  for (const part of partsOf(expression)) yield* within(part);
}

/** What an expression is made of, one level down. */
export const partsOf = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'path':
      return positions(expression.steps);
    case 'access':
      return [expression.base, ...positions(expression.steps)];
    case 'slice':
      return [expression.base];
    case 'unary':
    case 'is-null':
    case 'cast':
      return [expression.operand];
    case 'binary':
      return [expression.left, expression.right];
    case 'in':
      return [expression.operand, ...expression.items];
    case 'between':
      return [expression.operand, expression.low, expression.high];
    case 'like':
      return [expression.operand, expression.pattern];
    case 'case': {
      const { subject, branches, otherwise } = expression;
      const all = [subject, ...branches.flatMap(({ when, result }) => [when, result]), otherwise];
      return all.filter(each => each !== undefined);
    }
    case 'list':
      return expression.items;
    case 'map':
      return expression.entries.map(({ value }) => value);
    case 'call':
      return [...expression.parameters, ...overParts(expression)];
    case 'lambda':
      return [expression.body];
  }
};

const overParts = ({ over }: Call): readonly Expression[] =>
  over === undefined ? [] : [...over.partition, ...(over.when === undefined ? [] : [over.when])];

const positions = (steps: readonly Step[]): Expression[] =>
  steps.flatMap(step => ('index' in step ? [step.index] : []));
