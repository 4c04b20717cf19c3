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
  readonly #clock: Clock;
  #writers: ReadonlyMap<BoundRule, WindowWriter> = new Map();

  /** Counts the messages of the rules that have windows, from now on. */
  constructor(rules: readonly BoundRule[], clock: Clock, obtainSchema: ObtainSchema | undefined) {
    super();
    this.#obtainSchema = obtainSchema;
    this.#clock = clock;
    this.use(rules);
  }

  /** From now on counts those of these rules. Windows of others end now, and their rows are handed over whether or not there is room. */
  use(rules: readonly BoundRule[]): void {
    const before = this.#writers;
    const withWindows = rules.filter(({ windows }) => windows !== undefined);
    this.#writers = new Map(withWindows.map(rule => [rule, before.get(rule) ?? this.#writer(rule)]));
    for (const [rule, writer] of this.#writers) rule.counter = writer;
    for (const [rule, writer] of before) if (!this.#writers.has(rule)) writer.stop();
  }

  resume(): void {
    for (const writer of this.#writers.values()) writer.resume();
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
    for (const writer of this.#writers.values()) writer.stop();
  }

  #writer(rule: BoundRule): WindowWriter {
    const isFull = () => this.intake?.hasRoom() !== true;
    return new WindowWriter(rule.windows!, this.#clock, {
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
