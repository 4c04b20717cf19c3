/**
 * Messages that the server does not take now, and how their lanes wait for them.
 *
 * Messages of one lane keep their order: what was sent after the refused one may be there already, so it is sent once more after it,
 * whatever its own PUBACK says. The last copies that the server has are then in order, as they would be after a lost connection. Until the
 * refused message has an outcome it goes alone: other lanes go on, and nothing is repeated more than once for each refusal.
 */
import { backoffMs } from '../../../network/backoff.ts';
import type { Letter } from './outbox.ts';

interface Hold<Token> {
  readonly letter: Letter<Token>;
  /** While it runs the letter is not sent. */
  pause: NodeJS.Timeout | undefined;
}

export interface HoldsBackoff {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export interface HoldsOptions extends HoldsBackoff {
  readonly random: () => number;
}

export class Holds<Token> {
  readonly #options: HoldsOptions;
  readonly #byLane = new Map<unknown, Hold<Token>>();

  constructor(options: HoldsOptions) {
    this.#options = options;
  }

  /** Whether no lane waits. */
  get none(): boolean {
    return this.#byLane.size === 0;
  }

  /** Whether a letter may be sent now. */
  admits({ lane, number }: Letter<Token>): boolean {
    const hold = this.#byLane.get(lane);
    return hold === undefined || (hold.letter.number === number && hold.pause === undefined);
  }

  /** The letter was refused for now. `over` is called after the pause; then `admits` says yes to it. */
  hold(letter: Letter<Token>, over: () => void, pauseMs: number): void {
    const held = this.#byLane.get(letter.lane);
    // What was sent earlier in the lane goes first.
    if (held !== undefined && held.letter.number < letter.number) return;
    clearTimeout(held?.pause);
    const hold: Hold<Token> = { letter, pause: undefined };
    hold.pause = setTimeout(() => {
      hold.pause = undefined;
      over();
    }, pauseMs);
    this.#byLane.set(letter.lane, hold);
  }

  /** The letter has an outcome, or nobody wants one: if its lane waits for it, it waits no more. */
  free(letter: Letter<Token>): void {
    const hold = this.#byLane.get(letter.lane);
    if (hold?.letter !== letter) return;
    clearTimeout(hold.pause);
    this.#byLane.delete(letter.lane);
  }

  /** Another server, or another state of it: all pauses are over. */
  retry(): void {
    for (const hold of this.#byLane.values()) {
      clearTimeout(hold.pause);
      hold.pause = undefined;
    }
  }

  /** The letters that lanes wait for. */
  *letters(): Iterable<Letter<Token>> {
    for (const { letter } of this.#byLane.values()) yield letter;
  }

  stop(): void {
    for (const { pause } of this.#byLane.values()) clearTimeout(pause);
    this.#byLane.clear();
  }

  /** Milliseconds. @param backoff limits of it, if not the usual ones */
  pauseAfter({ refusals }: Letter<Token>, { minDelayMs, maxDelayMs }: HoldsBackoff = this.#options): number {
    const { random } = this.#options;
    return backoffMs(refusals, minDelayMs, maxDelayMs, random);
  }
}
