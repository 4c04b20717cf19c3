/** A message that one or more of its rules go on with later, each in its own line (line.ts), and how long it is held. */
import type { Input } from '../../rules/rule.ts';
import { outcomeNumber } from './outcome.ts';

/** Messages that wait in lines, of all sources: past `maxBytes` sources are paused, as they are for a full sink. */
export class KeptMessages {
  readonly #maxBytes: number;
  bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get full(): boolean {
    return this.bytes >= this.#maxBytes;
  }
}

export class LateMessage {
  /** It stays what it is. */
  readonly message: Input;
  readonly slot: number;
  readonly #bytes: number;
  readonly #kept: KeptMessages;
  /** Rules that are not through with it, and one for those that do not wait. */
  #left = 1;

  /** @param bytes that it holds and nobody else counts */
  constructor(message: Input, slot: number, bytes: number, kept: KeptMessages) {
    this.message = message;
    this.slot = slot;
    this.#bytes = bytes;
    this.#kept = kept;
    kept.bytes += bytes;
  }

  /** What became of it so far. */
  outcome: number = outcomeNumber.filtered;

  /** One more rule waits with it. */
  waits(): void {
    this.#left++;
  }

  /** A rule is through with it, or those that did not wait are. Returns whether all are. */
  through(made: number): boolean {
    this.outcome = better(this.outcome, made);
    this.#left--;
    if (this.#left > 0) return false;
    this.#kept.bytes -= this.#bytes;
    return true;
  }
}

/** Something made of a message says more than that it was counted, and that more than nothing. */
export const better = (before: number, made: number): number =>
  made === outcomeNumber.delivered || before === outcomeNumber.filtered ? made : before;
