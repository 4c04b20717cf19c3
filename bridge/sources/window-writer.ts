/**
 * The windows of one rule: messages are counted, and when windows end, their rows are written.
 *
 * There is one timer, set to the time at which the next window ends. It looks at the clock in between, which may have been set. While a sink
 * does not keep up, nothing is written and no timer runs: windows that ended wait as they are, within the bounds of the rule's state, until
 * `resume`.
 */
import type { Captures, Input } from '../../rules/rule.ts';
import type { WindowOutcome } from '../../rules/windows/closed-window.ts';
import type { Windows } from '../../rules/windows/windows.ts';
import type { Clock } from '../clock.ts';
import type { Counter } from '../flow/bound-rule.ts';
import { type Wait, Waiting } from '../flow/waiting.ts';

/** Where rows go. */
export interface WindowOutput {
  /** Whether no more should be written now. */
  readonly full: boolean;
  write(outcome: WindowOutcome): void;
  /** A group of rows was written. */
  written(): void;
  /** What a row waits for, if that is why it could not be worked out. */
  waitOf(error: unknown): Wait | undefined;
}

/** A window of a hundred thousand keys must not hold up everything else: after so many rows others have their turn, for some milliseconds. */
const rowsPerTurn = 1000;

export class WindowWriter implements Counter {
  readonly #windows: Windows;
  readonly #clock: Clock;
  readonly #output: WindowOutput;
  /** When the timer rings; Infinity while there is none. */
  #ringsAt = Number.POSITIVE_INFINITY;
  #callOff = (): void => {};
  #waitsForRoom = false;
  #stopped = false;
  readonly #waiting = new Waiting();

  constructor(windows: Windows, clock: Clock, output: WindowOutput) {
    this.#windows = windows;
    this.#clock = clock;
    this.#output = output;
  }

  /** Returns whether WHERE let the message pass. Throws as `Windows.count`. */
  count(message: Input, captures: Captures): boolean {
    const now = this.#clock.now();
    this.#windows.follow(now);
    const passed = this.#windows.count(message, captures, now);
    // It had waited for something when the windows ended; there are no later ones.
    if (this.#stopped) this.stop();
    if (this.#windows.due < this.#ringsAt) this.#setTimer();
    return passed;
  }

  /** There is room for rows again. */
  resume(): void {
    if (!this.#waitsForRoom) return;
    this.#waitsForRoom = false;
    this.#write();
  }

  /** Ends all windows and writes their rows, whether or not there is room; and so with what is counted later. */
  stop(): void {
    this.#stopped = true;
    this.#callOff();
    const now = this.#clock.now();
    this.#windows.follow(now);
    this.#windows.stop(now);
    for (let outcome = this.#windows.next(now); outcome !== undefined; outcome = this.#windows.next(now)) {
      this.#output.write(outcome);
    }
    this.#output.written();
  }

  #write(): void {
    if (this.#waiting.active) return;
    const now = this.#clock.now();
    this.#windows.follow(now);
    for (let rows = 0; rows < rowsPerTurn; rows++) {
      this.#waitsForRoom = this.#output.full;
      const outcome = this.#waitsForRoom ? undefined : this.#next(now);
      if (outcome === undefined) break;
      this.#output.write(outcome);
    }
    this.#output.written();
    if (!this.#waiting.active) this.#setTimer();
  }

  /** As `Windows.next`; undefined also for a row that has to wait, and is written when it need not any more. */
  #next(now: number): WindowOutcome | undefined {
    try {
      return this.#windows.next(now);
    } catch (error) {
      const wait = this.#output.waitOf(error);
      if (wait === undefined) throw error;
      this.#waiting.begin(wait, () => this.#write());
      return undefined;
    }
  }

  #setTimer(): void {
    this.#callOff();
    this.#ringsAt = this.#waitsForRoom ? Number.POSITIVE_INFINITY : this.#windows.due;
    if (this.#ringsAt === Number.POSITIVE_INFINITY) return;
    this.#callOff = this.#clock.at(this.#ringsAt, () => {
      this.#ringsAt = Number.POSITIVE_INFINITY;
      this.#write();
    });
  }
}
