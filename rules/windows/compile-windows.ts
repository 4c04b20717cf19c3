/**
 * Compiles a rule with GROUP BY. It is evaluated in two places: WHERE, the keys and what stands inside aggregates for each message; SELECT and
 * HAVING once for each key of a window that is over, where aggregates and keys have their values and the messages are gone.
 */
import { MkbError } from '../../api/errors.ts';
import { ExpressionCompiler } from '../compile-expression.ts';
import { refuseOver } from '../compile-over.ts';
import type { Compiler, Condition, ObserveCase, World } from '../compiler.ts';
import { guard } from '../failures.ts';
import { findFunction } from '../functions/registry.ts';
import type { Names } from '../names.ts';
import { placeAt } from '../position.ts';
import type { RuleSource } from '../rule.ts';
import type { Evaluate, Scope } from '../scope.ts';
import { compileSelect } from '../select.ts';
import type { AliasPath, Call, Expression, GroupBy, PathExpression, Statement } from '../syntax.ts';
import { findAggregate } from './aggregates.ts';
import { bounded } from './bounded.ts';
import { WindowNames, windowColumns } from './closed-window.ts';
import { Group } from './group.ts';
import { sameExpression } from './same-expression.ts';
import { type WindowPlan, Windows } from './windows.ts';

/** A statement with GROUP BY. */
export type WindowStatement = Statement & { readonly groupBy: GroupBy };

export interface CompiledWindows {
  readonly windows: Windows;
  /** The row's names at its top level. */
  readonly columns: readonly string[];
  /** As `Rule.given`. */
  readonly given: ReadonlySet<string>;
  /** What templates find beside the row. */
  readonly names: Names;
}

export interface WindowContext {
  readonly sources: readonly RuleSource[];
  readonly scope: Scope;
  readonly world: World;
  readonly observeCase: ObserveCase | undefined;
}

/**
 * @param compiler compiles what is evaluated for each message
 *
 * Throws what a SELECT does, and `rule-window-invalid`, `rule-not-grouped`, `rule-aggregate-misplaced`.
 */
export const compileWindows = (
  statement: WindowStatement,
  compiler: Compiler,
  context: WindowContext,
): CompiledWindows => {
  const { selected, where, groupBy } = statement;
  const before: Condition | undefined = where === undefined ? undefined : compiler.condition(where);
  const keys = groupBy.keys.map(key => spelledOut(key, statement, compiler.names));
  const keyReaders = keys.map(key => compileKey(key, compiler, context));
  const keyPaths = keys.map(pathOf);
  const names = new WindowNames(
    context.sources,
    keyPaths.flatMap(path => path?.[0] ?? []),
    context.scope,
  );
  const after = new AfterWindow(compiler, keys, names, context);
  for (const item of selected) {
    if (item.kind === 'all') notGrouped(compiler.sql, item);
  }
  const select = compileSelect(selected, after.compiler);
  const having = groupBy.having === undefined ? undefined : after.compiler.condition(groupBy.having);
  const plan: WindowPlan = {
    window: groupBy.window,
    text: { window: groupBy.windowText, keys: groupBy.keys.map(({ start, end }) => compiler.sql.slice(start, end)) },
    where: before,
    keys: keyReaders,
    keyPaths,
    aggregates: after.aggregates,
    having,
    makeRow: select.rowMaker(),
    current: after.current,
  };
  return { windows: new Windows(plan, context.scope), columns: select.columns, given: select.given, names };
};

/** An alias of SELECT stands for its expression, unless the message has something of that name. */
const spelledOut = (key: Expression, { selected }: Statement, names: Names): Expression => {
  if (key.kind !== 'path' || key.steps.length > 0) return key;
  if (names.reader(key.name) !== undefined && !names.isUnseen(key.name)) return key;
  const item = selected.find(each => each.kind === 'value' && each.alias?.length === 1 && each.alias[0] === key.name);
  return item?.kind === 'value' ? item.expression : key;
};

const compileKey = (key: Expression, compiler: Compiler, { world }: WindowContext): Evaluate => {
  const { sql } = compiler;
  if (key.kind === 'literal') {
    const reason = 'a constant is the same for all messages and no key of GROUP BY';
    throw new MkbError('rule-window-invalid', { ...placeAt(sql, key.start), reason });
  }
  const evaluate = compiler.compile(key);
  return guard(sql, key, scope => bounded(evaluate(scope), world.limits));
};

