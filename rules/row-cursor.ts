/**
 * Rows of one message, made one at a time: a list of 6,000 elements, each of whose rows holds the whole payload, is never in memory at once.
 *
 * Rows of a usual message are still made before the first of them is handed out, so that an element that fails fails the message as a
 * whole. Of a message whose rows are more than that, those that were handed out before the failure stay.
 */
import type { Row } from './row.ts';
import { sizeOf } from './windows/bounded.ts';

export interface RowCursor {
  /**
   * The next row; null when there is none yet, so that whoever asks may let others have their turn; undefined when there is none left.
   *
   * Throws as `Rule.rows`. After `Pending` and `schema-pending` it may be called again, and goes on where it was.
   */
  next(): Row | null | undefined;
}

/** How many rows are made ahead, and bytes of them. */
const rowsAhead = 1000;
const bytesAhead = 1024 * 1024;

/** The same rows, of which the first ones are made before any is handed out. */
export class RowsAhead implements RowCursor {
  readonly #rows: RowCursor;
  readonly #ahead: Row[] = [];
  #bytes = 0;
  #gathering = true;
  #handedOut = 0;

  constructor(rows: RowCursor) {
    this.#rows = rows;
  }

  next(): Row | null | undefined {
    if (this.#gathering) {
      this.#gather();
      return null;
    }
    if (this.#handedOut < this.#ahead.length) return this.#ahead[this.#handedOut++];
    this.#ahead.length = 0;
    this.#handedOut = 0;
    return this.#rows.next();
  }

  #gather(): void {
    const row = this.#rows.next();
    if (row) {
      this.#ahead.push(row);
      this.#bytes += sizeOf(row, bytesAhead);
    }
    this.#gathering = row !== undefined && this.#ahead.length < rowsAhead && this.#bytes < bytesAhead;
  }
}

/** A row, or none, as a cursor. @param make is called once, and again after it has thrown */
export const oneRow = (make: () => readonly Row[]): RowCursor => {
  let rows: readonly Row[] | undefined;
  let handedOut = 0;
  return {
    next: () => {
      rows ??= make();
      return rows[handedOut++];
    },
  };
};
