/** A problem before its place in a file is known: what is wrong with which field. */
import { type ErrorCode, type ErrorDetails, MkbError } from './errors.ts';
import type { Path, Problem } from './problems.ts';

export interface Finding {
  readonly path: Path;
  /** Whether the field's name or its value is to blame. */
  readonly at: 'key' | 'value';
  /** Where in the text at `path`, in UTF-16 code units. */
  readonly offset?: number;
  readonly severity: Problem['severity'];
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string | undefined;
}

type Extra = Partial<Pick<Finding, 'at' | 'offset' | 'severity'>> & { remedy?: string | undefined };

/** A finding in the words of the error table. A remedy that knows more than the table's may be given, or `undefined` if none helps. */
export const finding = <C extends ErrorCode>(
  path: Path,
  code: C,
  details: ErrorDetails<C>,
  extra: Extra = {},
): Finding => findingOf(path, new MkbError(code, details), extra);

/** The finding that an error of the table makes. */
export const findingOf = (path: Path, { code, message, remedy }: MkbError, extra: Extra = {}): Finding => ({
  path,
  at: 'value',
  severity: 'error',
  code,
  message,
  remedy,
  ...extra,
});

/** Whether `path` is `ancestor` or a part of it. */
export const isWithin = (path: Path, ancestor: Path): boolean => ancestor.every((step, index) => path[index] === step);
