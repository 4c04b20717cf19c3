/** What rows of windows are made of, in place of a message; and what names mean for them. */
import type { MkbError } from '../../api/errors.ts';
import { Names, type NamesOptions, type ReadName } from '../names.ts';
import type { Row } from '../row.ts';
import type { RuleSource } from '../rule-source.ts';
import type { ValueMap } from '../value.ts';

/** A window of one key that is over. */
export interface ClosedWindow {
  /** Milliseconds since 1970. */
  readonly start: number;
  /** The first moment that is not part of it; earlier than it would have been if the rule was stopped. */
  readonly end: number;
  /** By name: window_start, window_end, and the keys of GROUP BY that are paths. */
  readonly facts: ValueMap;
}

/** What became of a window: a row, or why there is none. */
export type WindowOutcome = { readonly window: ClosedWindow } & ({ readonly row: Row } | { readonly error: MkbError });

/** Columns of every row of a window. */
export const windowColumns: readonly string[] = ['window_start', 'window_end'];

/** The names that a row of a window has beside what SELECT gives it. They are read from a ClosedWindow that stands in place of a message. */
export class WindowNames extends Names {
  readonly #names: readonly string[];

  /** @param keys the first names of keys that are paths */
  constructor(sources: readonly RuleSource[], keys: readonly string[], options: NamesOptions = {}) {
    super(sources, [], options);
    this.#names = [...new Set([...windowColumns, ...keys])];
  }

  override all(): string[] {
    return [...this.#names];
  }

  override reader(name: string): ReadName | undefined {
    if (!this.#names.includes(name)) return this.isConstant(name) ? super.reader(name) : undefined;
    return message => (message as unknown as ClosedWindow).facts[name];
  }

  override isUnseen(): boolean {
    return false;
  }

  override isColumn(): boolean {
    return false;
  }
}
