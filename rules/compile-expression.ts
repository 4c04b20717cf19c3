/** Compiles expressions to closures. What can be decided now (names, functions, arguments that are constants) is decided now. */
import type { Alias, Level } from './aliases.ts';
import { relations } from './compare.ts';
import { compileCall } from './compile-call.ts';
import {
  compileBetween,
  compileCase,
  compileComparison,
  compileLikeTest,
  compileLogical,
  compileMembership,
  compileTest,
} from './compile-condition.ts';
import { misplacedLambda } from './compile-lambda.ts';
import { compilePath, compileSteps } from './compile-path.ts';
import type { Compiler, Condition, ObserveCase, World } from './compiler.ts';
import { guard, type Operand } from './failures.ts';
import { findFunction } from './functions/registry.ts';
import type { Memory } from './memory.ts';
import type { Names } from './names.ts';
import { arithmetic, unary } from './operators.ts';
import { readSlice } from './paths.ts';
import type { Evaluate } from './scope.ts';
import type { Binary, Cast, Expression, MapLiteral } from './syntax.ts';
import { newMap, type Value } from './value.ts';

export class ExpressionCompiler implements Compiler {
  readonly sql: string;
  readonly names: Names;
  readonly world: World;
  readonly observeCase: ObserveCase | undefined;
  readonly aliases = new Map<string, Alias>();
  readonly locals = new Map<string, Evaluate>();
  outer: ReadonlyMap<string, Alias> = new Map();
  level: Level = 'message';
  readonly reads = new Set<string>();
  inWhere = false;
  readsPayload = false;
  decodedPayload: Evaluate | undefined;
  readonly memories: { readonly call: string; readonly memory: Memory }[] = [];
  substitute: ((expression: Expression) => Evaluate | undefined) | undefined;

  constructor(sql: string, names: Names, world: World, observeCase?: ObserveCase) {
    this.sql = sql;
    this.names = names;
    this.world = world;
    this.observeCase = observeCase;
  }

  compile(expression: Expression): Evaluate {
    const substitute = this.substitute?.(expression);
    if (substitute !== undefined) return substitute;
    switch (expression.kind) {
      case 'literal':
        return () => expression.value;
      case 'path':
        return compilePath(expression, this);
      case 'access': {
        const base = this.compile(expression.base);
        const follow = compileSteps(expression.steps, index => this.compile(index));
        return scope => follow(base(scope), scope);
      }
      case 'slice': {
        const base = this.compile(expression.base);
        return this.guard(expression, scope => readSlice(base(scope), expression.from, expression.to), [
          { expression: expression.base, evaluate: base },
        ]);
      }
      case 'list': {
        const items = expression.items.map(item => this.compile(item));
        return scope => items.map(item => item(scope));
      }
      case 'map':
        return this.#map(expression);
      case 'unary': {
        const operand = this.compile(expression.operand);
        const apply = unary[expression.operator];
        return this.guard(expression, scope => apply(operand(scope)), [
          { expression: expression.operand, evaluate: operand },
        ]);
      }
      default:
        return this.#compound(expression);
    }
  }

  #compound(
    expression: Exclude<Expression, { kind: 'literal' | 'path' | 'access' | 'slice' | 'list' | 'map' | 'unary' }>,
  ): Evaluate {
    switch (expression.kind) {
      case 'binary':
        return this.#binary(expression);
      case 'in':
        return compileMembership(expression, this);
      case 'between':
        return compileBetween(expression, this);
      case 'like':
        return compileLikeTest(expression, this);
      case 'is-null': {
        const operand = this.compile(expression.operand);
        const { negated } = expression;
        return scope => ((operand(scope) ?? undefined) === undefined) !== negated;
      }
      case 'case':
        return compileCase(expression, this);
      case 'call':
        return compileCall(expression, this);
      case 'cast':
        return this.#cast(expression);
      case 'lambda':
        return misplacedLambda(expression, this);
    }
  }

  list(expression: Expression): Evaluate {
    return expression.kind === 'path' ? compilePath(expression, this, true) : this.compile(expression);
  }

  condition(expression: Expression): Condition {
    return compileTest(expression, this, true);
  }

  guard(expression: Expression, evaluate: Evaluate, operands: readonly Operand[] = []): Evaluate {
    return guard(this.sql, expression, evaluate, operands);
  }

  /** What is undefined is left out, as in a row. */
  #map({ entries }: MapLiteral): Evaluate {
    const compiled = entries.map(({ key, value }) => ({ key, value: this.compile(value) }));
    return scope => {
      const map = newMap();
      for (const { key, value } of compiled) {
        const held = value(scope);
        if (held !== undefined) map[key] = held;
      }
      return map;
    };
  }

  /** As the function that converts; but what is missing, or null, stays missing, as in SQL. */
  #cast(expression: Cast): Evaluate {
    const { operand } = expression;
    const value = this.compile(operand);
    const { call } = findFunction(expression.function)!;
    return this.guard(
      expression,
      scope => {
        const found = value(scope);
        return found === undefined || found === null ? undefined : call([found], scope);
      },
      [{ expression: operand, evaluate: value }],
    );
  }

  #binary(expression: Binary): Evaluate {
    const { operator } = expression;
    if (operator === 'and' || operator === 'or') return compileLogical(expression, this);
    if (operator in relations || operator === '=~') return compileComparison(expression, this);
    const left = this.compile(expression.left);
    const right = this.compile(expression.right);
    const apply: (left: Value, right: Value) => Value = arithmetic[operator as keyof typeof arithmetic];
    return this.guard(expression, scope => apply(left(scope), right(scope)), [
      { expression: expression.left, evaluate: left },
      { expression: expression.right, evaluate: right },
    ]);
  }
}
