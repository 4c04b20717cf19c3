/**
 * Compiles the SELECT list: each item puts its value into the row under its alias, or under the name it has of itself.
 */
import type { ExpressionCompiler } from './compile-expression.ts';
import type { Names, ReadName } from './names.ts';
import { put } from './paths.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { AliasPath, Expression, PathExpression, Selected, Step } from './syntax.ts';
import { isText, type Value, type ValueMap } from './value.ts';

/** Adds one item's value to the row. */
export type AddToRow = (scope: Scope, row: ValueMap) => void;

export interface SelectList {
  readonly items: readonly AddToRow[];
  /** The row's names at its top level, in order, `*` spelled out. */
  readonly columns: readonly string[];
  /** Every item is a column (or capture) of the message under its own name. */
  readonly plain: boolean;
  /** Aliases as later expressions see them differ from the row, so they are kept apart from it. */
  readonly separateAliases: boolean;
  /** No item can fail, but by a payload that is not JSON. */
  readonly total: boolean;
  readonly readsPayload: boolean;
}

/**
 * Compiles the items in order; `compiler` learns each alias, so that later expressions see it.
 *
 * @param apart whether aliases are kept apart from the row in any case, because there are some already that the row does not have
 */
export const compileSelect = (
  selected: readonly Selected[],
  compiler: ExpressionCompiler,
  apart = false,
): SelectList => {
  const { sql, names } = compiler;
  const separateAliases = apart || selected.some(item => putsIntoColumn(item, names));
  const columns = new Set<string>();
  const items = selected.map(item => {
    if (item.kind === 'all') return addAll(columns, compiler);
    const path = item.alias ?? ownName(sql, item.expression);
    const evaluate = compiler.compile(item.expression);
    columns.add(path[0]);
    // A value under its own path changes nothing for later expressions: `payload.x` leaves payload what it is.
    if (item.alias === undefined && isOwnPath(item.expression)) return addValue(path, evaluate);
    compiler.aliases.add(path[0]);
    compiler.partialAliases.delete(path[0]);
    return separateAliases ? addToBoth(path, evaluate, names.reader(path[0])) : addValue(path, evaluate);
  });
  return {
    items,
    columns: [...columns],
    plain: selected.every(item => isPlain(item, names)),
    separateAliases,
    total: !compiler.aliases.has('payload') && selected.every(item => item.kind === 'all' || isTotal(item.expression)),
    readsPayload: compiler.readsPayload,
  };
};

/** `AS payload.x`: an alias within what the message has. */
const putsIntoColumn = (item: Selected, names: Names): boolean =>
  item.kind === 'value' && (item.alias?.length ?? 0) > 1 && names.reader(item.alias![0]) !== undefined;

const isPlain = (item: Selected, names: Names): boolean => {
  if (item.kind === 'all') return true;
  const { expression, alias } = item;
  if (expression.kind !== 'path' || expression.steps.length > 0 || names.reader(expression.name) === undefined)
    return false;
  return alias === undefined || (alias.length === 1 && alias[0] === expression.name);
};

const isTotal = (expression: Expression): boolean =>
  expression.kind === 'literal' || (expression.kind === 'path' && expression.steps.every(step => 'key' in step));

/** `*`: every name as later expressions see it at this point, aliases included. */
const addAll = (columns: Set<string>, { aliases, names, reads }: ExpressionCompiler): AddToRow => {
  reads.add('*');
  const all = [...new Set([...names.all(), ...aliases])];
  for (const name of all) columns.add(name);
  const readers = all.map(name => ({ name, isAlias: aliases.has(name), read: names.reader(name) }));
  return (scope, row) => {
    for (const { name, isAlias, read } of readers) {
      const alias = isAlias ? scope.aliases[name] : undefined;
      const value = alias === undefined ? read?.(scope.message, scope.captures) : alias;
      if (value !== undefined) row[name] = value;
    }
  };
};

const addValue = (path: AliasPath, evaluate: Evaluate): AddToRow => {
  const [name, ...rest] = path;
  return (scope, row) => {
    const value = evaluate(scope);
    if (value !== undefined) row[name] = rest.length === 0 ? value : put(row[name], rest, value);
  };
};

/** Puts a value where an alias says, in what later expressions see: over the message's own value, when there is one. */
export const putAlias = (scope: Scope, path: AliasPath, value: Value, own: ReadName | undefined): void => {
  const [name, ...rest] = path;
  const { aliases, message, captures } = scope;
  const seen = aliases[name];
  aliases[name] = put(seen === undefined ? own?.(message, captures) : seen, rest, value);
};

/** Puts the value into the row, and into what later expressions see: there the alias changes the message's own value. */
const addToBoth = (path: AliasPath, evaluate: Evaluate, own: ReadName | undefined): AddToRow => {
  const [name, ...rest] = path;
  return (scope, row) => {
    const value = evaluate(scope);
    if (value === undefined) return;
    row[name] = put(row[name], rest, value);
    putAlias(scope, path, value, own);
  };
};

/** The name an item has of itself: its path, a string's own text; any other expression is called by its text. */
export const ownName = (sql: string, expression: Expression): AliasPath => {
  if (expression.kind === 'path') return ownPath(expression);
  if (expression.kind === 'slice' && expression.base.kind === 'path') return ownPath(expression.base);
  if (expression.kind === 'literal' && isText(expression.value)) return [expression.value as string];
  return [sql.slice(expression.start, expression.end)];
};

export const isOwnPath = ({ kind }: Expression): boolean => kind === 'path' || kind === 'slice';

/** `payload.x[2]` puts its value under payload, x, position 2; in an empty row that is a list of one. */
const ownPath = ({ name, steps }: PathExpression): AliasPath => [name, ...steps.map(ownStep)];

const ownStep = (step: Step): string | number => ('key' in step ? step.key : constantPosition(step.index));

const constantPosition = (index: Expression): number => {
  if (index.kind === 'literal' && typeof index.value === 'number') return index.value;
  if (index.kind === 'unary' && index.operator === '-') return -constantPosition(index.operand);
  return 0;
};
