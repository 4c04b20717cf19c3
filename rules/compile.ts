/**
 * A rule, compiled: SQL text to a function of a message.
 *
 * The hot path decides the shape. A rule whose row is the message itself (`SELECT payload`, `SELECT *`) builds no row: it returns one
 * shared constant, and templates read the message. Evaluating allocates nothing else either: one scope per rule is pointed at each
 * message in turn, and a SELECT returns the same list of one row each time. FOREACH is in foreach.ts, GROUP BY in windows/.
 *
 * SELECT comes before WHERE, as in EMQX: an expression that fails fails the rule even where WHERE would have said no. When nothing
 * selected can fail (paths and constants, with the payload decoded), the order makes no difference but in cost, and WHERE goes first.
 */
import { systemAmbient } from './ambient.ts';
import type { AnyMessage } from './columns.ts';
import { type Condition, ExpressionCompiler, type ObserveCase } from './compile-expression.ts';
import { compileForeach, type ForeachStatement } from './foreach.ts';
import { Names } from './names.ts';
import { parseRule } from './parser.ts';
import type { Captures, Input, Row, Rule } from './rule.ts';
import { type Ambient, pointAt, type Scope } from './scope.ts';
import { compileSelect, type SelectList } from './select.ts';
import { captureNamesOf, parseSources } from './sources.ts';
import type { Statement } from './syntax.ts';
import { Undo } from './undo.ts';
import { newMap } from './value.ts';
import { compileWindows, type WindowContext, type WindowStatement } from './windows/compile-windows.ts';

/**
 * Compiles a rule. Throws `rule-syntax`, `rule-unknown-name`, `rule-arguments`, `rule-source-invalid` or `rule-unsupported`; each
 * carries its place in the SQL (see `placeOf`, `renderCaret`).
 *
 * @param ambient the document's schemas; clock, randomness and time zone, for tests to hold
 * @param observeCase is told of branches that are taken, for measuring what tests reach
 */
export const compileRule = (sql: string, ambient: Partial<Ambient> = {}, observeCase?: ObserveCase): Rule => {
  const statement = parseRule(sql);
  const sources = parseSources(sql, statement.from);
  const captureNames = captureNamesOf(sources);
  const names = new Names(sources, captureNames);
  const world = worldOf(ambient);
  const compiler = new ExpressionCompiler(sql, names, world, observeCase);
  const scope = newScope(world, captureNames);
  const compiled = compileStatement(statement, compiler, { sources, scope, world, observeCase });
  return {
    sql,
    sources,
    captureNames,
    foreach: statement.foreach !== undefined,
    readsPayload: compiler.readsPayload,
    reads: [...compiler.reads],
    memories: compiler.memories,
    windows: undefined,
    names,
    ...compiled,
    rows: undoable(compiled.rows, world.undo),
    undo: () => world.undo?.undo(),
  };
};

/** Only a rule that may ask a registry may have to be tried again. */
const worldOf = (given: Partial<Ambient>) => {
  const ambient = { ...systemAmbient, ...given };
  const undo = ambient.schemas.registries.length > 0 ? new Undo() : undefined;
  return { ...ambient, undo, memory: undo?.of(ambient.memory) ?? ambient.memory };
};

const undoable = (rows: Rule['rows'], undo: Undo | undefined): Rule['rows'] => {
  if (undo === undefined) return rows;
  return (message, captures) => {
    undo.begin();
    return rows(message, captures);
  };
};

/** What the kinds of rule differ in. */
type Compiled = Pick<Rule, 'plain' | 'passesPayload' | 'columns' | 'rows' | 'whole'> &
  Partial<Pick<Rule, 'windows' | 'names'>>;

const compileStatement = (statement: Statement, compiler: ExpressionCompiler, context: WindowContext): Compiled => {
  const { foreach, groupBy } = statement;
  if (groupBy !== undefined) return windowRule({ ...statement, groupBy }, compiler, context);
  if (foreach !== undefined) return foreachRule({ ...statement, foreach }, compiler, context.scope);
  return selectRule(statement, compiler, context.scope);
};

const windowRule = (statement: WindowStatement, compiler: ExpressionCompiler, context: WindowContext): Compiled => {
  const { windows, columns, names } = compileWindows(statement, compiler, context);
  return {
    plain: false,
    passesPayload: false,
    columns,
    rows: (message, captures) => {
      windows.count(message, captures);
      return noRows;
    },
    whole: rowItself,
    windows,
    names,
  };
};

