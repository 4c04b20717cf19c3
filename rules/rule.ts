/** A compiled rule, as the rest of the kit sees it. `compileRule` makes it. */
import type { KafkaRecord, Message } from './message.ts';
import type { ValueMap } from './value.ts';

/** A capture: the name it gives, and the level it stands at, from 0. */
export interface Capture {
  readonly name: string;
  readonly level: number;
}

export interface MqttSource {
  readonly kind: 'mqtt';
  /** A valid MQTT topic filter; captures are turned to `+`. */
  readonly filter: string;
  readonly captures: readonly Capture[];
}

export interface KafkaSource {
  readonly kind: 'kafka';
  readonly topic: string;
}

/** One name of FROM. */
export type RuleSource = MqttSource | KafkaSource;

/** What a rule selected: values by name. What is undefined is left out. */
export type Row = ValueMap;

/** Captured topic levels, in the order of the rule's `captureNames`; undefined for those that another source of the rule captures. */
export type Captures = readonly (string | undefined)[];

export interface Rule {
  readonly sql: string;
  /** What FROM names, in its order. */
  readonly sources: readonly RuleSource[];
  /** Names that FROM captures; `evaluate` takes their values in this order (see `captureTopic`). */
  readonly captureNames: readonly string[];
  /** Whether the rule looks inside the payload, and so needs JSON. */
  readonly readsPayload: boolean;
  /** The row is the message itself: only columns and captures under their own names, or `*`. */
  readonly plain: boolean;
  /** The payload, as it came, is all that the rule selects. */
  readonly passesPayload: boolean;
  /** The row's names at its top level, in order, `*` spelled out. */
  readonly columns: readonly string[];
  /**
   * The selected row, or undefined when WHERE says no. A plain rule gives a shared empty row and allocates nothing: its values are the
   * message's own. Throws `rule-failed`, `payload-not-json`.
   */
  evaluate(message: Message | KafkaRecord, captures: Captures): Row | undefined;
  /** The row with its values, even of a plain rule, whatever WHERE says: for showing a row, or sending it whole. */
  row(message: Message | KafkaRecord, captures: Captures): Row;
}
