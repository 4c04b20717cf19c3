/**
 * A rule without a bridge around it, for `mkb eval`, `mkb test` and the REPL: messages come one after the other, time is what they say, and
 * windows end when it passes.
 */
import type { Captures, Input, Origin, Row, Rule } from './rule.ts';

/** A row, and what it was made of. */
export interface MadeRow {
  readonly row: Row;
  readonly origin: Origin;
  readonly captures: Captures;
}

/** The rows that a message makes. It counts in windows, whose rows come of `passTime`. Throws as `Rule.rows`. */
export const rowsOf = (rule: Rule, message: Input, captures: Captures): MadeRow[] =>
  rule.rows(message, captures).map(row => ({ row, origin: message, captures }));

/** The same rows one at a time, each made when it is asked for. */
export function* eachRowOf(rule: Rule, message: Input, captures: Captures): Generator<MadeRow> {
  const cursor = rule.cursor(message, captures);
  for (let row = cursor.next(); row !== undefined; row = cursor.next()) {
    if (row) yield { row, origin: message, captures };
  }
}

/** The rows of windows that end by a time, in milliseconds since 1970. Throws why one cannot be worked out. */
export const passTime = (rule: Rule, until: number): MadeRow[] => {
  const made: MadeRow[] = [];
  for (;;) {
    const outcome = rule.windows?.next(until);
    if (outcome === undefined) return made;
    if ('error' in outcome) throw outcome.error;
    made.push({ row: outcome.row, origin: outcome.window, captures: [] });
  }
};

/** The same rows with their values, even of a plain rule. */
export const wholeRows = (rule: Rule, made: readonly MadeRow[]): Row[] =>
  made.map(({ row, origin, captures }) => rule.whole(origin, captures, row));
