/**
 * A rule, compiled: SQL text to a function of a message.
 *
 * The hot path decides the shape. A rule whose row is the message itself (`SELECT payload`, `SELECT *`) builds no row: it returns one
 * shared constant, and templates read the message. Evaluating allocates nothing else either: one scope per rule is pointed at each
 * message in turn, and a SELECT returns the same list of one row each time. FOREACH is in foreach.ts, GROUP BY in windows/.
 *
 * WHERE comes first: where it says no, nothing else is worked out, and nothing can fail. An alias that WHERE reads is worked out for it, and
 * kept for the row (aliases.ts). EMQX works SELECT out first, and fails where an expression of it does.
 */
import { rememberAll } from './aliases.ts';
import { systemAmbient } from './ambient.ts';
import type { AnyMessage } from './columns.ts';
import { ExpressionCompiler } from './compile-expression.ts';
import type { Compiler, Condition, ObserveCase } from './compiler.ts';
import { withinLimits } from './cost-limits.ts';
import { doubtsOf } from './doubts.ts';
import { compileForeach, type ForeachStatement } from './foreach.ts';
import { awaitedJq } from './jq/awaited-jq.ts';
import { compileLets } from './lets.ts';
import { Names } from './names.ts';
import { parseRule } from './parser.ts';
import { oneRow, RowsAhead } from './row-cursor.ts';
import type { Row, Rule } from './rule.ts';
import { type Ambient, type Evaluate, pointAt, type Scope } from './scope.ts';
import { compileSelect } from './select.ts';
import { captureNamesOf, parseSources } from './sources.ts';
import type { Statement } from './syntax.ts';
import { Undo } from './undo.ts';
import { newMap } from './value.ts';
import { callsOf } from './walk.ts';
import { compileWindows, type WindowContext, type WindowStatement } from './windows/compile-windows.ts';

/**
 * Compiles a rule. Throws `rule-syntax`, `rule-unknown-name`, `rule-arguments`, `rule-source-invalid` or `rule-unsupported`; each
 * carries its place in the SQL (see `placeOf`, `renderCaret`).
 *
 * @param ambient the document's schemas; clock, randomness and time zone, for tests to hold
 * @param observeCase is called with branches that are taken, for measuring what tests reach
 */
export const compileRule = (sql: string, ambient: Partial<Ambient> = {}, observeCase?: ObserveCase): Rule => {
  const { statement, sources, captureNames, names, world, compiler, scope } = beginRule(sql, ambient, observeCase);
  const compiled = compileStatement(statement, compiler, { sources, scope, world, observeCase });
  const rows = undoable(compiled.rows, world.undo);
  return {
    sql,
    sources,
    captureNames,
    foreach: statement.foreach !== undefined,
    readsPayload: compiler.readsPayload,
    reads: [...compiler.reads],
    memories: compiler.memories,
    doubts: doubtsOf(statement, { sql, names, sources }),
    windows: undefined,
    names,
    ...compiled,
    rows,
    cursor: compiled.cursor ?? ((message, captures) => oneRow(() => rows(message, captures))),
    tables: tablesCalled(statement),
    callsJq: callsOf(statement, 'jq').length > 0,
    undo: () => world.undo?.undo(),
    forget: () => world.undo?.forget(),
  };
};

/** What a rule is compiled with. Throws as `compileRule`, for its syntax and sources. */
export const beginRule = (sql: string, ambient: Partial<Ambient>, observeCase?: ObserveCase) => {
  const statement = parseRule(sql);
  const sources = parseSources(sql, statement.from);
  const captureNames = captureNamesOf(sources);
  const names = new Names(sources, captureNames, ambient);
  const world = worldOf(ambient, statement);
  const compiler = new ExpressionCompiler(sql, names, world, observeCase);
  compileLets(statement, compiler);
  return { statement, sources, captureNames, names, world, compiler, scope: newScope(world, captureNames) };
};

/** Names of the tables that it looks values up in, each once. They are constants. */
const tablesCalled = (statement: Statement): readonly string[] => [
  ...new Set(
    callsOf(statement, 'lookup').flatMap(({ parameters: [table] }) =>
      table?.kind === 'literal' ? [String(table.value)] : [],
    ),
  ),
];

/** Only a rule that may have to wait may have to be tried again: for a registry, or for jq where that is awaited. */
const worldOf = (given: Partial<Ambient>, statement: Statement) => {
  const ambient = { ...systemAmbient, ...given };
  const { askJq } = ambient;
  const awaitsJq = askJq !== undefined && callsOf(statement, 'jq').length > 0;
  if (!awaitsJq && ambient.schemas.registries.length === 0) return { ...ambient, undo: undefined };
  const undo = new Undo();
  return {
    ...ambient,
    undo,
    memory: undo.of(ambient.memory),
    now: () => undo.repeat(ambient.now),
    uuid: () => undo.repeat(ambient.uuid),
    random: () => undo.repeat(ambient.random),
    jq: awaitsJq ? awaitedJq(askJq, undo) : ambient.jq,
  };
};

