/** Compiles expressions to closures. What can be decided now (names, functions, arguments that are constants) is decided now. */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { identical, relations } from './compare.ts';
import { compileRoot, compileSteps, leadsInside } from './compile-path.ts';
import { guard } from './failures.ts';
import type { FunctionEntry, Parameter } from './functions/define.ts';
import { signature } from './functions/define.ts';
import { findFunction, functionNames, missingFunctions } from './functions/registry.ts';
import { compileLike } from './like.ts';
import { Memory } from './memory.ts';
import type { Names } from './names.ts';
import { arithmetic, likeOperand, topicMatches, truth, unary } from './operators.ts';
import { readSlice } from './paths.ts';
import { placeAt } from './position.ts';
import type { Evaluate, Scope } from './scope.ts';
import type {
  Between,
  Binary,
  Call,
  Case,
  Expression,
  Like,
  MapLiteral,
  Membership,
  PathExpression,
} from './syntax.ts';
import type { Remembering } from './undo.ts';
import { newMap, type Value } from './value.ts';
import { aggregateNames } from './windows/aggregates.ts';
import { misplacedAggregate } from './windows/misplaced-aggregate.ts';

export type Condition = (scope: Scope) => boolean;

/** Told of each CASE as it is compiled; what it returns is told of each branch that is taken: from 0, and after the last WHEN for ELSE. */
export type ObserveCase = (expression: Case) => (branch: number) => void;

/** What is the same for all messages. */
export type World = Pick<Scope, 'schemas' | 'limits' | 'undo'>;

export class ExpressionCompiler {
  readonly sql: string;
  readonly names: Names;
  /** Names of aliases so far; the caller adds them as it goes through SELECT. */
  readonly aliases = new Set<string>();
  /**
   * Of the aliases, those that hold only a part of what the message has under the name: after `FOREACH payload.list`, payload alone is
   * {list: [...]}, while `payload.other` still reads the message's own.
   */
  readonly partialAliases = new Set<string>();
  /** What of the message was compiled so far: names, with the keys that lead into them (`payload.speed`). */
  readonly reads = new Set<string>();
  /** Set when WHERE is compiled: `payload.x` reads the message's own payload there. */
  inWhere = false;
  /** Whether what was compiled so far reads inside the payload (or a Kafka value). */
  readsPayload = false;
  /** Whether what was compiled so far reads an alias. */
  readsAliases = false;

  /** What CHANGED and DEDUP remember: a memory for each place that calls them, and the call as it is written. */
  readonly memories: { readonly call: string; readonly memory: Memory }[] = [];
  /** Asked of each expression before it is compiled: after a window, keys and aggregates have their values already. */
  substitute: ((expression: Expression) => Evaluate | undefined) | undefined;

  readonly #world: World;
  readonly #observeCase: ObserveCase | undefined;

  constructor(sql: string, names: Names, world: World, observeCase?: ObserveCase) {
    this.sql = sql;
    this.names = names;
    this.#world = world;
    this.#observeCase = observeCase;
  }

  /** An expression as a value. Throws `rule-unknown-name` and `rule-arguments`. */
  compile(expression: Expression): Evaluate {
    const substitute = this.substitute?.(expression);
    if (substitute !== undefined) return substitute;
    switch (expression.kind) {
      case 'literal':
        return () => expression.value;
      case 'path':
        return this.#path(expression);
      case 'access': {
        const base = this.compile(expression.base);
        const follow = compileSteps(expression.steps, index => this.compile(index));
        return scope => follow(base(scope), scope);
      }
      case 'slice': {
        const base = this.compile(expression.base);
        return this.#guard(expression, scope => readSlice(base(scope), expression.from, expression.to));
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
        return this.#guard(expression, scope => apply(operand(scope)));
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
        return this.#membership(expression);
      case 'between':
        return this.#between(expression);
      case 'like':
        return this.#like(expression);
      case 'is-null': {
        const operand = this.compile(expression.operand);
        const { negated } = expression;
        return scope => ((operand(scope) ?? undefined) === undefined) !== negated;
      }
      case 'case':
        return this.#case(expression);
      case 'call':
        return this.#call(expression);
    }
  }

  /** The list of FOREACH: a payload that is named as a whole is decoded, since its bytes are no list. */
  list(expression: Expression): Evaluate {
    return expression.kind === 'path' ? this.#path(expression, true) : this.compile(expression);
  }

  /** An expression as a condition. What is undefined or null is not true; text or a number there is `rule-failed`. */
  condition(expression: Expression): Condition {
    const evaluate = this.compile(expression);
    return this.#guard(expression, scope => truth(evaluate(scope))) as Condition;
  }

  #guard(expression: Expression, evaluate: Evaluate): Evaluate {
    return guard(this.sql, expression, evaluate);
  }

