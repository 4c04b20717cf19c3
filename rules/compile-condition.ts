/**
 * Conditions: true, false, or unknown, as SQL has it.
 *
 * Where only one of the three matters, as in WHERE, a condition is compiled to a test for that one: `a AND b` is true when both are, so b
 * is not looked at unless a is true; and NOT turns a test for true into a test for false. So the first of two conditions guards the
 * second, even where it is only unknown. The second guards the first as well: where one decides, it does not matter that the other fails, so
 * `payload.x > 1 AND is_json(payload)` means what it says in either order. Where a condition is a value (SELECT a AND b AS both), unknown is
 * undefined.
 */

import { MkbError } from '../api/errors.ts';
import { identical, relations, type Truth } from './compare.ts';
import type { Compiler, Condition } from './compiler.ts';
import { compileLike } from './like.ts';
import { likeOperand, topicMatches, truthOf } from './operators.ts';
import { mustWait } from './pending.ts';
import { placeAt } from './position.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { Between, Binary, Case, Comparison, Expression, Like, Membership } from './syntax.ts';
import type { Value } from './value.ts';

/** Whether the condition is `wanted`. Text or a number where a condition must stand is `rule-failed`, or `rule-syntax` if it is a constant. */
export const compileTest = (expression: Expression, compiler: Compiler, wanted: boolean): Condition => {
  const substitute = compiler.substitute?.(expression);
  if (substitute === undefined) {
    if (expression.kind === 'unary' && expression.operator === 'not') {
      return compileTest(expression.operand, compiler, !wanted);
    }
    if (isLogical(expression)) {
      const first = compileTest(expression.left, compiler, wanted);
      const second = compileTest(expression.right, compiler, wanted);
      const both = (expression.operator === 'and') === wanted;
      return both ? bothOf(first, second) : eitherOf(first, second);
    }
  }
  refuseConstant(expression, compiler);
  const evaluate = compiler.compile(expression);
  // NOT of text or a number is false, as in EMQX.
  if (isTest(expression) || !wanted) return scope => evaluate(scope) === wanted;
  return compiler.guard(expression, scope => truthOf(evaluate(scope)) === true) as Condition;
};

const bothOf =
  (first: Condition, second: Condition): Condition =>
  scope => {
    let one: boolean;
    try {
      one = first(scope);
    } catch (error) {
      return decidedBy(second, scope, { decisive: false, error });
    }
    return one && second(scope);
  };

const eitherOf =
  (first: Condition, second: Condition): Condition =>
  scope => {
    let one: boolean;
    try {
      one = first(scope);
    } catch (error) {
      return decidedBy(second, scope, { decisive: true, error });
    }
    return one || second(scope);
  };

interface Failed<T> {
  /** What of the second condition decides both. */
  readonly decisive: T;
  readonly error: unknown;
}

/** The second of two conditions, if it decides although the first failed. Otherwise throws why the first failed, or that a rule must wait. */
const decidedBy = <T extends Truth>(second: (scope: Scope) => T, scope: Scope, { decisive, error }: Failed<T>): T => {
  if (mustWait(error)) throw error;
  let other: T;
  try {
    other = second(scope);
  } catch (another) {
    throw mustWait(another) ? another : error;
  }
  if (other !== decisive) throw error;
  return other;
};

const isLogical = (expression: Expression): expression is Binary =>
  expression.kind === 'binary' && (expression.operator === 'and' || expression.operator === 'or');

/** Whether its value is true, false or unknown, and nothing else. */
const isTest = ({ kind, ...rest }: Expression): boolean => {
  if (kind !== 'binary') return kind === 'in' || kind === 'between' || kind === 'like' || kind === 'is-null';
  const { operator } = rest as Binary;
  return operator in relations || operator === '=~';
};

const refuseConstant = (expression: Expression, { sql }: Compiler): void => {
  if (expression.kind !== 'literal') return;
  const { value, start, end } = expression;
  if (typeof value === 'boolean' || value === undefined) return;
  const expected = 'a condition, which is true or false';
  throw new MkbError('rule-syntax', { ...placeAt(sql, start), found: `\`${sql.slice(start, end)}\``, expected });
};

