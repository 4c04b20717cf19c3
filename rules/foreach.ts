/**
 * FOREACH: one message, a row for each element of a list.
 *
 *     FOREACH payload.sensors AS s DO clientid, s.name AS name INCASE s.value > 0 FROM "cars/{clientid}"
 *
 * Every value before the last is an alias; the last is the list. Then comes WHERE, which sees the aliases and the list as a whole; then,
 * for each element, INCASE and DO, which see the element under the list's alias, or as `item`. INCASE does not see what DO makes. What
 * is no list gives no rows and is no error. All of this is EMQX's. All rows are made before any is returned, so an element that fails
 * fails the message as a whole.
 */
import type { Condition, ExpressionCompiler } from './compile-expression.ts';
import { put } from './paths.ts';
import type { Row } from './rule.ts';
import type { Scope } from './scope.ts';
import { compileSelect, isOwnPath, ownName, putAlias, type SelectList } from './select.ts';
import type { AliasPath, Expression, Foreach, SelectedValue, Statement } from './syntax.ts';
import { copyMap, isList, newMap, type Value } from './value.ts';

export interface ForeachRows {
  /** The names of each row at its top level. */
  readonly columns: readonly string[];
  /** The rows of the message that `scope` is pointed at. */
  rows(scope: Scope): Row[];
}

/** A statement that begins with FOREACH. */
export type ForeachStatement = Statement & { readonly foreach: Foreach };

/** Compiles what stands before FROM. `compileWhere` is called when the aliases that WHERE sees are known. */
export const compileForeach = (
  { foreach: { fields, incase }, selected }: ForeachStatement,
  compiler: ExpressionCompiler,
  compileWhere: () => Condition | undefined,
): ForeachRows => {
  const last = fields.at(-1)!;
  const collects = fields.map(field => compileField(field, field === last, compiler));
  const where = compileWhere();
  const element = last.alias ?? defaultElement;
  compiler.aliases.add(element[0]);
  compiler.partialAliases.delete(element[0]);
  const accepts = incase === undefined ? undefined : compiler.condition(incase);
  const select = compileSelect(selected, compiler, true);
  return {
    columns: select.columns,
    rows: scope => {
      scope.aliases = newMap();
      let list: Value;
      for (const collect of collects) list = collect(scope);
      if (where !== undefined && !where(scope)) return [];
      return isList(list) ? rowsOf(list, scope, { element, accepts, select }) : [];
    },
  };
};

const defaultElement: AliasPath = ['item'];

interface PerElement {
  readonly element: AliasPath;
  readonly accepts: Condition | undefined;
  readonly select: SelectList;
}

const rowsOf = (list: readonly Value[], scope: Scope, { element, accepts, select }: PerElement): Row[] => {
  const common = scope.aliases;
  const [name, ...rest] = element;
  const rows: Row[] = [];
  for (const value of list) {
    scope.aliases = copyMap(common);
    scope.aliases[name] = rest.length === 0 ? value : put(common[name], rest, value);
    if (accepts !== undefined && !accepts(scope)) continue;
    const row = newMap();
    for (const add of select.items) add(scope, row);
    rows.push(row);
  }
  return rows;
};

/** Works one value out, and puts it where later expressions find it. */
type Collect = (scope: Scope) => Value;

const compileField = ({ expression, alias }: SelectedValue, isList: boolean, compiler: ExpressionCompiler): Collect => {
  const evaluate = isList ? compiler.list(expression) : compiler.compile(expression);
  const path = alias ?? partTaken(expression, compiler);
  if (path === undefined) return evaluate;
  const own = alias === undefined ? undefined : compiler.names.reader(path[0]);
  compiler.aliases.add(path[0]);
  if (alias === undefined) compiler.partialAliases.add(path[0]);
  else compiler.partialAliases.delete(path[0]);
  return scope => {
    const value = evaluate(scope);
    if (value !== undefined) putAlias(scope, path, value, own);
    return value;
  };
};

/** Where a path without alias puts its value: into its own name, unless that is an alias or is taken as a whole. */
const partTaken = (expression: Expression, compiler: ExpressionCompiler): AliasPath | undefined => {
  if (!isOwnPath(expression)) return undefined;
  const path = ownName(compiler.sql, expression);
  const taken = compiler.aliases.has(path[0]) && !compiler.partialAliases.has(path[0]);
  return taken || path.length === 1 ? undefined : path;
};
