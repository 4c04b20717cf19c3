/** What a pipeline is told, and what it asks of others. */
import type { MkbError } from '../../api/errors.ts';
import type { Clock } from '../clock.ts';
import type { BoundRule } from './bound-rule.ts';
import type { Settled, Settlement } from './settlement.ts';
import type { ObtainSchema } from './waiting.ts';

/** What the pipeline asks of where messages come from. */
export interface Source extends Settled {
  pause(): void;
  resume(): void;
  /** Whether it can probably send no more before something is acknowledged. */
  readonly starved: boolean;
}

export interface PipelineOptions {
  readonly rules: readonly BoundRule[];
  readonly settlement: Settlement;
  /** What the settlement was made with: see `slotBitsFor`. */
  readonly slotBits: number;
  /** The Subscription Identifier under which messages of a rule's filter come; 0, as without it, if they come under none. */
  readonly ownerOf?: (filter: string) => number;
  /** Where permanent failures go; without it they are dropped and counted. */
  readonly deadLetterTopic: string | undefined;
  readonly source: Source;
  /** Told of each permanent failure. */
  readonly failed: (rule: string, error: MkbError) => void;
  /** Called once for each sink with what is probably wrong with it, though its records can be written. */
  readonly noticed?: (rule: string, warning: MkbError) => void;
  /** Told of each failure that is retried. */
  readonly problem: (error: MkbError) => void;
  /** Told when a connection to Kafka came or went. */
  readonly linkChanged?: () => void;
  /** Told when a group of messages was settled. */
  readonly settled: () => void;
  readonly obtainSchema?: ObtainSchema;
  /** Tells when windows end. */
  readonly clock?: Clock;
}
