/** An entry of the tables of errors. */
export type ErrorKind = 'retryable' | 'permanent';

export interface ErrorEntry {
  /** `retryable`: the same action may succeed later with nothing changed by a person. `permanent`: it will not. */
  readonly kind: ErrorKind;
  // biome-ignore lint/suspicious/noExplicitAny: each entry names its own details; `MkbError` checks them by code.
  readonly message: (details: any) => string;
  /** What a person can do. */
  readonly remedy: string;
}

/** Keeps each entry's own type of details, so that `new MkbError(code, details)` is checked. */
export const table = <T extends Record<string, ErrorEntry>>(entries: T): T => entries;
