/**
 * Compiles names and the steps into their values.
 *
 * In SELECT, what an alias does not have is looked for in the message: after `1 AS payload.x`, payload is {x: 1}, and `payload.y` still reads
 * the message. In WHERE an alias stands before the column, value or none.
 *
 * The payload is special. A path into it reads the decoded payload, which a message decodes once. An alias named payload stands
 * before it in SELECT, but not in WHERE, unless it was put into what `*` gave. And when an earlier expression has already read inside the
 * payload, an alias that is text does not replace what was decoded. These are EMQX's rules; rules written for it depend on them.
 */

import { type Alias, once } from './aliases.ts';
import type { AnyMessage } from './columns.ts';
import type { Compiler } from './compiler.ts';
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

/**
 * A column, capture or alias, and steps into it. Throws `rule-unknown-name`.
 *
 * @param decode whether a payload that is named as a whole is wanted decoded, as steps into it would be
 */
export const compilePath = (path: PathExpression, compiler: Compiler, decode = false): Evaluate => {
  const { name, steps } = path;
  const { names, sql, aliases, outer, locals } = compiler;
  const local = locals.get(name);
  if (local !== undefined) return followed(local, followOf(path, compiler));
  const isInside = steps.length > 0 || decode;
  const alias = aliasOf(name, compiler.aliases, steps);
  const standing = aliasOf(name, outer, steps);
  const column = names.isUnseen(name) ? undefined : names.reader(name);
  if (alias === undefined && standing === undefined && column === undefined) {
    names.unknown(sql, path.start, name, [...aliases.keys(), ...outer.keys(), ...locals.keys()]);
  }
  if (alias === undefined && standing === undefined) compiler.reads.add(keysOf(path));
  const inside = isInside ? insideReader(name, names) : undefined;
  const message = inside ?? column;
  const own = standing?.value ?? (message && fromMessage(message));
  const follow = followOf(path, compiler);
  const read = readPath({ name, alias, own, inside, follow }, compiler);
  compiler.readsPayload ||= inside !== undefined;
  return read;
};

const followOf = ({ steps }: PathExpression, compiler: Compiler): Follow | undefined =>
  steps.length === 0 ? undefined : compileSteps(steps, index => compiler.compile(index));

/** A part that stands for itself alone hides nothing of what steps lead to. */
const aliasOf = (name: string, aliases: ReadonlyMap<string, Alias>, steps: readonly Step[]): Alias | undefined => {
  const alias = aliases.get(name);
  return alias?.partial && steps.length > 0 ? undefined : alias;
};

const fromMessage =
  (read: ReadName): Evaluate =>
  ({ message, captures }) =>
    read(message, captures);

interface PathParts {
  readonly name: string;
  readonly alias: Alias | undefined;
  /** Where what the alias does not have is looked for. */
  readonly own: Evaluate | undefined;
  readonly inside: ReadName | undefined;
  readonly follow: Follow | undefined;
}

const readPath = ({ name, alias, own, inside, follow }: PathParts, compiler: Compiler): Evaluate => {
  const isPayload = inside !== undefined && name === 'payload';
  if (alias === undefined) return followed(own!, follow);
  if (compiler.inWhere) {
    if (isPayload && !alias.replaces) return followed(compiler.decodedPayload ?? own!, follow);
    return followed(alias.value, follow);
  }
  const root = isPayload ? payloadAlias(alias, own!, compiler) : alias.value;
  const first = followed(root, follow);
  const beside = isPayload ? (compiler.decodedPayload ?? own) : own;
  const second = beside && followed(beside, follow);
  if (second === undefined) return first;
  return scope => {
    const value = first(scope);
    return value === undefined ? second(scope) : value;
  };
};

const followed = (root: Evaluate, follow: Follow | undefined): Evaluate =>
  follow === undefined ? root : scope => follow(root(scope), scope);

/** Text is decoded, if nothing was decoded before; paths into the message's own payload then read the same. */
const payloadAlias = ({ value }: Alias, own: Evaluate, compiler: Compiler): Evaluate => {
  const { decodedPayload: decoded = own, level } = compiler;
  if (compiler.readsPayload) {
    return scope => {
      const held = value(scope);
      return isText(held) ? decoded(scope) : held;
    };
  }
  const decode = once(scope => {
    const held = value(scope);
    return isText(held) ? decodeJson(Buffer.from(held as string)) : held;
  }, level);
  compiler.decodedPayload = scope => (isText(value(scope)) ? decode(scope) : own(scope));
  return decode;
};

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

/** The name and the keys after it, up to the first position. */
const keysOf = ({ name, steps }: PathExpression): string => {
  const position = steps.findIndex(step => 'index' in step);
  const keys = (position < 0 ? steps : steps.slice(0, position)).map(step => ('key' in step ? step.key : ''));
  return [name, ...keys].join('.');
};
