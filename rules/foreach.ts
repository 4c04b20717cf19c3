/**
 * FOREACH: one message, a row for each element of a list.
 *
 *     FOREACH payload.sensors AS s DO clientid, s.name AS name INCASE s.value > 0 FROM "cars/{clientid}"
 *
 * Every value before the last is an alias; the last is the list. WHERE comes first, and sees the aliases and the list as a whole; then,
 * for each element, INCASE and DO, which see the element under the list's alias, or as `item`. INCASE does not see what DO makes. What
 * is no list gives no rows and is no error. Rows are made one at a time (row-cursor.ts); the rule may have to wait between two of them, and is
 * handed no other message before the last.
 */
import { Alias, Definition, once, rememberAll } from './aliases.ts';
import type { AnyMessage } from './columns.ts';
import type { Compiler, Condition } from './compiler.ts';
import { put } from './paths.ts';
import type { Captures, Row } from './row.ts';
import type { RowCursor } from './row-cursor.ts';
import { type Evaluate, pointAt, pointAtElement, type Scope } from './scope.ts';
import { compileSelect, isOwnPath, ownName, remembers } from './select.ts';
import type { AliasPath, Expression, Foreach, SelectedValue, Statement } from './syntax.ts';
import { isList, type Value } from './value.ts';

export interface ForeachRows {
  /** The names of each row at its top level. */
  readonly columns: readonly string[];
  /** As `Rule.given`. */
  readonly given: ReadonlySet<string>;
  /** The rows of a message. @param begin is called before the list, and each element, is tried */
  rows(scope: Scope, message: AnyMessage, captures: Captures, begin?: () => void): RowCursor;
}

/** A statement that begins with FOREACH. */
export type ForeachStatement = Statement & { readonly foreach: Foreach };

/** Compiles what stands before FROM. `compileWhere` is called when the aliases that WHERE sees are known. */
export const compileForeach = (
  { foreach: { fields, incase }, selected }: ForeachStatement,
  compiler: Compiler,
  compileWhere: () => Condition | undefined,
): ForeachRows => {
  const last = fields.at(-1)!;
  const values = fields.map(field => compileField(field, field === last, compiler));
  const remembered = values.filter((_, at) => remembers(fields[at]!.expression));
  const where = compileWhere();
  const listOf = values.at(-1)!;
  addElement(last.alias ?? defaultElement, compiler);
  const accepts = incase === undefined ? undefined : compiler.condition(incase);
  const given = new Set(compiler.aliases.keys());
  compiler.outer = new Map(compiler.aliases);
  compiler.aliases.clear();
  const select = compileSelect(selected, compiler);
  const makeRow = select.rowMaker();
  return {
    columns: select.columns,
    given: new Set([...select.given, ...select.columns.filter(name => given.has(name))]),
    rows: (scope, message, captures, begin = () => {}) => {
      const list = (): readonly Value[] => {
        begin();
        pointAt(scope, message, captures);
        if (where !== undefined) {
          rememberAll(remembered, scope);
          if (!where(scope)) return nothing;
        }
        for (const value of values) value(scope);
        const found = listOf(scope);
        return isList(found) ? found : nothing;
      };
      const rowOf = (element: Value): Row | undefined => {
        begin();
        // Another message may have been tried meanwhile.
        if (scope.message !== message) pointAt(scope, message, captures);
        pointAtElement(scope, element);
        return accepts === undefined || accepts(scope) ? makeRow(scope) : undefined;
      };
      return elementRows(list, rowOf);
    },
  };
};

/** @param list and @param rowOf are called again after they have thrown */
const elementRows = (list: () => readonly Value[], rowOf: (element: Value) => Row | undefined): RowCursor => {
  let elements: readonly Value[] | undefined;
  let at = 0;
  return {
    next: () => {
      elements ??= list();
      if (at >= elements.length) return undefined;
      const row = rowOf(elements[at]);
      at++;
      return row ?? null;
    },
  };
};

const defaultElement: AliasPath = ['item'];
const nothing: readonly Value[] = [];

/** From here on, the element stands where the list was. */
const addElement = (path: AliasPath, compiler: Compiler): void => {
  const [name, ...rest] = path;
  const before = compiler.aliases.get(name)?.value;
  const element: Evaluate = scope => scope.element;
  const value = rest.length === 0 ? element : once(scope => put(before?.(scope), rest, scope.element), 'element');
  compiler.aliases.set(name, new Alias(() => value));
  compiler.level = 'element';
};

/** A value before DO, which is worked out once for each message. */
const compileField = ({ expression, alias }: SelectedValue, isList: boolean, compiler: Compiler): Evaluate => {
  const evaluate = isList ? compiler.list(expression) : compiler.compile(expression);
  const path = alias ?? partTaken(expression, compiler);
  const definition = new Definition(path ?? defaultElement, evaluate, 'message');
  if (path !== undefined) {
    const earlier = compiler.aliases.get(path[0]);
    const options = { before: () => earlier?.value, partial: alias === undefined };
    compiler.aliases.set(path[0], Alias.of(definition, 'message', options));
  }
  return definition.shared;
};

/** Where a path without alias puts its value: into its own name, unless that is an alias or is taken as a whole. */
const partTaken = (expression: Expression, { sql, aliases }: Compiler): AliasPath | undefined => {
  if (!isOwnPath(expression)) return undefined;
  const path = ownName(sql, expression);
  return path.length === 1 || aliases.get(path[0])?.partial === false ? undefined : path;
};
