/**
 * Rows of windows as a source. They are made of many messages, all acknowledged already, so nobody waits for what becomes of them: it is only
 * counted, and a row that fails is a dead letter of its own. That raises no event, since there is no message to tell of.
 */
import { encodeJson } from '../../rules/json.ts';
import type { ClosedWindow, WindowOutcome } from '../../rules/windows/closed-window.ts';
import type { Clock } from '../clock.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import { type ObtainSchema, waitOf } from '../flow/waiting.ts';
import { InnerSource } from './inner-source.ts';
import { WindowWriter } from './window-writer.ts';

export class WindowsSource extends InnerSource {
  readonly name = 'windows';
  readonly #obtainSchema: ObtainSchema | undefined;
  readonly #writers: readonly WindowWriter[];

  /** Counts the messages of the rules that have windows, from now on. */
  constructor(rules: readonly BoundRule[], clock: Clock, obtainSchema: ObtainSchema | undefined) {
    super();
    this.#obtainSchema = obtainSchema;
    this.#writers = rules.flatMap(rule => {
      if (rule.windows === undefined) return [];
      const writer = this.#writer(rule, clock);
      rule.counter = writer;
      return [writer];
    });
  }

  resume(): void {
    for (const writer of this.#writers) writer.resume();
  }

  /** A key may be bytes that JSON does not take; then the times alone are left. */
  protected factsOf(kept: unknown): Buffer {
    const { facts, start, end } = kept as ClosedWindow;
    try {
      return Buffer.from(encodeJson(facts));
    } catch {
      return Buffer.from(encodeJson({ window_start: start, window_end: end }));
    }
  }

  /** Ends all windows, and hands their rows over whether or not there is room. */
  stop(): void {
    for (const writer of this.#writers) writer.stop();
  }

  #writer(rule: BoundRule, clock: Clock): WindowWriter {
    const isFull = () => this.intake?.hasRoom() !== true;
    return new WindowWriter(rule.windows!, clock, {
      get full() {
        return isFull();
      },
      write: outcome => this.#write(rule, outcome),
      written: () => this.intake?.readEnd(),
      waitOf: error => waitOf(error, this.#obtainSchema),
    });
  }

  #write(rule: BoundRule, outcome: WindowOutcome): void {
    const { window } = outcome;
    if ('error' in outcome) {
      rule.rowsFailed++;
      this.intake?.failure(rule, window, outcome.error);
      return;
    }
    rule.rows++;
    this.intake?.row(rule, window, outcome.row);
  }
}
