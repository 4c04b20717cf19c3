/** What hands messages over and hears that they are safe. A file a kind in ../sources. */
import type { MkbError } from '../../api/errors.ts';
import type { Captures, Input, Origin, Row } from '../../rules/rule.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import type { Account } from './account.ts';
import type { BoundRule } from './bound-rule.ts';
import type { Remains } from './letters.ts';
import type { Outcome } from './outcome.ts';
import type { Remembered, Settled, Settlement } from './settlement.ts';

export interface Source extends Settled {
  /** What metrics and logs call it. */
  readonly name: 'mqtt' | 'kafka' | 'windows' | 'events';
  /** Whether it can probably send no more before something is acknowledged: to wait for more would be to wait for nothing. */
  readonly starved: boolean;
  /** Hands nothing over from now on, until `resume`. */
  pause(): void;
  resume(): void;
  /** The same message as an object that stays what it is: itself, where the source does not use it again for the next one. */
  copy(message: Input): Input;
  /** Memory that such an object holds, and nobody else counts, bytes. */
  bytesOf(copy: Origin): number;
  /** Notes of every message what a dead letter of it has to say. Costs no object where messages are many. */
  remember(message: Origin, slot: number, settlement: Settlement<Source>): void;
  /** Keeps the message's bytes for a dead letter, where no record holds the same. */
  keep(message: Origin, slot: number, settlement: Settlement<Source>): void;
  /**
   * What is left of a message that failed.
   *
   * @param rule which failed, if it was one
   * @param record what a Kafka sink could not deliver; its bytes are valid during the call
   */
  remains(remembered: Remembered, rule: BoundRule | undefined, record: ProducerRecord | undefined): Remains;
  /** Of a source that keeps what comes: begins to, before the sinks can be used. Waits and throws as `start`, which is called next. */
  open?(intake: Intake): Promise<void>;
  /** Begins to hand over, and returns when it can. Waits for what may pass; throws what no waiting changes. */
  start(intake: Intake): Promise<void>;
  /** Why nothing can come from it now; empty when it can. */
  missing(): readonly string[];
  /** Hands over what it must before an end, and then nothing more. What is in flight has `settleMs` to settle. */
  stop(settleMs: number): void;
  /** Acknowledges what was settled, and ends its connections in good order, at the latest after `limitMs`; 0 is at once. */
  close(limitMs: number): Promise<void>;
}

/** What a source and its intake show of themselves. */
export interface SourceFigures {
  readonly name: Source['name'];
  readonly account: Account;
  /** For how long the source was paused, in all: there was no room, or a rule waited for an answer. */
  readonly pausedSeconds: number;
  /** For how long the oldest message in flight has been there; 0 while none is. */
  readonly oldestSeconds: number;
  /** What that message waits for, in a sentence, if it has been there for long. */
  readonly standstill: string | undefined;
}

/** A rule that a message goes through, with what FROM captures of its topic. */
export interface Route {
  readonly rule: BoundRule;
  readonly captures: Captures;
}

/** The pipeline as a source sees it. */
export interface Intake {
  /** Takes one message, which need be valid only during the call. `arrival` is the source's number of it, which `settle` gets. */
  message(message: Input, arrival: number, routes: readonly Route[]): void;
  /** Counts a message that no rule is to get. */
  drop(message: Input, arrival: number, outcome: Outcome): void;
  /** Takes a message that cannot go through its rules: it fails for each of them. */
  refuse(message: Input, arrival: number, routes: readonly Route[], error: MkbError): void;
  /** Takes a row that is made already: of a window. */
  row(rule: BoundRule, origin: Origin, row: Row): void;
  /** Takes what a rule could not make a row of. */
  failure(rule: BoundRule, origin: Origin, error: MkbError): void;
  /** All messages of one read have been handed over. */
  readEnd(): void;
  /** Another member of the group works on the messages that `isGone` names. */
  withdrawn(isGone: (arrival: number) => boolean): void;
  /** Whether one of its messages waits: nothing may be handed over before that has gone on. */
  readonly waiting: boolean;
  /** Whether the next message may be handed over. If not, the source is paused, and resumed when it may. */
  hasRoom(): boolean;
}
