/** How rows of a source's messages are written to sinks, and how messages fail that are at hand. */
import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import type { MkbError } from '../../api/errors.ts';
import type { Captures, Origin, Row } from '../../rules/rule.ts';
import type { BoundSink, Failing } from './bound-rule.ts';
import type { Shared } from './shared.ts';
import type { Source } from './source.ts';

export class Writing {
  readonly #source: Source;
  readonly #shared: Shared;
  readonly #settlement: Shared['settlement'];
  readonly #slotBits: number;

  constructor(source: Source, shared: Shared) {
    this.#source = source;
    this.#shared = shared;
    this.#settlement = shared.settlement;
    this.#slotBits = shared.slotBits;
  }

  /** Of rows that a sink cannot write, the first makes the dead letter: that is the message, and one of it is enough. */
  rows(sink: BoundSink, message: Origin, captures: Captures, rows: readonly Row[], slot: number): void {
    let failure: MkbError | undefined;
    // By index: an iterator over a frozen list, such as that of the one plain row, is two objects for each message.
    for (let index = 0; index < rows.length; index++) {
      const error = this.row(sink, message, captures, rows[index]!, slot);
      failure ??= error;
    }
    if (failure) this.fail(sink, failure, message, slot);
  }

  /** Returns why the row cannot be written, if it cannot. */
  row(sink: BoundSink, message: Origin, captures: Captures, row: Row, slot: number): MkbError | undefined {
    try {
      sink.writer.write(message, captures, row, (sink.number << this.#slotBits) | slot);
    } catch (error) {
      sink.failed++;
      const failure = asMkbError(error);
      this.#shared.fates.write(sink, slot, { outcome: 'refused', reason: failure.message });
      return failure;
    }
    this.#settlement.hold(slot);
    if (this.#shared.keeps && !sink.writer.passesPayload) this.#source.keep(message, slot, this.#settlement);
    return undefined;
  }

  /** A message that failed while it is still at hand. */
  fail(failing: Failing, error: MkbError, message: Origin, slot: number): void {
    this.#settlement.hold(slot);
    this.#source.keep(message, slot, this.#settlement);
    this.#shared.letters.giveUp(slot, failing, error);
  }
}
