/** What sources inside of the bridge have in common: their messages stay what they are, and nobody waits to hear that one is safe. */
import type { Input, Origin } from '../../rules/rule.ts';
import { Account } from '../flow/account.ts';
import type { BoundRule } from '../flow/bound-rule.ts';
import type { Remains } from '../flow/letters.ts';
import type { Remembered, Settlement } from '../flow/settlement.ts';
import type { Intake, Source } from '../flow/source.ts';
import type { ProducerRecord } from '../kafka/record.ts';

export abstract class InnerSource implements Source {
  abstract readonly name: Source['name'];
  readonly account = new Account();
  readonly starved = false;
  protected intake: Intake | undefined;

  abstract resume(): void;
  abstract stop(): void;

  /** What is known of a message, as the value of its dead letter. */
  protected abstract factsOf(kept: unknown): Buffer;

  bytesOf(_message: Origin): number {
    return 0;
  }

  /** Messages wait where they come from: none is handed over before `resume`, since there is no room. */
  pause(): void {}

  settle(): void {}

  acknowledge(): void {}

  copy(message: Input): Input {
    return message;
  }

  remember(message: Origin, slot: number, settlement: Settlement<Source>): void {
    settlement.keep(slot, message, this.bytesOf(message));
  }

  keep(): void {
    // It is kept already.
  }

  /** The record that could not be written or, if there is none, what is known of the message. */
  remains({ kept }: Remembered, _rule: BoundRule | undefined, record?: ProducerRecord): Remains {
    if (record) return { key: record.key, value: record.value };
    return { key: undefined, value: this.factsOf(kept) };
  }

  async start(intake: Intake): Promise<void> {
    this.intake = intake;
  }

  missing(): readonly string[] {
    return [];
  }

  async close(): Promise<void> {}
}
