/**
 * How a function of the rule language is written: one entry with its signature, its meaning, examples and what it does.
 *
 * The parameters do the work that every function shares. Each reads its argument into what the function wants and refuses the rest, so
 * `call` gets values of the right type; and the compiler, the reference page and the tests learn from the same entry.
 */
import { BitString } from '../bit-string.ts';
import { jsonOrUndefined } from '../json.ts';
import { refuse } from '../refusal.ts';
import type { Ambient, Scope } from '../scope.ts';
import type { Remembering } from '../undo.ts';
import {
  isInteger,
  isList,
  isMap,
  isNumeric,
  isText,
  type Numeric,
  numericValue,
  textOfBytes,
  type Value,
  type ValueMap,
} from '../value.ts';

export interface Parameter<T> {
  readonly name: string;
  /** For people: `text`, `integer`, `list`. */
  readonly type: string;
  readonly optional: boolean;
  /** The argument as the function takes it. Throws Refusal. */
  readonly read: (value: Value) => T;
  /** Of a lambda, how many parameters it may have. */
  readonly lambda?: readonly number[];
}

/** A lambda as a function calls it. */
export type Apply = (scope: Scope, value: Value, other?: Value) => Value;

type Arguments<P extends readonly Parameter<unknown>[]> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

/** Why a call can never work: a name that does not exist, or another reason, to complete "schema_decode ...". */
export type ConstantFault = { readonly parameter: number } & (
  | { readonly unknown: string; readonly hint: string; readonly what: 'schema' | 'table' }
  | { readonly reason: string }
);

/** What can be said of a call before any message. @param constants its arguments; undefined for what is not a constant */
export type CheckConstants = (
  constants: readonly Value[],
  document: Pick<Ambient, 'schemas' | 'tables'>,
) => ConstantFault | undefined;

/** An expression, and the value it has. */
export type Example = readonly [sql: string, value: Value];

/** What a call gives, and what it remembers for the next one. */
export interface Remembered {
  readonly value: Value;
  readonly state: Value;
}

/**
 * @param state what the last call for the key remembered; undefined for the first
 * @param counts whether the message is one that is remembered
 */
export type Previous = (state: Value, values: readonly unknown[], counts: boolean) => Remembered;

export interface FunctionEntry {
  readonly name: string;
  readonly parameters: readonly Parameter<unknown>[];
  /** Further arguments, any number of them. */
  readonly rest: Parameter<unknown> | undefined;
  readonly returns: string;
  readonly description: string;
  readonly examples: readonly Example[];
  readonly check?: CheckConstants;
  /** @param values what the parameters read, in order; a missing optional one is undefined */
  readonly call: (values: readonly unknown[], scope: Scope) => Value;
  /** Of a function that gives the first argument that is accepted: those after it are not worked out, so they cannot fail. */
  readonly accepts?: (value: Value) => boolean;
  /** Of a function that remembers: makes the call of one place in a rule, whose memory is its own. */
  readonly prepare?: (memory: Remembering) => FunctionEntry['call'];
  /** Of a function of earlier messages: what it gives and remembers, for each key of OVER. */
  readonly previous?: Previous;
  /** Whether it reads more of the message than its arguments, so that it means nothing where there is no message: after a window. */
  readonly ofMessage?: true;
  /** Whether it reads or changes what is remembered from one message to the next. */
  readonly remembers?: true;
}

interface Definition<P extends readonly Parameter<unknown>[], R> {
  readonly name: string;
  readonly parameters: P;
  readonly rest?: Parameter<R>;
  readonly returns: string;
  readonly description: string;
  readonly examples: readonly Example[];
  readonly check?: CheckConstants;
  readonly call: (values: readonly [...Arguments<P>, ...R[]], scope: Scope) => Value;
  readonly accepts?: (value: Value) => boolean;
  readonly ofMessage?: true;
  readonly remembers?: true;
}

/** Makes an entry; the types of the parameters become those of `call`. */
export const define = <const P extends readonly Parameter<unknown>[], R = never>(
  definition: Definition<P, R>,
): FunctionEntry => ({ rest: undefined, ...definition }) as unknown as FunctionEntry;

