/** Gives what goes wrong inside an expression its place: the innermost expression that could not be worked out. */
import { MkbError } from '../api/errors.ts';
import { Pending } from './pending.ts';
import { placeAt } from './position.ts';
import { Refusal } from './refusal.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { Expression } from './syntax.ts';

/** A part of an expression, which the message of a failure names if it is a path to what the message does not have. */
export interface Operand {
  readonly expression: Expression;
  readonly evaluate: Evaluate;
}

/** The same expression, whose refusals become `rule-failed` with the rule's place and text. */
export const guard =
  (sql: string, expression: Expression, evaluate: Evaluate, operands: readonly Operand[] = []): Evaluate =>
  scope => {
    try {
      return evaluate(scope);
    } catch (error) {
      throw MkbError.is(error) || error instanceof Pending
        ? error
        : failure(sql, expression, {
            cause: error,
            missing: namesValue(error) ? missingOf(operands, scope) : undefined,
          });
    }
  };

/**
 * Of a refusal that names no value, such as a format with too few of them, none is the reason. Nor is one where the call stack had no more room: to read
 * the operands again would fail again, on each level twice as often.
 */
const namesValue = (error: unknown): boolean =>
  error instanceof Refusal ? error.found !== undefined : !(error instanceof RangeError);

const longest = 200;

interface Why {
  readonly cause: unknown;
  readonly missing: Missing | undefined;
}

const failure = (sql: string, { start, end }: Expression, { cause, missing }: Why): MkbError => {
  const reason = reasonOf(cause);
  const details = { ...placeAt(sql, start), expression: excerpt(sql, start, end), reason };
  if (missing !== undefined) {
    const { expression, value } = missing;
    const what = excerpt(sql, expression.start, expression.end);
    return new MkbError(
      'rule-failed',
      { ...details, missing: value === null ? `${what} is null` : `${what} is missing` },
      { cause },
    );
  }
  const found = cause instanceof Refusal ? cause.found : undefined;
  return new MkbError('rule-failed', found === undefined ? details : { ...details, value: found }, { cause });
};

const reasonOf = (cause: unknown): string => {
  if (cause instanceof RangeError && cause.message.includes('call stack')) return 'a value is nested too deeply';
  return cause instanceof Error ? cause.message : String(cause);
};

const excerpt = (sql: string, start: number, end: number): string =>
  end - start <= longest ? sql.slice(start, end) : `${sql.slice(start, start + longest)}…`;

interface Missing {
  readonly expression: Expression;
  readonly value: null | undefined;
}

/** The first operand that is a path and has no value. Paths can be read again, and change nothing. */
const missingOf = (operands: readonly Operand[], scope: Scope): Missing | undefined => {
  for (const { expression, evaluate } of operands) {
    if (expression.kind !== 'path') continue;
    const value = evaluate(scope);
    if (value === undefined || value === null) return { expression, value };
  }
  return undefined;
};
