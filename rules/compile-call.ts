/** Compiles calls of functions. Names, numbers of arguments and arguments that are constants are checked now. */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { compileLambda } from './compile-lambda.ts';
import { compilePrevious, refuseOver } from './compile-over.ts';
import type { Compiler } from './compiler.ts';
import { withinEffort } from './effort.ts';
import type { FunctionEntry, Parameter } from './functions/define.ts';
import { signature } from './functions/define.ts';
import { findFunction, functionNames, missingFunctions } from './functions/registry.ts';
import { Memory } from './memory.ts';
import { placeAt } from './position.ts';
import { unseen, unseenBy } from './publisher.ts';
import type { Evaluate, Scope } from './scope.ts';
import type { Call, Expression } from './syntax.ts';
import type { Remembering } from './undo.ts';
import type { Value } from './value.ts';
import { aggregateNames } from './windows/aggregates.ts';
import { misplacedAggregate } from './windows/misplaced-aggregate.ts';

export const compileCall = (expression: Call, compiler: Compiler): Evaluate => {
  const { name, parameters } = expression;
  const { sql } = compiler;
  const entry = findFunction(name);
  if (entry === undefined) return unknownFunction(expression, compiler);
  const publisher = unseenBy(entry.name);
  if (publisher !== undefined && compiler.names.isUnseen(publisher)) {
    throw unseen(publisher, `${name}()`, compiler.names.sources, { sql, offset: expression.start });
  }
  const readers = readersOf(entry, expression, sql);
  checkConstants(entry, expression, compiler);
  if (entry.previous === undefined) refuseOver(expression, compiler);
  if (parameters.some(({ kind }) => kind === 'lambda')) return callWithLambda({ entry, expression, readers }, compiler);
  const values = parameters.map(parameter => compiler.compile(parameter));
  const operands = parameters.map((parameter, at) => ({ expression: parameter, evaluate: values[at]! }));
  if (entry.accepts !== undefined && values.length > 1) return firstOf(values, entry.accepts);
  if (entry.previous !== undefined) {
    const memory = newMemory(expression, compiler);
    return compiler.guard(
      expression,
      compilePrevious({ entry, expression, values, readers, memory }, compiler),
      operands,
    );
  }
  const call = entry.prepare?.(newMemory(expression, compiler)) ?? entry.call;
  return compiler.guard(
    expression,
    scope => {
      const read = new Array<unknown>(values.length);
      for (let at = 0; at < values.length; at++) read[at] = readers[at]!.read(values[at]!(scope));
      return call(read, scope);
    },
    operands,
  );
};

interface LambdaCall {
  readonly entry: FunctionEntry;
  readonly expression: Call;
  readonly readers: readonly Parameter<unknown>[];
}

const callWithLambda = ({ entry, expression, readers }: LambdaCall, compiler: Compiler): Evaluate => {
  const read = expression.parameters.map((parameter, at): ((scope: Scope) => unknown) => {
    if (parameter.kind === 'lambda') {
      const apply = compileLambda(parameter, compiler);
      return () => apply;
    }
    const value = compiler.compile(parameter);
    const reader = readers[at]!;
    return scope => reader.read(value(scope));
  });
  return compiler.guard(expression, scope =>
    withinEffort(() =>
      entry.call(
        read.map(each => each(scope)),
        scope,
      ),
    ),
  );
};

const firstOf =
  (values: readonly Evaluate[], accepts: (value: Value) => boolean): Evaluate =>
  scope => {
    for (const evaluate of values) {
      const value = evaluate(scope);
      if (accepts(value)) return value;
    }
    return undefined;
  };

const newMemory = ({ start, end }: Call, { sql, memories, world }: Compiler): Remembering => {
  const memory = new Memory(world.limits.maxEntries);
  memories.push({ call: sql.slice(start, end), memory });
  return world.undo?.of(memory) ?? memory;
};

/** The parameter that reads each argument. Throws `rule-arguments` for a wrong number, or a constant that is always refused. */
const readersOf = (entry: FunctionEntry, { name, start, parameters }: Call, sql: string): Parameter<unknown>[] => {
  const least = entry.parameters.filter(({ optional }) => !optional).length;
  const most = entry.rest === undefined ? entry.parameters.length : Number.POSITIVE_INFINITY;
  if (parameters.length < least || parameters.length > most) {
    const reason = `takes ${countText(least, most)}, not ${parameters.length}: ${signature(entry)}`;
    badArguments(sql, start, name, reason);
  }
  return parameters.map((parameter, at) => {
    const reader = entry.parameters[at] ?? entry.rest!;
    checkLambda(parameter, reader, () => [sql, parameter.start, entry]);
    if (parameter.kind === 'literal') tryConstant(reader, parameter.value, () => [sql, parameter.start, entry]);
    return reader;
  });
};

