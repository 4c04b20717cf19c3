/** Writes what became of messages, for the sinks that want it. */
import { MkbError } from '../../api/errors.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import type { BoundOutcome, BoundSink } from './bound-rule.ts';
import { type Fate, fateRecord, shortenedFate } from './fate.ts';
import type { LetterBox } from './letters.ts';
import type { Settlement } from './settlement.ts';
import type { Source } from './source.ts';

export class Fates {
  readonly #settlement: Settlement<Source>;
  readonly #slotBits: number;
  /** Written to since the last `readEnd`. */
  readonly #touched = new Set<LetterBox>();

  constructor(settlement: Settlement<Source>, slotBits: number) {
    this.#settlement = settlement;
    this.#slotBits = slotBits;
  }

  /** The slot is held for it. Nothing is written about a message that was withdrawn: another member of the group sends that again. */
  write({ outcome }: BoundSink, slot: number, fate: Fate): void {
    if (outcome === undefined || this.#settlement.isWithdrawn(slot)) return;
    const { rule, box, number, counts } = outcome;
    counts[fate.outcome]++;
    const remains = this.#settlement.sourceOf(slot).remains(this.#settlement.recall(slot), rule, undefined);
    this.#settlement.hold(slot);
    box.write(fateRecord(remains, rule.name, fate, Date.now()), (number << this.#slotBits) | slot);
    this.#touched.add(box);
  }

  /**
   * A record could not be delivered. Returns whether it is sent again, with less of an answer that was too large: the device has done what it was
   * asked for, and a dead letter would say that it was not.
   */
  again({ box }: BoundOutcome, token: number, error: MkbError, record: ProducerRecord | undefined): boolean {
    if (record === undefined || !MkbError.is(error, 'kafka-message-too-large')) return false;
    const shorter = shortenedFate(record);
    if (shorter === undefined) return false;
    box.write(shorter, token);
    this.#touched.add(box);
    return true;
  }

  /** A group of these may have been written. */
  readEnd(): void {
    for (const box of this.#touched) box.readEnd();
    this.#touched.clear();
  }
}
