/**
 * The rows that FOREACH makes of one message, on their way to the rule's sinks.
 *
 * What one message costs must not keep everything else waiting, so they are written for some milliseconds at a time, and while there is room:
 * 6,000 rows that each hold a payload of 257 KB are 1.5 GB, and no more of them than `delivery.buffer.maxBytes` is there at once.
 */
import type { MkbError } from '../../api/errors.ts';
import type { Row } from '../../rules/row.ts';
import type { RowCursor } from '../../rules/row-cursor.ts';
import type { Wait } from './waiting.ts';

/** How long rows of one message are written before others have their turn. */
const turnMs = 10;

export class ManyRows<Sink> {
  /** Whether there was a row. */
  any = false;
  /** Why sinks could not write, each for the first such row: the dead letter is the message, and one of it is enough. */
  readonly failures = new Map<Sink, MkbError>();
  readonly #cursor: RowCursor;
  readonly #sinks: readonly Sink[];

  constructor(cursor: RowCursor, sinks: readonly Sink[]) {
    this.#cursor = cursor;
    this.#sinks = sinks;
  }

  /**
   * Writes rows for as long as there are any. Throws as `RowCursor.next`.
   *
   * @param write returns why the sink cannot write the row, if it cannot
   * @returns what to wait for before this is called again; undefined after the last row
   */
  write(isFull: () => boolean, write: (sink: Sink, row: Row) => MkbError | undefined): Wait | undefined {
    const end = performance.now() + turnMs;
    for (;;) {
      if (isFull()) return 'room';
      const row = this.#cursor.next();
      if (row === undefined) return undefined;
      if (row) this.#write(row, write);
      if (performance.now() > end) return 'turn';
    }
  }

  #write(row: Row, write: (sink: Sink, row: Row) => MkbError | undefined): void {
    this.any = true;
    for (const sink of this.#sinks) {
      const failure = write(sink, row);
      if (failure && !this.failures.has(sink)) this.failures.set(sink, failure);
    }
  }
}
