/**
 * Compiles names and the steps into their values.
 *
 * The payload is special. A path into it reads the decoded payload, which a message decodes once. An alias named payload stands
 * before it in SELECT, but not in WHERE: there `payload.x` always reads the message's own. And when an earlier expression has already
 * read inside the payload, an alias that is text does not replace what was decoded. These are EMQX's rules; rules written for it
 * depend on them.
 */

import type { AnyMessage } from './columns.ts';
import { decodeJson } from './json.ts';
import type { Names, ReadName } from './names.ts';
import { readKey, readPosition } from './paths.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { Expression, PathExpression, Step } from './syntax.ts';
import { isText, type Value } from './value.ts';

/** Follows steps from a value; may evaluate positions. */
export type Follow = (value: Value, scope: Scope) => Value;

/** @param compile compiles the expressions of positions */
export const compileSteps = (steps: readonly Step[], compile: (expression: Expression) => Evaluate): Follow => {
  const follows = steps.map(step => compileStep(step, compile));
  const [first, second] = follows;
  if (first === undefined) return value => value;
  if (second === undefined) return first;
  return (value, scope) => {
    let inner = value;
    for (const follow of follows) inner = follow(inner, scope);
    return inner;
  };
};

const compileStep = (step: Step, compile: (expression: Expression) => Evaluate): Follow => {
  if ('key' in step) {
    const { key } = step;
    return value => readKey(value, key);
  }
  const position = compile(step.index);
  return (value, scope) => readPosition(value, position(scope));
};

interface PathContext {
  readonly sql: string;
  readonly names: Names;
  readonly aliases: ReadonlySet<string>;
  /** Whether the name is an alias here. */
  readonly isAlias: boolean;
  readonly inWhere: boolean;
  /** Whether a payload that is named as a whole is wanted decoded, as steps into it would be. */
  readonly decode: boolean;
  /** Whether an earlier expression reads inside the payload. */
  readonly payloadWasRead: boolean;
}

/** Reads the value that a path starts from. Throws `rule-unknown-name`. */
export const compileRoot = (path: PathExpression, context: PathContext): Evaluate => {
  const { names, aliases, isAlias, sql } = context;
  const own = names.reader(path.name);
  if (own === undefined && !isAlias) return names.unknown(sql, path.start, path.name, aliases);
  const inside = path.steps.length > 0 || context.decode ? insideReader(path.name, names) : undefined;
  if (inside !== undefined && path.name === 'payload') return payloadRoot(inside, isAlias && !context.inWhere, context);
  return aliasOr(path.name, isAlias, inside ?? own);
};

const aliasOr = (name: string, isAlias: boolean, own: ReadName | undefined): Evaluate => {
  if (!isAlias) return ({ message, captures }) => own!(message, captures);
  return ({ aliases, message, captures }) => {
    const value = aliases[name];
    return value === undefined ? own?.(message, captures) : value;
  };
};

/** Whether steps from this name lead into a message's JSON. */
export const leadsInside = (name: string, names: Names): boolean => insideReader(name, names) !== undefined;

/** Reads the decoded payload or value, when that is what the name means. */
const insideReader = (name: string, names: Names): ReadName | undefined => {
  if (!names.isColumn(name)) return undefined;
  if (name === 'value') return insideValue;
  if (name !== 'payload') return undefined;
  if (names.kinds.includes('loss')) return insideLost;
  return names.kinds.includes('kafka') ? insidePayload : message => message.json();
};

const insidePayload = (message: AnyMessage): Value => (message.payload === undefined ? undefined : message.json());

/** A Kafka value that is no JSON has nothing inside; only a payload that is none is an error. */
const insideValue = (message: AnyMessage): Value => (message.value === undefined ? undefined : jsonIfAny(message));

/** A message may have been lost for the very reason that it is no JSON. */
const insideLost = (message: AnyMessage): Value => (message.payload === undefined ? undefined : jsonIfAny(message));

const jsonIfAny = (message: AnyMessage): Value => {
  try {
    return message.json();
  } catch {
    return undefined;
  }
};

const payloadRoot = (inside: ReadName, isAlias: boolean, { payloadWasRead }: PathContext): Evaluate => {
  if (!isAlias) return ({ message, captures }) => inside(message, captures);
  return ({ aliases, message, captures }) => {
    const value = aliases.payload;
    if (value === undefined || (payloadWasRead && isText(value))) return inside(message, captures);
    return isText(value) ? decodeJson(Buffer.from(value as string)) : value;
  };
};
