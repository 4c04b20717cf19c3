/** Where in a rule's text: offsets to lines and columns, and the line with a caret that errors show. */
import type { RulePlace } from '../api/errors/rules.ts';
import { MkbError } from '../api/errors.ts';

/** The place of `offset` (UTF-16 code units from 0) in `sql`. */
export const placeAt = (sql: string, offset: number): RulePlace => {
  const before = sql.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { sql, offset, line: before.split('\n').length, column: offset - lineStart + 1 };
};

const widest = 120;

/**
 * The line of a place with a caret under its column:
 *
 *     SELECT payload FORM "a/#"
 *                    ^
 */
export const renderCaret = ({ sql, line, column }: RulePlace): string => {
  const text = sql.split('\n')[line - 1]!.trimEnd();
  const from = column <= widest ? 0 : column - widest / 2;
  const blank = text.slice(from, column - 1).replace(/[^\t]/g, ' ');
  return `${text.slice(from, from + widest)}\n${blank}${' '.repeat(Math.max(0, column - 1 - from - blank.length))}^`;
};

/** The place that an error of a rule names; undefined for other errors. */
export const placeOf = (error: unknown): RulePlace | undefined => {
  if (!MkbError.is(error)) return undefined;
  const details = error.details as Partial<RulePlace> | undefined;
  return typeof details?.sql === 'string' && typeof details.offset === 'number' ? (details as RulePlace) : undefined;
};
