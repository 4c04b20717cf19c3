/**
 * Every error the kit raises, once: what happened, whether trying again can help, and what a person can do.
 *
 * Code asks `error.code` and `error.kind`, never the text. `retryable` means that the same action may succeed later with nothing
 * changed by a person; `permanent` means that it will not. docs/reference/errors.md is generated from this table.
 */

export type ErrorKind = 'retryable' | 'permanent';

interface ErrorEntry {
  readonly kind: ErrorKind;
  // biome-ignore lint/suspicious/noExplicitAny: each entry names its own details; `MkbError` checks them by code.
  readonly message: (details: any) => string;
  readonly remedy: string;
}

/** Keeps each entry's own type of details, so that `new MkbError(code, details)` is checked. */
const table = <T extends Record<string, ErrorEntry>>(entries: T): T => entries;

export const errors = table({
  'document-invalid': {
    kind: 'permanent',
    message: ({ count }: { count: number }) =>
      `The configuration has ${count} ${count === 1 ? 'problem' : 'problems'}.`,
    remedy: 'Mend the places named above; `mkb validate FILE` checks them without starting anything.',
  },
  'secret-unreadable': {
    kind: 'permanent',
    message: ({ source, reason }: { source: string; reason: string }) =>
      `The secret from ${source} cannot be read: ${reason}.`,
    remedy: 'Check the name, and for files that this user may read them. --secrets-dir names the folder of secretKeyRef.',
  },
});

export type ErrorCode = keyof typeof errors;

/** What an error's message needs to be told. */
export type ErrorDetails<C extends ErrorCode> = Parameters<(typeof errors)[C]['message']>[0];

const brand = Symbol.for('mqttkafkadev.error');

/** An error of the table. Known by `MkbError.is` across copies of this module. */
export class MkbError<C extends ErrorCode = ErrorCode> extends Error {
  readonly code: C;
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly details: ErrorDetails<C>;

  constructor(code: C, details: ErrorDetails<C>, options?: { cause?: unknown }) {
    const entry: ErrorEntry = errors[code];
    super(entry.message(details), options);
    this.name = 'MkbError';
    this.code = code;
    this.kind = entry.kind;
    this.remedy = entry.remedy;
    this.details = details;
    Object.defineProperty(this, brand, { value: true });
  }

  /** Whether `error` is of the table, and, when `code` is given, that very one. */
  static is<C extends ErrorCode>(error: unknown, code?: C): error is MkbError<C> {
    return (
      error instanceof Error &&
      (error as { [brand]?: boolean })[brand] === true &&
      (code === undefined || (error as MkbError).code === code)
    );
  }
}
