/** Gives what goes wrong inside an expression its place: the innermost expression that could not be worked out. */
import { MkbError } from '../api/errors.ts';
import { placeAt } from './position.ts';
import { Refusal } from './refusal.ts';
import type { Evaluate } from './scope.ts';
import type { Expression } from './syntax.ts';

/** The same expression, whose refusals become `rule-failed` with the rule's place and text. */
export const guard =
  (sql: string, expression: Expression, evaluate: Evaluate): Evaluate =>
  scope => {
    try {
      return evaluate(scope);
    } catch (error) {
      throw MkbError.is(error) ? error : failure(sql, expression, error);
    }
  };

const longest = 200;

const failure = (sql: string, { start, end }: Expression, cause: unknown): MkbError => {
  const text = sql.slice(start, end);
  const expression = text.length <= longest ? text : `${text.slice(0, longest)}…`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const details = { ...placeAt(sql, start), expression, reason };
  const found = cause instanceof Refusal ? cause.found : undefined;
  return new MkbError('rule-failed', found === undefined ? details : { ...details, value: found }, { cause });
};
