/** What an expression sees while a rule is evaluated. One object per rule, pointed at each message in turn: nothing is allocated. */
import type { AnyMessage } from './columns.ts';
import type { CostLimits } from './cost-limits.ts';
import type { AskJq, RunJq } from './jq/protocol.ts';
import type { Schemas } from './schemas/schemas.ts';
import type { StateLimits } from './state-limits.ts';
import type { Tables } from './tables/tables.ts';
import type { Remembering, Undo } from './undo.ts';
import type { Value } from './value.ts';

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
  readonly memory: Remembering;
  /** The schemas of the document. */
  readonly schemas: Schemas;
  /** The lookup tables of the document. */
  readonly tables: Tables;
  /** Whether messages say who published them, as examples made by hand do. Behind a broker they never do. */
  readonly knowsPublisher?: boolean;
  /** What the rule and its document are called. */
  readonly ruleName?: string | undefined;
  readonly bridgeName?: string | undefined;
  /** How much windows, CHANGED and DEDUP of a rule may remember. */
  readonly limits: StateLimits;
  /** What one message may cost. */
  readonly costs: CostLimits;
  /** Runs a jq program, and waits for it in place. Throws Refusal. */
  readonly jq: RunJq;
  /** As `jq`, for whoever must not wait in place: then a rule that calls it throws `Pending`. */
  readonly askJq?: AskJq | undefined;
}

export interface Scope extends Ambient {
  /** Of a rule that may have to be tried for a message again. */
  readonly undo: Undo | undefined;
  message: AnyMessage;
  /** What FROM captures, by name. */
  readonly captureNames: readonly string[];
  /** By the rule's `captureNames`. */
  captures: readonly (string | undefined)[];
  /** Which message it is, and which of its elements; never the same number twice (see aliases.ts). */
  turn: number;
  elementTurn: number;
  /** The element of FOREACH. */
  element: Value;
}

/** The scope, pointed at a message. */
export const pointAt = (scope: Scope, message: AnyMessage, captures: Scope['captures']): Scope => {
  scope.message = message;
  scope.captures = captures;
  scope.turn += 1;
  return scope;
};

/** The scope, pointed at an element of the message that it is pointed at. */
export const pointAtElement = (scope: Scope, element: Value): void => {
  scope.element = element;
  scope.elementTurn += 1;
};

/** When the bridge got the message, milliseconds since 1970. A Kafka record has only its producer's time, which is no time of ours. */
export const arrivalOf = ({ message, now }: Scope): number => message.timestamp ?? now();

/** A compiled expression. Throws MkbError `rule-failed` or `payload-not-json`. */
export type Evaluate = (scope: Scope) => Value;