const undoable = (rows: Rule['rows'], undo: Undo | undefined): Rule['rows'] => {
  if (undo === undefined) return rows;
  return (message, captures) => {
    undo.begin();
    return rows(message, captures);
  };
};

/** What the kinds of rule differ in. */
type Compiled = Pick<Rule, 'plain' | 'passesPayload' | 'columns' | 'given' | 'rows' | 'whole'> &
  Partial<Pick<Rule, 'windows' | 'names' | 'cursor'>>;

const compileStatement = (statement: Statement, compiler: Compiler, context: WindowContext): Compiled => {
  const { foreach, groupBy } = statement;
  if (groupBy !== undefined) return windowRule({ ...statement, groupBy }, compiler, context);
  if (foreach !== undefined) return foreachRule({ ...statement, foreach }, compiler, context);
  return selectRule(statement, compiler, context.scope);
};

const windowRule = (statement: WindowStatement, compiler: Compiler, context: WindowContext): Compiled => {
  const { windows, columns, given, names } = compileWindows(statement, compiler, context);
  return {
    plain: false,
    passesPayload: false,
    columns,
    given,
    rows: (message, captures) => {
      windows.count(message, captures);
      return noRows;
    },
    whole: rowItself,
    windows,
    names,
  };
};

const selectRule = (statement: Statement, compiler: Compiler, scope: Scope): Compiled => {
  const select = compileSelect(statement.selected, compiler);
  const where = compileWhere(statement, compiler);
  const makeRow = select.rowMaker();
  const { plain, columns, given } = select;
  return {
    plain,
    passesPayload: plain && columns.length === 1 && compiler.names.isColumn('payload') && columns[0] === 'payload',
    columns,
    given,
    rows: plain ? plainRows(where, scope) : singleRows({ remembered: select.remembered, where, makeRow }, scope),
    whole: plain ? (message, captures) => makeRow(pointAt(scope, message as AnyMessage, captures)) : rowItself,
  };
};

const foreachRule = (statement: ForeachStatement, compiler: Compiler, { scope, world }: WindowContext): Compiled => {
  const { columns, given, rows } = compileForeach(statement, compiler, () => compileWhere(statement, compiler));
  const begin = () => world.undo?.begin();
  return {
    plain: false,
    passesPayload: false,
    columns,
    given,
    rows: (message, captures) => {
      const cursor = withinLimits(rows(scope, message as AnyMessage, captures), world.costs);
      const all: Row[] = [];
      for (let row = cursor.next(); row !== undefined; row = cursor.next()) if (row) all.push(row);
      return all;
    },
    cursor: (message, captures) =>
      new RowsAhead(withinLimits(rows(scope, message as AnyMessage, captures, begin), world.costs)),
    whole: rowItself,
  };
};

const rowItself: Rule['whole'] = (_message, _captures, row) => row;

const compileWhere = ({ where }: Statement, compiler: Compiler): Condition | undefined => {
  if (where === undefined) return undefined;
  compiler.inWhere = true;
  const holds = compiler.condition(where);
  compiler.inWhere = false;
  return holds;
};

const plainRow: Row = Object.freeze(newMap());
const onePlainRow: readonly Row[] = Object.freeze([plainRow]);
const noRows: readonly Row[] = Object.freeze([]);

const plainRows = (where: Condition | undefined, scope: Scope): Rule['rows'] => {
  if (where === undefined) return () => onePlainRow;
  return (message, captures) => (where(pointAt(scope, message as AnyMessage, captures)) ? onePlainRow : noRows);
};

interface Single {
  readonly remembered: readonly Evaluate[];
  readonly where: Condition | undefined;
  readonly makeRow: (scope: Scope) => Row;
}

/** What is returned is valid until the next call: the same list each time. */
const singleRows = ({ remembered, where, makeRow }: Single, scope: Scope): Rule['rows'] => {
  const one: [Row] = [plainRow];
  const remember = where !== undefined && remembered.length > 0;
  return (message, captures) => {
    pointAt(scope, message as AnyMessage, captures);
    if (remember) rememberAll(remembered, scope);
    if (where !== undefined && !where(scope)) return noRows;
    one[0] = makeRow(scope);
    return one;
  };
};

const newScope = (ambient: ReturnType<typeof worldOf>, captureNames: readonly string[]): Scope => ({
  ...ambient,
  captureNames,
  message: undefined as unknown as AnyMessage,
  captures: [],
  turn: 0,
  elementTurn: 0,
  element: undefined,
});
