import type { DeadLetters } from './dead-letters.ts';
import type { Fates } from './fates.ts';
import type { KeptMessages } from './late-message.ts';
import type { Settlement } from './settlement.ts';
import type { Source } from './source.ts';
import type { ObtainSchema } from './waiting.ts';

/** What all intakes of a pipeline share. */
export interface Shared {
  readonly settlement: Settlement<Source>;
  readonly letters: DeadLetters;
  readonly fates: Fates;
  /** Whether a dead letter, or an event, may need the bytes of a message whose records do not hold them. */
  keeps: boolean;
  readonly slotBits: number;
  readonly obtainSchema: ObtainSchema | undefined;
  /** What waits in lines of rules. */
  readonly kept: KeptMessages;
  /** Called when tokens came back without a report of their sink. */
  readonly tokensBack: () => void;
  /** Called when messages that waited went on. */
  readonly settled: () => void;
}
