/** What compiles expressions, as its parts see it: each kind of expression has a file of its own, and compiles its parts by this. */
import type { Alias, Level } from './aliases.ts';
import type { Operand } from './failures.ts';
import type { Memory } from './memory.ts';
import type { Names } from './names.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { Case, Expression } from './syntax.ts';

/** Whether a message passes. */
export type Condition = (scope: Scope) => boolean;

/** Called with each CASE as it is compiled; what it returns is called with each branch that is taken: from 0, and after the last WHEN for ELSE. */
export type ObserveCase = (expression: Case) => (branch: number) => void;

/** What is the same for all messages. */
export type World = Pick<Scope, 'schemas' | 'tables' | 'limits' | 'costs' | 'undo'>;

export interface Compiler {
  readonly sql: string;
  readonly names: Names;
  readonly world: World;
  readonly observeCase: ObserveCase | undefined;
  /** Aliases so far; whoever goes through SELECT adds them. */
  readonly aliases: Map<string, Alias>;
  /** What LET names, and, within a lambda, its parameters: they stand before all other names and are no part of a row. */
  readonly locals: Map<string, Evaluate>;
  /** In DO of FOREACH: the aliases before it, which stand for what the message has. */
  outer: ReadonlyMap<string, Alias>;
  /** Whether values are worked out for each message, or for each element of FOREACH. */
  level: Level;
  /** What of the message was compiled so far: names, with the keys that lead into them (`payload.speed`). */
  readonly reads: Set<string>;
  /** Set when WHERE is compiled, in which aliases stand before columns even where they have no value. */
  inWhere: boolean;
  /** Whether what was compiled so far reads inside the payload (or a Kafka value). */
  readsPayload: boolean;
  /** What paths into the payload read in WHERE, if SELECT decoded something else first. */
  decodedPayload: Evaluate | undefined;
  /** What CHANGED and DEDUP remember: a memory for each place that calls them, and the call as it is written. */
  readonly memories: { readonly call: string; readonly memory: Memory }[];
  /** Asked of each expression before it is compiled: after a window, keys and aggregates have their values already. */
  substitute: ((expression: Expression) => Evaluate | undefined) | undefined;
  /** An expression as a value. Throws `rule-unknown-name` and `rule-arguments`. */
  compile(expression: Expression): Evaluate;
  /** The list of FOREACH: a payload that is named as a whole is decoded, since its bytes are no list. */
  list(expression: Expression): Evaluate;
  /** An expression as a condition. What is unknown is not true; text or a number there is `rule-failed`. */
  condition(expression: Expression): Condition;
  /** The same, with refusals as `rule-failed`. @param operands those that are named if they are missing */
  guard(expression: Expression, evaluate: Evaluate, operands?: readonly Operand[]): Evaluate;
}