/** `substr(text: text, start: integer, [length: integer]) -> text` */
export const signature = ({ name, parameters, rest, returns }: FunctionEntry): string => {
  const parts = parameters.map(each => {
    const text = `${each.name}: ${each.type}`;
    return each.optional ? `[${text}]` : text;
  });
  if (rest !== undefined) parts.push(`...${rest.name}: ${rest.type}`);
  return `${name}(${parts.join(', ')}) -> ${returns}`;
};

const parameter = <T>(name: string, type: string, read: (value: Value) => T): Parameter<T> => ({
  name,
  type,
  optional: false,
  read,
});

/** A parameter of a function's own kind. @param read throws Refusal for what it does not take */
export const custom = parameter;

/** The same parameter, which may be left out. */
export const optional = <T>(required: Parameter<T>): Parameter<T | undefined> => ({ ...required, optional: true });

export const any = (name: string): Parameter<Value> => parameter(name, 'any', value => value);

/** Text or bytes that are text; true and false act as their names. Numbers must be converted with str(). */
export const text = (name: string): Parameter<string> => parameter(name, 'text', value => readText(name, value));

const readText = (name: string, value: Value): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  return value instanceof Uint8Array ? textOfBytes(value) : (refuse(`${name} must be text`, value) as never);
};

export const bytes = (name: string): Parameter<Buffer> =>
  parameter(name, 'bytes', value => {
    if (value instanceof Uint8Array) return value;
    return isText(value) ? Buffer.from(value) : (refuse(`${name} must be bytes or text`, value) as never);
  });

export const number = (name: string): Parameter<Numeric> =>
  parameter(name, 'number', value => (isNumeric(value) ? value : (refuse(`${name} must be a number`, value) as never)));

/** A float, not an integer: 2.0 and not 2. */
export const float = (name: string): Parameter<number> =>
  parameter(name, 'float', value =>
    isNumeric(value) && !isInteger(value)
      ? Number(numericValue(value))
      : (refuse(`${name} must be a float`, value) as never),
  );

/** A whole number that fits a position, a length or a count. */
export const integer = (name: string): Parameter<number> =>
  parameter(name, 'integer', value =>
    isInteger(value) && typeof value === 'number' ? value : (refuse(`${name} must be a whole number`, value) as never),
  );

/** A whole number of any size. */
export const whole = (name: string): Parameter<number | bigint> =>
  parameter(name, 'integer', value =>
    isInteger(value) ? value : (refuse(`${name} must be a whole number`, value) as never),
  );

/** Bytes or text, or the bits that subbits gives. */
export const bits = (name: string): Parameter<Buffer | BitString> =>
  parameter(name, 'bytes', value => {
    if (value instanceof BitString || value instanceof Uint8Array) return value;
    return typeof value === 'string' ? Buffer.from(value) : (refuse(`${name} must be bytes or text`, value) as never);
  });

export const list = (name: string): Parameter<readonly Value[]> =>
  parameter(name, 'list', value => (isList(value) ? value : (refuse(`${name} must be a list`, value) as never)));

/** A map, or JSON text of an object. */
export const map = (name: string): Parameter<ValueMap> =>
  parameter(name, 'map', value => {
    const decoded = isText(value) ? jsonOrUndefined(value) : value;
    return isMap(decoded) ? decoded : (refuse(`${name} must be a map`, value) as never);
  });

/** A lambda such as `x -> x.value`. It is compiled, and not read from a value. */
export const lambda = (name: string, shape: string, parameters: readonly number[] = [1]): Parameter<Apply> => ({
  name,
  type: shape,
  optional: false,
  lambda: parameters,
  read: value => refuse(`${name} must be a lambda such as ${shape}`, value) as never,
});

/** One of a few words, such as 'all' or 'leading'. */
export const oneOf = <const W extends string>(name: string, words: readonly W[]): Parameter<W> =>
  parameter(name, words.map(word => `'${word}'`).join(' | '), value => {
    const found = words.find(word => word === (isText(value) ? value.toString() : value));
    return found ?? (refuse(`${name} must be one of ${words.join(', ')}`, value) as never);
  });