type Place = () => [sql: string, start: number, entry: FunctionEntry];

const isUnique = (names: readonly string[]): boolean => new Set(names).size === names.length;

/** A lambda where one is wanted, with as many parameters, and nowhere else. */
const checkLambda = (parameter: Expression, reader: Parameter<unknown>, place: Place): void => {
  const names = parameter.kind === 'lambda' ? parameter.names : undefined;
  const wanted = reader.lambda;
  if (names === undefined ? wanted === undefined : wanted?.includes(names.length) && isUnique(names)) return;
  const [sql, start, entry] = place();
  const reason = `takes ${wanted === undefined ? 'no' : 'a'} lambda as ${reader.name}`;
  badArguments(
    sql,
    start,
    entry.name,
    `${reason}${wanted && names ? `, with ${wanted.join(' or ')} parameters` : ''}: ${signature(entry)}`,
  );
};

const tryConstant = (reader: Parameter<unknown>, value: Value, place: Place): void => {
  try {
    reader.read(value);
  } catch (error) {
    const [sql, start, entry] = place();
    badArguments(sql, start, entry.name, `refuses this: ${(error as Error).message}: ${signature(entry)}`);
  }
};

const checkConstants = (entry: FunctionEntry, { name, start, parameters }: Call, { sql, world }: Compiler): void => {
  const constants = parameters.map(each => (each.kind === 'literal' ? each.value : undefined));
  const fault = entry.check?.(constants, world);
  if (fault === undefined) return;
  const at = parameters[fault.parameter]?.start ?? start;
  if (!('unknown' in fault)) {
    badArguments(sql, at, name, fault.reason);
    return;
  }
  const { unknown, hint, what } = fault;
  throw new MkbError('rule-unknown-name', { ...placeAt(sql, at), what, name: unknown, hint });
};

const badArguments = (sql: string, offset: number, name: string, reason: string): never => {
  throw new MkbError('rule-arguments', { ...placeAt(sql, offset), name, reason });
};

const unknownFunction = ({ name, start }: Call, { sql, substitute }: Compiler): never => {
  misplacedAggregate(sql, name, start);
  const place = placeAt(sql, start);
  const missing = missingFunctions.get(name);
  if (missing !== undefined) throw new MkbError('rule-unsupported', { ...place, what: `${name}(), ${missing},` });
  // Aggregates stand where keys and aggregates are substituted.
  const near =
    relative(name) ?? nearest(name, substitute === undefined ? functionNames : [...aggregateNames, ...functionNames]);
  const details = { ...place, what: 'function', name };
  throw new MkbError('rule-unknown-name', near === undefined ? details : { ...details, hint: `Did you mean ${near}?` });
};

/** `sort(...)`, `list_sort`, `transform` of other dialects. */
const relative = (name: string): string | undefined => {
  const word = name.toLowerCase().replace(/^(?:list|array)_/, '');
  return findFunction(`array_${word}`)?.name ?? elsewhere.get(word);
};

const elsewhere: ReadonlyMap<string, string> = new Map([
  ['transform', 'array_map'],
  ['reduce', 'array_map'],
  ['unnest', 'FOREACH'],
  ['explode', 'FOREACH'],
  ['json_query', 'json_path'],
  ['get_json_object', 'json_path'],
  ['try_cast', 'CAST(x AS type)'],
  ['iif', 'IF(condition, value, otherwise)'],
  ['st_distance', 'distance'],
  ['st_contains', 'in_polygon'],
  ['st_within', 'in_polygon'],
  ['distinct', 'CHANGED or DEDUP'],
]);

const countText = (least: number, most: number): string => {
  const noun = (count: number): string => `${count} ${count === 1 ? 'argument' : 'arguments'}`;
  if (most === Number.POSITIVE_INFINITY) return `at least ${noun(least)}`;
  return least === most ? noun(least) : `${least} to ${noun(most)}`;
};