const selectRule = (statement: Statement, compiler: ExpressionCompiler, scope: Scope): Compiled => {
  const select = compileSelect(statement.selected, compiler);
  const where = compileWhere(statement, compiler);
  const { plain, columns } = select;
  const run = new Run(select, where, scope);
  return {
    plain,
    passesPayload: plain && columns.length === 1 && compiler.names.isColumn('payload') && columns[0] === 'payload',
    columns,
    rows: plain ? plainRows(run, where) : (message, captures) => run.rows(message, captures),
    whole: plain ? (message, captures) => run.row(message as Input, captures) : rowItself,
  };
};

const foreachRule = (statement: ForeachStatement, compiler: ExpressionCompiler, scope: Scope): Compiled => {
  const where = () => compileWhere(statement, compiler)?.holds;
  const { columns, rows } = compileForeach(statement, compiler, where);
  return {
    plain: false,
    passesPayload: false,
    columns,
    rows: (message, captures) => rows(pointAt(scope, message as AnyMessage, captures)),
    whole: rowItself,
  };
};

const rowItself: Rule['whole'] = (_message, _captures, row) => row;

interface Where {
  readonly holds: Condition;
  readonly readsAliases: boolean;
}

const compileWhere = ({ where }: Statement, compiler: ExpressionCompiler): Where | undefined => {
  if (where === undefined) return undefined;
  compiler.inWhere = true;
  compiler.readsAliases = false;
  const holds = compiler.condition(where);
  compiler.inWhere = false;
  return { holds, readsAliases: compiler.readsAliases };
};

const plainRow: Row = Object.freeze(newMap());
const onePlainRow: readonly Row[] = Object.freeze([plainRow]);
const noRows: readonly Row[] = Object.freeze([]);

const plainRows = (run: Run, where: Where | undefined): Rule['rows'] => {
  if (where === undefined) return () => onePlainRow;
  return (message, captures) => (run.holds(message, captures) ? onePlainRow : noRows);
};

const newScope = (ambient: ReturnType<typeof worldOf>, captureNames: readonly string[]): Scope => ({
  ...ambient,
  captureNames,
  message: undefined as unknown as AnyMessage,
  captures: [],
  aliases: plainRow,
});

/** Evaluates one SELECT; the scope is its only state, and means something only during a call. */
class Run {
  readonly #select: SelectList;
  readonly #where: Condition | undefined;
  readonly #whereFirst: boolean;
  readonly #scope: Scope;
  /** What `rows` returns, with the row of the moment. */
  readonly #one: [Row] = [plainRow];

  constructor(select: SelectList, where: Where | undefined, scope: Scope) {
    this.#select = select;
    this.#where = where?.holds;
    this.#whereFirst = select.plain || (select.total && where !== undefined && !where.readsAliases);
    this.#scope = scope;
  }

  /** Whether WHERE says yes, when it reads no alias. */
  holds(message: Input, captures: Captures): boolean {
    const scope = pointAt(this.#scope, message as AnyMessage, captures);
    return this.#where === undefined || this.#where(scope);
  }

  row(message: Input, captures: Captures): Row {
    const row = newMap();
    const scope = pointAt(this.#scope, message as AnyMessage, captures);
    scope.aliases = this.#select.separateAliases ? newMap() : row;
    for (const add of this.#select.items) add(scope, row);
    return row;
  }

  rows(message: Input, captures: Captures): readonly Row[] {
    if (this.#whereFirst) {
      if (this.#select.readsPayload) decodeFirst(message as AnyMessage);
      return this.holds(message, captures) ? this.#single(this.row(message, captures)) : noRows;
    }
    const row = this.row(message, captures);
    return this.#where === undefined || this.#where(this.#scope) ? this.#single(row) : noRows;
  }

  #single(row: Row): readonly Row[] {
    this.#one[0] = row;
    return this.#one;
  }
}

/** Fails as SELECT would when the payload of a message is not JSON; what is decoded is kept by the message. */
const decodeFirst = (message: AnyMessage): void => {
  if (message.payload !== undefined && message.event === undefined) message.json();
};
