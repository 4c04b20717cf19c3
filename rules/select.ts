/**
 * Compiles the SELECT list: each item puts its value into the row under its alias, or under the name it has of itself.
 */
import { Alias, Definition } from './aliases.ts';
import type { Compiler } from './compiler.ts';
import { findFunction } from './functions/registry.ts';
import type { Names } from './names.ts';
import { put } from './paths.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { AliasPath, Call, Expression, PathExpression, Selected, Step } from './syntax.ts';
import { isText, newMap, type ValueMap } from './value.ts';
import { within } from './walk.ts';

export interface SelectList {
  /** The row's names at its top level, in order, `*` spelled out. */
  readonly columns: readonly string[];
  /** Names that are wholly what the list gives them, so that nothing of the message stands behind them. */
  readonly given: ReadonlySet<string>;
  /** Every item is a column (or capture) of the message under its own name. */
  readonly plain: boolean;
  /** The items that remember something, in their order (see `rememberAll`). */
  readonly remembered: readonly Evaluate[];
  /** Makes the function that makes a row. Call it when everything that reads aliases is compiled. */
  rowMaker(): (scope: Scope) => ValueMap;
}

/** Adds one item's value to the row. */
type AddToRow = (scope: Scope, row: ValueMap) => void;

/** Compiles the items in order; `compiler` learns each alias, so that what comes later sees it. */
export const compileSelect = (selected: readonly Selected[], compiler: Compiler): SelectList => {
  const { names } = compiler;
  const columns = new Set<string>();
  const given = new Set<string>();
  const remembered: Evaluate[] = [];
  const items = selected.map(item => {
    if (item.kind === 'all') return addAll(columns, compiler);
    const { expression, alias } = item;
    const path = alias ?? ownName(compiler.sql, expression);
    const definition = new Definition(path, compiler.compile(expression), compiler.level);
    if (remembers(expression)) remembered.push(definition.shared);
    // What has no value takes away what an earlier item put there.
    const again = columns.has(path[0]);
    // A value under its own path changes nothing for later expressions: `payload.x` leaves payload what it is.
    if (alias !== undefined || !isOwnPath(expression)) addAlias(definition, again, compiler);
    if (alias?.length === 1) given.add(path[0]);
    columns.add(path[0]);
    return () => addValue(definition, again);
  });
  return {
    columns: [...columns],
    given,
    remembered,
    plain: selected.every(item => isPlain(item, names)),
    rowMaker: () => {
      const add = items.map(item => item());
      return scope => {
        const row = newMap();
        for (const each of add) each(scope, row);
        return row;
      };
    },
  };
};

/** An item whose values may be kept for others: that is known when all is compiled. */
type PendingItem = () => AddToRow;

/** Whether it reads or changes what is remembered. */
export const remembers = (expression: Expression): boolean =>
  [...within(expression)].some(({ kind, ...call }) => kind === 'call' && findFunction((call as Call).name)?.remembers);

const addAlias = (definition: Definition, again: boolean, compiler: Compiler): void => {
  const { aliases, level } = compiler;
  const [name] = definition.path;
  const earlier = aliases.get(name);
  // Only `*` has put a name into the row that no alias is.
  const replaces = again && (earlier === undefined || earlier.replaces);
  const before = () => earlier?.value ?? (replaces ? standingFor(name, compiler) : undefined);
  aliases.set(name, Alias.of(definition, level, { before, replaces }));
};

/** What a name is without the aliases of this list. */
const standingFor = (name: string, { outer, names }: Compiler): Evaluate | undefined => {
  const column = names.reader(name);
  return outer.get(name)?.value ?? (column && (({ message, captures }) => column(message, captures)));
};

const isPlain = (item: Selected, names: Names): boolean => {
  if (item.kind === 'all') return true;
  const { expression, alias } = item;
  if (expression.kind !== 'path' || expression.steps.length > 0 || names.reader(expression.name) === undefined)
    return false;
  return alias === undefined || (alias.length === 1 && alias[0] === expression.name);
};

/** `*`: every name as later expressions see it at this point, aliases included. */
const addAll = (columns: Set<string>, compiler: Compiler): PendingItem => {
  const { aliases, outer, names, reads } = compiler;
  reads.add('*');
  const all = [...new Set([...names.inStar(), ...outer.keys(), ...aliases.keys()])];
  for (const name of all) columns.add(name);
  const readers = all.map(name => ({ name, alias: aliases.get(name)?.value, own: standingFor(name, compiler) }));
  return () => (scope, row) => {
    for (const { name, alias, own } of readers) {
      const value = alias?.(scope);
      const seen = value === undefined ? own?.(scope) : value;
      if (seen !== undefined) row[name] = seen;
    }
  };
};

const addValue = (definition: Definition, again: boolean): AddToRow => {
  const [name, ...rest] = definition.path;
  const evaluate = definition.own;
  if (rest.length > 0) {
    return (scope, row) => {
      const value = evaluate(scope);
      if (value !== undefined || again) row[name] = put(row[name], rest, value);
    };
  }
  return (scope, row) => {
    const value = evaluate(scope);
    if (value !== undefined || (again && row[name] !== undefined)) row[name] = value;
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
