/** What an expression sees while a rule is evaluated. One object per rule, pointed at each message in turn: nothing is allocated. */
import type { AnyMessage } from './columns.ts';
import type { Memory } from './memory.ts';
import type { Value, ValueMap } from './value.ts';

/** Sources of what a message does not carry, so that tests can hold them. */
export interface Ambient {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A random UUID (version 4). */
  readonly uuid: () => string;
  /** Minutes that local time is ahead of UTC at a time (milliseconds since 1970). */
  readonly zoneOffset: (time: number) => number;
  /** A number from 0 (included) to 1 (excluded), uniformly distributed. */
  readonly random: () => number;
  /** The value of an environment variable; undefined when it is not set. */
  readonly environment: (name: string) => string | undefined;
  /** What rules remember between messages. */
  readonly memory: Memory;
}

export interface Scope extends Ambient {
  message: AnyMessage;
  /** What FROM captures, by name. */
  readonly captureNames: readonly string[];
  /** By the rule's `captureNames`. */
  captures: readonly (string | undefined)[];
  /**
   * Aliases as later expressions see them. Not the row that is sent: after `1 AS payload.x` the row's payload is {x: 1} alone, while
   * later expressions see the whole payload with its x replaced.
   */
  aliases: ValueMap;
}

/** A compiled expression. Throws MkbError `rule-failed` or `payload-not-json`. */
export type Evaluate = (scope: Scope) => Value;
