/** Actions that are repeated with growing pauses until they are done, such as the first requests to brokers that are away. */
import { setTimeout as pause } from 'node:timers/promises';
import { asMkbError } from '../api/errors/as-mkb-error.ts';
import type { MkbError } from '../api/errors.ts';
import { backoffMs } from '../network/backoff.ts';

const minPauseMs = 200;
const longestPauseMs = 5000;
/** After what only a person can change. */
const refusedPauseMs = 30_000;

export class Persistence {
  readonly #problems = new Set<MkbError>();
  readonly #signal: AbortSignal;
  readonly #over: Promise<void>;
  readonly #report: (error: MkbError) => void;

  /** @param report is called with each failure that is tried again */
  constructor(signal: AbortSignal, report: (error: MkbError) => void) {
    this.#signal = signal;
    this.#over = new Promise(resolve => signal.addEventListener('abort', () => resolve()));
    this.#report = report;
  }

  /** Why the actions under way failed last. */
  get problems(): Iterable<MkbError> {
    return this.#problems;
  }

  /**
   * Returns when the action is done, or the signal came.
   *
   * @param always repeats it even after a permanent error, which is thrown otherwise
   */
  async untilDone(action: () => Promise<void>, always: boolean): Promise<void> {
    let last: MkbError | undefined;
    for (let attempt = 0; !this.#signal.aborted; attempt++) {
      try {
        // A peer that says nothing may keep an action for long, and nobody waits for it any more.
        await Promise.race([action(), this.#over]);
        break;
      } catch (error) {
        const known = asMkbError(error);
        if (last) this.#problems.delete(last);
        if (known.kind === 'permanent' && !always) throw known;
        last = known;
        this.#problems.add(known);
        this.#report(known);
        const ms = backoffMs(attempt, minPauseMs, known.kind === 'permanent' ? refusedPauseMs : longestPauseMs);
        await pause(ms, undefined, { signal: this.#signal }).catch(() => undefined);
      }
    }
    if (last) this.#problems.delete(last);
  }
}
