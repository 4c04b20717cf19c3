/**
 * Why a rule made no row of a message, in a sentence for the person who tries it: `WHERE was false: payload.speed (50) > 60`.
 *
 * The parts of WHERE are compiled once more, each for itself, so that each can be asked for its value. Of conditions that AND joins the first one
 * that is not true is named; of those that OR joins all are. It is for one message that somebody looks at: a bridge never comes here.
 */
import type { AnyMessage } from './columns.ts';
import { beginRule, compileRule } from './compile.ts';
import type { Compiler } from './compiler.ts';
import { type ExampleMessage, readBy } from './example-message.ts';
import { compileForeach, type ForeachStatement } from './foreach.ts';
import { encodeJson } from './json.ts';
import { Memory } from './memory.ts';
import { type Ambient, type Evaluate, pointAt, type Scope } from './scope.ts';
import { compileSelect } from './select.ts';
import { shown } from './shown.ts';
import type { Expression, Statement } from './syntax.ts';
import { isList, type Value } from './value.ts';
import { partsOf, within } from './walk.ts';

/** To be asked when the message gave no row. Throws as `compileRule`. */
export const whyNoRow = (sql: string, message: ExampleMessage, ambient: Partial<Ambient> = {}): string => {
  const read = readBy(compileRule(sql, ambient), message);
  const { statement, compiler, scope } = beginRule(sql, { ...ambient, memory: new Memory() });
  const { where, foreach, groupBy } = statement;
  if (read === undefined) return `${message.topic} does not match ${statement.from.map(({ text }) => text).join(', ')}`;
  const trace = new Trace(sql, scope, compileParts(statement, compiler));
  pointAt(scope, read.input as AnyMessage, read.captures);
  const truth = where === undefined ? true : trace.valueOf(where);
  if (where !== undefined && truth !== true) return `WHERE was ${truthText(truth)}: ${trace.cause(where, true)}`;
  if (foreach !== undefined) return trace.listText(foreach.fields.at(-1)!.expression);
  if (groupBy?.having !== undefined) return `HAVING was not true: ${trace.textOf(groupBy.having)}`;
  return 'the rule made none of this message';
};

/** Each part of WHERE that can be worked out alone, and the list of FOREACH. */
const compileParts = (statement: Statement, compiler: Compiler): Map<Expression, Evaluate> => {
  const parts = new Map<Expression, Evaluate>();
  const list = statement.foreach?.fields.at(-1)?.expression;
  /** Once the aliases are known that WHERE sees. */
  const compile = (): undefined => {
    compiler.inWhere = true;
    for (const part of statement.where === undefined ? [] : within(statement.where)) {
      const evaluate = orNothing(() => compiler.compile(part));
      if (evaluate) parts.set(part, evaluate);
    }
    compiler.inWhere = false;
    if (list) parts.set(list, compiler.list(list));
  };
  if (statement.foreach) compileForeach(statement as ForeachStatement, compiler, compile);
  else {
    if (statement.groupBy === undefined) compileSelect(statement.selected, compiler);
    compile();
  }
  return parts;
};

class Trace {
  readonly #sql: string;
  readonly #scope: Scope;
  readonly #parts: ReadonlyMap<Expression, Evaluate>;

  constructor(sql: string, scope: Scope, parts: ReadonlyMap<Expression, Evaluate>) {
    this.#sql = sql;
    this.#scope = scope;
    this.#parts = parts;
  }

  /** Undefined also for what cannot be worked out. */
  valueOf(expression: Expression): Value {
    return orNothing(() => this.#parts.get(expression)?.(this.#scope));
  }

  textOf({ start, end }: Expression): string {
    return this.#sql.slice(start, end).replace(/\s+/g, ' ');
  }

  /** The part of a condition for which it is not `wanted`, with the values in it. */
  cause(condition: Expression, wanted: boolean): string {
    if (condition.kind === 'unary' && condition.operator === 'not')
      return `NOT ${this.cause(condition.operand, !wanted)}`;
    if (condition.kind === 'binary' && (condition.operator === 'and' || condition.operator === 'or')) {
      const failing = [condition.left, condition.right].filter(part => this.valueOf(part) !== wanted);
      const needsBoth = (condition.operator === 'and') === wanted;
      const named = needsBoth ? failing.slice(0, 1) : failing;
      return named.map(part => this.cause(part, wanted)).join(needsBoth ? '' : wanted ? ' OR ' : ' AND ');
    }
    return this.#withValues(condition);
  }

  listText(list: Expression): string {
    const value = this.valueOf(list);
    const text = this.textOf(list);
    if (!isList(value)) return `FOREACH found no list: ${text} is ${shortly(value)}`;
    if (value.length === 0) return `FOREACH found an empty list: ${text}`;
    return `INCASE was true for none of the ${value.length} elements of ${text}`;
  }

  /** As it is written, with the value behind each operand that is no constant. */
  #withValues(condition: Expression): string {
    const operands = condition.kind === 'path' ? [condition] : partsOf(condition);
    let text = '';
    let at = condition.start;
    for (const operand of operands) {
      if (operand.kind === 'literal' || operand.end < at) continue;
      text += `${this.#sql.slice(at, operand.end)} (${shortly(this.valueOf(operand))})`;
      at = operand.end;
    }
    return `${text}${this.#sql.slice(at, condition.end)}`.replace(/\s+/g, ' ');
  }
}

const truthText = (truth: Value): string => {
  if (truth === false) return 'false';
  return truth === undefined || truth === null ? 'unknown' : 'not true';
};

const longest = 60;

const shortly = (value: Value): string => {
  if (value === undefined) return 'no value';
  const text = encodeJson(shown(value).value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
};

/** What fails alone may be guarded by what stands beside it. */
const orNothing = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};