/** Where a key that is a path of names is found by templates; undefined for other expressions. */
const pathOf = (key: Expression): AliasPath | undefined => {
  if (key.kind !== 'path' || key.steps.some(step => 'index' in step)) return undefined;
  return [key.name, ...key.steps.map(step => ('key' in step ? step.key : ''))];
};

const notGrouped = (sql: string, { start, end }: Pick<Expression, 'start' | 'end'>): never => {
  throw new MkbError('rule-not-grouped', { ...placeAt(sql, start), what: sql.slice(start, end) });
};

/** Compiles SELECT and HAVING, and collects the aggregates in them; equal ones are counted once. */
class AfterWindow {
  readonly compiler: Compiler;
  readonly aggregates: WindowPlan['aggregates'][number][] = [];
  readonly current = { group: new Group([], []) };
  readonly #calls: Call[] = [];
  readonly #before: Compiler;
  readonly #keys: readonly Expression[];
  readonly #world: WindowContext['world'];

  constructor(
    before: Compiler,
    keys: readonly Expression[],
    names: WindowNames,
    { world, observeCase }: WindowContext,
  ) {
    this.compiler = new ExpressionCompiler(before.sql, names, world, observeCase);
    this.compiler.substitute = expression => this.#value(expression);
    this.#before = before;
    this.#keys = keys;
    this.#world = world;
  }

  /** Reads a key or the result of an aggregate; undefined for what is compiled as everywhere. */
  #value(expression: Expression): Evaluate | undefined {
    if (this.#isAlias(expression)) return undefined;
    const key = this.#keys.findIndex(each => sameExpression(each, expression));
    if (key >= 0) return () => this.current.group.keys[key];
    if (expression.kind === 'call') return this.#aggregate(expression) ?? this.#refuseOfMessage(expression);
    if (expression.kind === 'path') this.#refuseColumn(expression);
    return undefined;
  }

  #isAlias(expression: Expression): boolean {
    return expression.kind === 'path' && expression.steps.length === 0 && this.compiler.aliases.has(expression.name);
  }

  #aggregate(call: Call): Evaluate | undefined {
    if (findAggregate(call.name) === undefined) return undefined;
    let at = this.#calls.findIndex(each => sameExpression(each, call));
    if (at < 0) {
      at = this.#calls.length;
      this.#calls.push(call);
      this.aggregates.push(this.#compileAggregate(call));
    }
    return guard(this.#before.sql, call, () => this.current.group.accumulators[at]!.result());
  }

  #compileAggregate(call: Call): WindowPlan['aggregates'][number] {
    const { sql } = this.#before;
    const { name, quantifier, parameters, start } = call;
    refuseOver(call, this.#before, '; GROUP BY says which messages an aggregate is of');
    const { form, read, create } = findAggregate(name, quantifier)!;
    const [argument] = parameters;
    if (parameters.length !== (quantifier === '*' ? 0 : 1)) {
      const reason = `takes one value: ${form}`;
      throw new MkbError('rule-arguments', { ...placeAt(sql, start), name, reason });
    }
    if (argument === undefined) return { read: () => true, create };
    const evaluate = this.#before.compile(argument);
    const { limits } = this.#world;
    return {
      read: guard(sql, call, scope => {
        const value = evaluate(scope);
        return value === undefined || value === null ? undefined : read(value, limits);
      }),
      create,
    };
  }

  /** What a function reads of a message, other than its arguments, is as various as a column. */
  #refuseOfMessage(call: Call): undefined {
    if (findFunction(call.name)?.ofMessage === true) notGrouped(this.#before.sql, call);
    return undefined;
  }

  /** The compiler reports a name that nobody knows. */
  #refuseColumn(path: PathExpression): void {
    const { name } = path;
    const { aliases, names } = this.compiler;
    if (aliases.has(name) || windowColumns.includes(name) || names.isConstant(name)) return;
    const known = this.#before.locals.has(name) || this.#before.names.reader(name) !== undefined;
    if (known && !this.compiler.locals.has(name)) notGrouped(this.#before.sql, path);
  }
}
