/**
 * A rule, compiled: SQL text to a function of a message.
 *
 * The hot path decides the shape. A rule whose row is the message itself (`SELECT payload`, `SELECT *`) builds no row: it returns one
 * shared constant, and templates read the message. Evaluating allocates nothing else either: one scope per rule is pointed at each
 * message in turn.
 *
 * SELECT comes before WHERE, as in EMQX: an expression that fails fails the rule even where WHERE would have said no. When nothing
 * selected can fail (paths and constants, with the payload decoded), the order makes no difference but in cost, and WHERE goes first.
 */
import { randomUUID } from 'node:crypto';
import type { AnyMessage } from './columns.ts';
import { type Condition, ExpressionCompiler } from './compile-expression.ts';
import type { KafkaRecord, Message } from './message.ts';
import { Names } from './names.ts';
import { parseRule } from './parser.ts';
import type { Ambient, Scope } from './scope.ts';
import { compileSelect, type SelectList } from './select.ts';
import { captureNamesOf, parseSource, type RuleSource } from './sources.ts';
import type { Statement } from './syntax.ts';
import { newMap, type ValueMap } from './value.ts';

/** What a rule selected: values by name. What is undefined is left out. */
export type Row = ValueMap;

/** Captured topic levels, in the order of the rule's `captureNames`. */
export type Captures = readonly (string | undefined)[];

export interface Rule {
  readonly sql: string;
  /** What FROM names, in its order. */
  readonly sources: readonly RuleSource[];
  /** Names that FROM captures; `evaluate` takes their values in this order (see `captureTopic`). */
  readonly captureNames: readonly string[];
  /** Whether the rule looks inside the payload, and so needs JSON. */
  readonly readsPayload: boolean;
  /** The row is the message itself: only columns and captures under their own names, or `*`. `evaluate` gives no values then. */
  readonly plain: boolean;
  /** The row's names at its top level, in order, `*` spelled out. */
  readonly columns: readonly string[];
  /**
   * The selected row, or undefined when WHERE says no. A plain rule gives a shared empty row: read the message, or use `row`.
   * Throws `rule-failed`, `payload-not-json`.
   */
  evaluate(message: Message | KafkaRecord, captures: Captures): Row | undefined;
  /** As `evaluate`, but the row has its values even if the rule is plain: for showing it, or sending it whole. */
  row(message: Message | KafkaRecord, captures: Captures): Row | undefined;
}

const systemAmbient: Ambient = {
  now: Date.now,
  uuid: randomUUID,
  zoneOffset: time => -new Date(time).getTimezoneOffset(),
};

const plainRow: Row = Object.freeze(newMap());

/**
 * Compiles a rule. Throws `rule-syntax`, `rule-unknown-name`, `rule-arguments`, `rule-source-invalid` or `rule-unsupported`; each
 * carries its place in the SQL (see `placeOf`, `renderCaret`).
 *
 * @param ambient clock, randomness and time zone, for tests to hold
 */
export const compileRule = (sql: string, ambient: Partial<Ambient> = {}): Rule => {
  const statement = parseRule(sql);
  const sources = statement.from.map(item => parseSource(sql, item));
  const captureNames = captureNamesOf(sources);
  const names = new Names(sources, captureNames);
  const compiler = new ExpressionCompiler(sql, names);
  const select = compileSelect(sql, statement.selected, names, compiler);
  const where = compileWhere(statement, compiler);
  const run = new Run(select, where, { ...systemAmbient, ...ambient });
  const runRow = (message: Message | KafkaRecord, captures: Captures): Row | undefined => run.row(message, captures);
  return {
    sql,
    sources,
    captureNames,
    readsPayload: compiler.readsPayload,
    plain: select.plain,
    columns: select.columns,
    evaluate: select.plain ? plainEvaluate(run, where) : runRow,
    row: runRow,
  };
};

interface Where {
  readonly holds: Condition;
  readonly readsAliases: boolean;
}

const compileWhere = ({ where }: Statement, compiler: ExpressionCompiler): Where | undefined => {
  if (where === undefined) return undefined;
  compiler.inWhere = true;
  compiler.readsAliases = false;
  const holds = compiler.condition(where);
  return { holds, readsAliases: compiler.readsAliases };
};

const plainEvaluate = (run: Run, where: Where | undefined): Rule['evaluate'] => {
  if (where === undefined) return () => plainRow;
  return (message, captures) => (run.holds(message, captures) ? plainRow : undefined);
};

/** Evaluates one rule; the scope is its only state, and means something only during a call. */
class Run {
  readonly #select: SelectList;
  readonly #where: Condition | undefined;
  readonly #whereFirst: boolean;
  readonly #scope: Scope;

  constructor(select: SelectList, where: Where | undefined, ambient: Ambient) {
    this.#select = select;
    this.#where = where?.holds;
    this.#whereFirst = select.plain || (select.total && where !== undefined && !where.readsAliases);
    this.#scope = { ...ambient, message: undefined as unknown as AnyMessage, captures: [], aliases: plainRow };
  }

  holds(message: Message | KafkaRecord, captures: Captures): boolean {
    const scope = this.#scope;
    scope.message = message as AnyMessage;
    scope.captures = captures;
    scope.aliases = plainRow;
    return this.#where === undefined || this.#where(scope);
  }

  row(message: Message | KafkaRecord, captures: Captures): Row | undefined {
    const scope = this.#scope;
    if (this.#whereFirst && this.#select.readsPayload) decodeFirst(message as AnyMessage);
    if (this.#whereFirst && !this.holds(message, captures)) return undefined;
    const row = newMap();
    scope.message = message as AnyMessage;
    scope.captures = captures;
    scope.aliases = this.#select.separateAliases ? newMap() : row;
    for (const add of this.#select.items) add(scope, row);
    return this.#whereFirst || this.#where === undefined || this.#where(scope) ? row : undefined;
  }
}

/** Fails as SELECT would when the payload is not JSON; what is decoded is kept by the message. */
const decodeFirst = (message: AnyMessage): void => {
  if (message.payload !== undefined) message.json();
};
