/**
 * LET: steps on the way to a row that are no part of it.
 *
 *     LET reading = json_decode(payload.data), celsius = (reading.f - 32) / 1.8
 *     SELECT celsius FROM "t/+" WHERE celsius > 30
 *
 * A step is worked out when it is first read, and once for a message. It sees the steps before it.
 */
import { once } from './aliases.ts';
import { mustBeNew } from './compile-lambda.ts';
import type { Compiler } from './compiler.ts';
import type { Statement } from './syntax.ts';

/** Adds the steps to what the compiler knows. Throws as any expression, and `rule-syntax` for the name of a column. */
export const compileLets = ({ lets = [] }: Statement, compiler: Compiler): void => {
  for (const { name, expression, start } of lets) {
    mustBeNew(name, start, compiler);
    compiler.locals.set(name, once(compiler.compile(expression), 'message'));
  }
};