/** AND and OR as values. */
export const compileLogical = ({ operator, left, right }: Binary, compiler: Compiler): Evaluate => {
  const first = operand(left, compiler);
  const second = operand(right, compiler);
  const decisive = operator === 'or';
  return scope => {
    let one: Truth;
    try {
      one = first(scope);
    } catch (error) {
      return decidedBy(second, scope, { decisive, error });
    }
    if (one === decisive) return one;
    const other = second(scope);
    return other === decisive || one !== undefined ? other : undefined;
  };
};

const operand = (expression: Expression, compiler: Compiler): ((scope: Scope) => Truth) => {
  refuseConstant(expression, compiler);
  const evaluate = compiler.compile(expression);
  return compiler.guard(expression, scope => truthOf(evaluate(scope))) as (scope: Scope) => Truth;
};

export const compileComparison = (expression: Binary, compiler: Compiler): Evaluate => {
  const left = compiler.compile(expression.left);
  const right = compiler.compile(expression.right);
  const compare: (left: Value, right: Value) => Truth =
    expression.operator === '=~' ? topicMatches : relations[expression.operator as Exclude<Comparison, '=~'>];
  return compiler.guard(expression, scope => compare(left(scope), right(scope)));
};

/** As `x = a OR x = b`, but exact: a value that is missing on either side makes it unknown, unless another one is found. */
export const compileMembership = ({ operand, items, negated }: Membership, compiler: Compiler): Evaluate => {
  const wanted = compiler.compile(operand);
  const candidates = items.map(item => compiler.compile(item));
  return scope => {
    const value = wanted(scope);
    if (isMissing(value)) return undefined;
    let missing = false;
    for (const candidate of candidates) {
      const found = candidate(scope);
      if (identical(found, value)) return !negated;
      missing ||= isMissing(found);
    }
    return missing ? undefined : negated;
  };
};

const isMissing = (value: Value): boolean => value === undefined || value === null;

export const compileBetween = (expression: Between, compiler: Compiler): Evaluate => {
  const operand = compiler.compile(expression.operand);
  const low = compiler.compile(expression.low);
  const high = compiler.compile(expression.high);
  const { negated } = expression;
  return compiler.guard(expression, scope => {
    const value = operand(scope);
    const above = relations['>='](value, low(scope));
    if (above === false) return negated;
    const below = relations['<='](value, high(scope));
    if (below === false) return negated;
    return above === undefined || below === undefined ? undefined : !negated;
  });
};

export const compileLikeTest = (expression: Like, compiler: Compiler): Evaluate => {
  const operand = compiler.compile(expression.operand);
  const { pattern, negated } = expression;
  const constant = pattern.kind === 'literal' ? likeOperand(pattern.value) : undefined;
  const fixed = constant === undefined ? undefined : compileLike(constant);
  const patternOf = compiler.compile(pattern);
  return compiler.guard(expression, scope => {
    const text = likeOperand(operand(scope));
    const current = fixed === undefined ? likeOperand(patternOf(scope)) : '';
    if (text === undefined || current === undefined) return undefined;
    return (fixed ?? compileLike(current))(text) !== negated;
  });
};

/** Only the branch that is taken is worked out, and of conditions only those up to it. */
export const compileCase = (expression: Case, compiler: Compiler): Evaluate => {
  const { subject, branches, otherwise } = expression;
  const taken = compiler.observeCase?.(expression);
  const subjectOf = subject === undefined ? undefined : compiler.compile(subject);
  const tests = branches.map(({ when }) =>
    subjectOf === undefined ? compiler.condition(when) : sameAs(compiler.compile(when)),
  );
  const results = branches.map(({ result }) => compiler.compile(result));
  const fallback = otherwise === undefined ? undefined : compiler.compile(otherwise);
  return scope => {
    const value = subjectOf?.(scope);
    for (let at = 0; at < tests.length; at++) {
      if (!tests[at]!(scope, value)) continue;
      taken?.(at);
      return results[at]!(scope);
    }
    taken?.(tests.length);
    return fallback?.(scope);
  };
};

/** A subject that is missing is the same as nothing. */
const sameAs =
  (candidate: Evaluate) =>
  (scope: Scope, value: Value): boolean =>
    !isMissing(value) && identical(candidate(scope), value);
