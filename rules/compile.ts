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
import type { Captures, Row, Rule } from './rule.ts';
import type { Ambient, Scope } from './scope.ts';
import { compileSelect, type SelectList } from './select.ts';
import { captureNamesOf, parseSource } from './sources.ts';
import type { Statement } from './syntax.ts';
import { newMap } from './value.ts';

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
  return {
    sql,
    sources,
    captureNames,
    readsPayload: compiler.readsPayload,
    plain: select.plain,
    passesPayload:
      select.plain && select.columns.length === 1 && names.isColumn('payload') && select.columns[0] === 'payload',
    columns: select.columns,
    evaluate: select.plain ? plainEvaluate(run, where) : (message, captures) => run.evaluate(message, captures),
    row: (message, captures) => run.row(message, captures),
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

  /** Whether WHERE says yes, when it reads no alias. */
  holds(message: Message | KafkaRecord, captures: Captures): boolean {
    const scope = this.#pointAt(message, captures);
    return this.#where === undefined || this.#where(scope);
  }

  row(message: Message | KafkaRecord, captures: Captures): Row {
    const row = newMap();
    const scope = this.#pointAt(message, captures);
    scope.aliases = this.#select.separateAliases ? newMap() : row;
    for (const add of this.#select.items) add(scope, row);
    return row;
  }

  evaluate(message: Message | KafkaRecord, captures: Captures): Row | undefined {
    if (this.#whereFirst) {
      if (this.#select.readsPayload) decodeFirst(message as AnyMessage);
      return this.holds(message, captures) ? this.row(message, captures) : undefined;
    }
    const row = this.row(message, captures);
    return this.#where === undefined || this.#where(this.#scope) ? row : undefined;
  }

  #pointAt(message: Message | KafkaRecord, captures: Captures): Scope {
    const scope = this.#scope;
    scope.message = message as AnyMessage;
    scope.captures = captures;
    scope.aliases = plainRow;
    return scope;
  }
}

/** Fails as SELECT would when the payload is not JSON; what is decoded is kept by the message. */
const decodeFirst = (message: AnyMessage): void => {
  if (message.payload !== undefined) message.json();
};
