/**
 * Rows of windows as a source. They are made of many messages, all acknowledged already, so nobody waits for what becomes of them: it is only
 * counted, and a row that fails is a dead letter of its own. That raises no event, since there is no message to tell of.
 */
import { encodeJson } from '../../rules/json.ts';
import type { Input } from '../../rules/rule.ts';
import type { ClosedWindow, WindowOutcome } from '../../rules/windows/closed-window.ts';
import type { Clock } from '../clock.ts';
import { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Remains } from '../flow/letters.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Intake, Source } from '../flow/source.ts';
import { type ObtainSchema, waitOf } from '../flow/waiting.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import { WindowWriter } from './window-writer.ts';

export class WindowsSource implements Source {
  readonly name = 'windows';
  readonly account = new Account();
  readonly starved = false;
  readonly #obtainSchema: ObtainSchema | undefined;
  readonly #writers: readonly WindowWriter[];
  #intake: Intake | undefined;

  /** Counts the messages of the rules that have windows, from now on. */
  constructor(rules: readonly BoundRule[], clock: Clock, obtainSchema: ObtainSchema | undefined) {
    this.#obtainSchema = obtainSchema;
    this.#writers = rules.flatMap(rule => {
      if (rule.windows === undefined) return [];
      const writer = this.#writer(rule, clock);
      rule.counter = writer;
      return [writer];
    });
  }

  /** Rows wait in their windows: none is made before `resume`, since there is no room. */
  pause(): void {}

  resume(): void {
    for (const writer of this.#writers) writer.resume();
  }

  /** Nobody waits to hear that a row is safe. */
  settle(): void {}

  acknowledge(): void {}

  copy(message: Input): Input {
    return message;
  }

  remember(window: unknown, slot: number, settlement: Settlement<Source>): void {
    settlement.keep(slot, window, 0);
  }

  keep(): void {
    // It is kept already.
  }

  /** The record that could not be written or, if there is none, what is known of the window. */
  remains({ kept }: Remembered, _rule: BoundRule | undefined, record?: ProducerRecord): Remains {
    if (record) return { key: record.key, value: record.value };
    return { key: undefined, value: factsOf(kept as ClosedWindow) };
  }

  async start(intake: Intake): Promise<void> {
    this.#intake = intake;
  }

  missing(): readonly string[] {
    return [];
  }

  /** Ends all windows, and hands their rows over whether or not there is room. */
  stop(): void {
    for (const writer of this.#writers) writer.stop();
  }

  async close(): Promise<void> {}

  #writer(rule: BoundRule, clock: Clock): WindowWriter {
    const isFull = () => this.#intake?.hasRoom() !== true;
    return new WindowWriter(rule.windows!, clock, {
      get full() {
        return isFull();
      },
      write: outcome => this.#write(rule, outcome),
      written: () => this.#intake?.readEnd(),
      waitOf: error => waitOf(error, this.#obtainSchema),
    });
  }

  #write(rule: BoundRule, outcome: WindowOutcome): void {
    const { window } = outcome;
    if ('error' in outcome) {
      rule.rowsFailed++;
      this.#intake?.failure(rule, window, outcome.error);
      return;
    }
    rule.rows++;
    this.#intake?.row(rule, window, outcome.row);
  }
}

/** A key may be bytes that JSON does not take; then the times alone are left. */
function factsOf({ facts, start, end }: ClosedWindow): Buffer {
  try {
    return Buffer.from(encodeJson(facts));
  } catch {
    return Buffer.from(encodeJson({ window_start: start, window_end: end }));
  }
}
