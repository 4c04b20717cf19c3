/** Messages of a buffer that went nowhere, by reason: each is counted once, and reported. */
import { type BufferDropReason, bufferDropReasons } from './figures.ts';
import type { Gone } from './gone.ts';
import type { BufferHandler } from './handler.ts';
import type { Range } from './ledger.ts';

export class Losses {
  readonly counts = Object.fromEntries(bufferDropReasons.map(reason => [reason, 0])) as Record<
    BufferDropReason,
    number
  >;
  readonly #handler: Pick<BufferHandler, 'dropped'>;
  readonly #torn: readonly Range[];
  /** Messages that came in this read, and found no room. */
  #newest = 0;

  /** @param torn ids that may be missing without having been acknowledged */
  constructor(handler: Pick<BufferHandler, 'dropped'>, torn: readonly Range[]) {
    this.#handler = handler;
    this.#torn = torn;
  }

  add(reason: BufferDropReason, count: number): void {
    if (count <= 0) return;
    this.counts[reason] += count;
    this.#handler.dropped(reason, count);
  }

  /** A message that came is dropped; it is reported together with the others of its read. */
  addNewest(): void {
    this.#newest++;
  }

  readEnd(): void {
    const count = this.#newest;
    this.#newest = 0;
    this.add('full', count);
  }

  /** Ids from `from` to before `to` cannot be read, unless they are gone. */
  missing(from: number, to: number, gone: Gone): void {
    const torn = gone.leftOf(this.#torn, from, to);
    this.add('torn', torn);
    this.add('unreadable', to - from - gone.between(from, to) - torn);
  }
}
