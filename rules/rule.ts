/** A compiled rule, as the rest of the kit sees it. `compileRule` makes it. */
import type { Doubt } from './doubts.ts';
import type { Memory } from './memory.ts';
import type { Names } from './names.ts';
import type { Captures, Input, Row } from './row.ts';
import type { RowCursor } from './row-cursor.ts';
import type { RuleSource } from './rule-source.ts';
import type { ClosedWindow } from './windows/closed-window.ts';
import type { Windows } from './windows/windows.ts';

export type { Captures, Input, Row } from './row.ts';
export type { Capture, EventSource, KafkaSource, MqttSource, RuleSource } from './rule-source.ts';

/** What a row is made of. */
export type Origin = Input | ClosedWindow;

export interface Rule {
  readonly sql: string;
  /** What FROM names, in its order. */
  readonly sources: readonly RuleSource[];
  /** Names that FROM captures; `rows` takes their values in this order (see `captureTopic`). */
  readonly captureNames: readonly string[];
  /** Whether a message may make any number of rows, and not one at most: FOREACH. */
  readonly foreach: boolean;
  /** Whether the rule looks inside the payload, and so needs JSON. */
  readonly readsPayload: boolean;
  /** What of the message it reads: names, with the keys that lead into them (`payload.speed`); `*` for all columns. */
  readonly reads: readonly string[];
  /** The row is the message itself: only columns and captures under their own names, or `*`. */
  readonly plain: boolean;
  /** The payload, as it came, is all that the rule selects. */
  readonly passesPayload: boolean;
  /** The row's names at its top level, in order, `*` spelled out. */
  readonly columns: readonly string[];
  /** Of those, the ones that an alias gives, or FOREACH: what they do not have, the message's own column does not stand in for. */
  readonly given: ReadonlySet<string>;
  /** What is valid in it, and hardly ever meant. */
  readonly doubts: readonly Doubt[];
  /** What templates find beside the row: the message's own, or what a window has. */
  readonly names: Names;
  /** Of a rule with GROUP BY, what counts its messages and makes its rows. */
  readonly windows: Windows | undefined;
  /** What each CHANGED and DEDUP remembers, and the call as it is written. */
  readonly memories: readonly { readonly call: string; readonly memory: Memory }[];
  /**
   * The rows that are made of a message: of SELECT one, or none when WHERE says no; of FOREACH any number; of a rule with `windows` none,
   * for the message is only counted. The list is valid until the next call. A plain rule gives a shared empty row and allocates nothing: its values are the message's own (see `whole`).
   *
   * Throws `rule-failed`, `payload-not-json`, `rule-state-full`; then no row was made.
   */
  rows(message: Input, captures: Captures): readonly Row[];
  /**
   * The same rows one at a time, for a message that may make many or has to wait. The message must keep what it is until the last one.
   * Throws only from `next`.
   */
  cursor(message: Input, captures: Captures): RowCursor;
  /** Tables of the document that it looks values up in, by their names. */
  readonly tables: readonly string[];
  /** Whether it calls jq, which a bridge has ready before the first message. */
  readonly callsJq: boolean;
  /** Takes back what the rule remembers of the message that it was tried for last, because it will be tried for it again. */
  undo(): void;
  /** The message that it would have been tried for again is gone. */
  forget(): void;
  /** A row of `rows` with its values, even of a plain rule: for showing a row, or sending it whole. */
  whole(message: Origin, captures: Captures, row: Row): Row;
}
