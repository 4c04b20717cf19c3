/** Lambdas: `x -> x.value`, which a function calls for each element of a list. */
import { MkbError } from '../api/errors.ts';
import type { Compiler } from './compiler.ts';
import type { Apply } from './functions/define.ts';
import { placeAt } from './position.ts';
import type { Evaluate } from './scope.ts';
import type { Expression, Lambda } from './syntax.ts';
import type { Value } from './value.ts';
import { within } from './walk.ts';

/** Compiles a lambda. Its parameters are places that each call fills; no function calls a lambda from within itself. */
export const compileLambda = ({ names, body, start }: Lambda, compiler: Compiler): Apply => {
  const { locals, substitute } = compiler;
  const places = names.map(name => ({ name, value: undefined as Value, before: locals.get(name) }));
  for (const place of places) {
    mustBeNew(place.name, start, compiler);
    locals.set(place.name, () => place.value);
  }
  // After a window, what reads a parameter is no key and no aggregate, although it may be written as one.
  compiler.substitute = substitute && (part => (mentions(part, names) ? undefined : substitute(part)));
  const evaluate = compiler.compile(body);
  compiler.substitute = substitute;
  for (const { name, before } of places) {
    if (before === undefined) locals.delete(name);
    else locals.set(name, before);
  }
  const [first, second] = places;
  return (scope, value, other) => {
    first!.value = value;
    if (second !== undefined) second.value = other;
    return evaluate(scope);
  };
};

const mentions = (expression: Expression, names: readonly string[]): boolean =>
  [...within(expression)].some(part => part.kind === 'path' && names.includes(part.name));

/** Throws `rule-syntax` for a name that the message has: whoever reads the rule would take one for the other. */
export const mustBeNew = (name: string, offset: number, { sql, names }: Compiler): void => {
  if (names.reader(name) === undefined) return;
  const expected = 'a name of its own: the message has a column or capture of this one';
  throw new MkbError('rule-syntax', { ...placeAt(sql, offset), found: `\`${name}\``, expected });
};

/** Throws `rule-syntax`: a lambda is no value. */
export const misplacedLambda = ({ start, end }: Lambda, { sql }: Compiler): Evaluate => {
  const found = `\`${sql.slice(start, end)}\``;
  throw new MkbError('rule-syntax', {
    ...placeAt(sql, start),
    found,
    expected: 'a value; a lambda is an argument of functions such as array_map',
  });
};