  #path(expression: PathExpression, decode = false): Evaluate {
    const { name, steps } = expression;
    const isAlias = this.aliases.has(name) && !(steps.length > 0 && this.partialAliases.has(name));
    const root = compileRoot(expression, {
      sql: this.sql,
      names: this.names,
      aliases: this.aliases,
      isAlias,
      inWhere: this.inWhere,
      decode,
      payloadWasRead: this.readsPayload,
    });
    this.readsPayload ||= (steps.length > 0 || decode) && leadsInside(name, this.names);
    this.readsAliases ||= isAlias;
    if (!isAlias) this.reads.add(keysOf(expression));
    if (steps.length === 0) return root;
    const follow = compileSteps(steps, index => this.compile(index));
    return scope => follow(root(scope), scope);
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

  #binary(expression: Binary): Evaluate {
    const { operator } = expression;
    if (operator === 'and' || operator === 'or') return this.#logical(expression);
    const left = this.compile(expression.left);
    const right = this.compile(expression.right);
    if (operator === '=~') return this.#guard(expression, scope => topicMatches(left(scope), right(scope)));
    const apply: (left: Value, right: Value) => Value =
      operator in relations
        ? relations[operator as keyof typeof relations]
        : arithmetic[operator as keyof typeof arithmetic];
    return this.#guard(expression, scope => apply(left(scope), right(scope)));
  }

  #logical({ operator, left, right }: Binary): Evaluate {
    const first = this.condition(left);
    const second = this.condition(right);
    return operator === 'and' ? scope => first(scope) && second(scope) : scope => first(scope) || second(scope);
  }

  #membership(expression: Membership): Evaluate {
    const { operand, items, negated } = expression;
    const wanted = this.compile(operand);
    const candidates = items.map(item => this.compile(item));
    return this.#guard(expression, scope => {
      const value = wanted(scope);
      return candidates.some(candidate => identical(candidate(scope), value)) !== negated;
    });
  }

  #between(expression: Between): Evaluate {
    const operand = this.compile(expression.operand);
    const low = this.compile(expression.low);
    const high = this.compile(expression.high);
    const { negated } = expression;
    return this.#guard(expression, scope => {
      const value = operand(scope);
      return (relations['>='](value, low(scope)) && relations['<='](value, high(scope))) !== negated;
    });
  }

  #like(expression: Like): Evaluate {
    const operand = this.compile(expression.operand);
    const { pattern, negated } = expression;
    const constant = pattern.kind === 'literal' ? likeOperand(pattern.value) : undefined;
    const fixed = constant === undefined ? undefined : compileLike(constant);
    const patternOf = this.compile(pattern);
    return this.#guard(expression, scope => {
      const text = likeOperand(operand(scope));
      const current = fixed === undefined ? likeOperand(patternOf(scope)) : '';
      const alike = text !== undefined && current !== undefined && (fixed ?? compileLike(current))(text);
      return alike !== negated;
    });
  }

  #case(expression: Case): Evaluate {
    const { subject, branches, otherwise } = expression;
    const taken = this.#observeCase?.(expression);
    const subjectOf = subject === undefined ? undefined : this.compile(subject);
    const tests = branches.map(({ when }) => this.#branchTest(when, subjectOf));
    const results = branches.map(({ result }) => this.compile(result));
    const fallback = otherwise === undefined ? undefined : this.compile(otherwise);
    return scope => {
      for (let at = 0; at < tests.length; at++) {
        if (!tests[at]!(scope)) continue;
        taken?.(at);
        return results[at]!(scope);
      }
      taken?.(tests.length);
      return fallback?.(scope);
    };
  }

  #branchTest(when: Expression, subjectOf: Evaluate | undefined): Condition {
    if (subjectOf === undefined) return this.condition(when);
    const candidate = this.compile(when);
    return scope => identical(candidate(scope), subjectOf(scope));
  }

  #call(expression: Call): Evaluate {
    const { name, parameters } = expression;
    const entry = findFunction(name);
    if (entry === undefined) return this.#unknownFunction(expression);
    const readers = this.#readers(entry, expression);
    this.#checkConstants(entry, expression);
    const values = parameters.map(parameter => this.compile(parameter));
    const call = entry.prepare?.(this.#newMemory(expression)) ?? entry.call;
    return this.#guard(expression, scope => {
      const read = new Array<unknown>(values.length);
      for (let at = 0; at < values.length; at++) read[at] = readers[at]!.read(values[at]!(scope));
      return call(read, scope);
    });
  }

  #newMemory({ start, end }: Call): Remembering {
    const memory = new Memory(this.#world.limits.maxEntries);
    this.memories.push({ call: this.sql.slice(start, end), memory });
    return this.#world.undo?.of(memory) ?? memory;
  }

  /** The parameter that reads each argument. Throws `rule-arguments` for a wrong number, or a constant that is always refused. */
  #readers(entry: FunctionEntry, { name, start, parameters }: Call): Parameter<unknown>[] {
    const least = entry.parameters.filter(({ optional }) => !optional).length;
    const most = entry.rest === undefined ? entry.parameters.length : Number.POSITIVE_INFINITY;
    if (parameters.length < least || parameters.length > most) {
      this.#badArguments(start, name, `takes ${countText(least, most)}, not ${parameters.length}: ${signature(entry)}`);
    }
    return parameters.map((parameter, at) => {
      const reader = entry.parameters[at] ?? entry.rest!;
      if (parameter.kind === 'literal') this.#tryConstant(reader, parameter.value, parameter.start, entry);
      return reader;
    });
  }

  #tryConstant(reader: Parameter<unknown>, value: Value, start: number, entry: FunctionEntry): void {
    try {
      reader.read(value);
    } catch (error) {
      this.#badArguments(start, entry.name, `refuses this: ${(error as Error).message}: ${signature(entry)}`);
    }
  }

  #checkConstants(entry: FunctionEntry, { name, start, parameters }: Call): void {
    const constants = parameters.map(each => (each.kind === 'literal' ? each.value : undefined));
    const fault = entry.check?.(constants, this.#world.schemas);
    if (fault === undefined) return;
    const at = parameters[fault.parameter]?.start ?? start;
    if ('reason' in fault) this.#badArguments(at, name, fault.reason);
    const { unknown, hint } = fault;
    throw new MkbError('rule-unknown-name', { ...placeAt(this.sql, at), what: 'schema', name: unknown, hint });
  }

  #badArguments(offset: number, name: string, reason: string): never {
    throw new MkbError('rule-arguments', { ...placeAt(this.sql, offset), name, reason });
  }

  #unknownFunction({ name, start }: Call): never {
    misplacedAggregate(this.sql, name, start);
    const place = placeAt(this.sql, start);
    const missing = missingFunctions.get(name);
    if (missing !== undefined) throw new MkbError('rule-unsupported', { ...place, what: `${name}(), ${missing},` });
    // Aggregates stand where keys and aggregates are substituted.
    const near = nearest(name, this.substitute === undefined ? functionNames : [...aggregateNames, ...functionNames]);
    const details = { ...place, what: 'function', name };
    throw new MkbError(
      'rule-unknown-name',
      near === undefined ? details : { ...details, hint: `Did you mean ${near}?` },
    );
  }
}

/** The name and the keys after it, up to the first position. */
const keysOf = ({ name, steps }: PathExpression): string => {
  const position = steps.findIndex(step => 'index' in step);
  const keys = (position < 0 ? steps : steps.slice(0, position)).map(step => ('key' in step ? step.key : ''));
  return [name, ...keys].join('.');
};

const countText = (least: number, most: number): string => {
  const noun = (count: number): string => `${count} ${count === 1 ? 'argument' : 'arguments'}`;
  if (most === Number.POSITIVE_INFINITY) return `at least ${noun(least)}`;
  return least === most ? noun(least) : `${least} to ${noun(most)}`;
};
