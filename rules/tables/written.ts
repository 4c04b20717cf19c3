/** How the rows of a table are written. */
import type { Value } from '../value.ts';

export type Format =
  /** `columns` are those of the header, and `key` is one of them. */
  | { readonly kind: 'csv'; readonly separator: string; readonly columns: readonly string[]; readonly key: string }
  /** A row is an object, and `key` a name in it. */
  | { readonly kind: 'objects'; readonly key: string }
  /** A row is a member of an object: `"key": value`. */
  | { readonly kind: 'members' };

export interface KeyedRow {
  readonly key: string;
  readonly value: Value;
}

/** Takes the place of a row, and what it is found by. */
export type TakeRow = (start: number, end: number, key: string) => void;

export interface Written {
  readonly format: 'csv' | 'json' | 'ndjson';
  readonly key: string | undefined;
  readonly separator: string;
}
