/**
 * The few kinds of field a document is made of. Everything else (types, validator, JSON Schema, reference page) is read from what
 * these functions return, and they can only make a *structural* schema in Kubernetes' sense: each field has one type, and the only
 * choice is "exactly one of these fields", which is an annotation of the object and no union of types.
 *
 * A field with a default is not optional in the TypeScript type, because a loaded document has its defaults filled in, although it
 * may be left out of a file. `fieldsToWrite` is what a file must contain.
 */
import Type, { type TOptional, type TProperties, type TSchema, type TUnsafe } from 'typebox';

/** What a field's schema looks like to those who walk over it. */
export interface Field {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly description: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly items?: Field;
  readonly properties?: Readonly<Record<string, Field>>;
  /** Names that a complete document has; those with a default among them may be left out of a file. */
  readonly required?: readonly string[];
  /** The type of every value, for mappings whose names are free. */
  readonly additionalProperties?: Field;
  /** Where a default comes from that depends on other fields: a sentence for people. `completeDocument` fills it in. */
  readonly 'x-default-from'?: string;
  /** The pattern in words, to complete "expected ...". */
  readonly 'x-expected'?: string;
  readonly 'x-quantity'?: Quantity;
  /** What to do about a value that people write although it is none, by the value in lower case. */
  readonly 'x-hints'?: Readonly<Record<string, string>>;
  readonly 'x-exactly-one-of'?: readonly string[];
  /** A value that is never printed. */
  readonly 'x-secret'?: true;
  readonly 'x-kubernetes-preserve-unknown-fields'?: true;
  readonly 'x-kubernetes-list-type'?: 'map' | 'set';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

/** The range of a quantity, both ends included, and what it must be a multiple of. */
export interface Quantity {
  readonly unit: 'duration' | 'bytes';
  readonly min: string;
  readonly max: string;
  readonly step?: string;
}

interface TextOptions {
  default?: string;
  /** The default when it depends on other fields, in words. */
  defaultFrom?: string;
  pattern?: string;
  /** What the pattern means, to complete "expected ...". */
  expected?: string;
  minLength?: number;
  maxLength?: number;
}

/** Text. Never empty unless `minLength: 0` is said. */
export const text = (
  description: string,
  { defaultFrom, expected, minLength = 1, ...options }: TextOptions = {},
): TUnsafe<string> =>
  field({ type: 'string', description, minLength, 'x-default-from': defaultFrom, 'x-expected': expected, ...options });

/** One of a few words. */
export const choice = <const V extends string>(
  values: readonly V[],
  description: string,
  { hints, ...options }: { default?: NoInfer<V>; hints?: Readonly<Record<string, string>> } = {},
): TUnsafe<V> => field({ type: 'string', description, enum: values, 'x-hints': hints, ...options });

/** One of a few whole numbers. */
export const numberChoice = <const V extends number>(
  values: readonly V[],
  description: string,
  options: { default?: NoInfer<V> } = {},
): TUnsafe<V> => field({ type: 'integer', description, enum: values, ...options });

export const flag = (
  description: string,
  { defaultFrom, ...options }: { default?: boolean; defaultFrom?: string } = {},
): TUnsafe<boolean> => field({ type: 'boolean', description, 'x-default-from': defaultFrom, ...options });

export const whole = (
  description: string,
  options: { minimum: number; maximum: number; default?: number },
): TUnsafe<number> => field({ type: 'integer', description, ...options });

interface QuantityOptions {
  min: string;
  max: string;
  step?: string;
  default?: string;
  /** Where the value comes from when the field is left out. */
  defaultFrom?: string;
}

/** Text that `durationMs` of units.ts reads. */
export const duration = (description: string, options: QuantityOptions): TUnsafe<string> =>
  quantity('duration', description, options);

/** Text that `bytes` of units.ts reads. */
export const size = (description: string, options: QuantityOptions): TUnsafe<string> =>
  quantity('bytes', description, options);

const quantity = (
  unit: Quantity['unit'],
  description: string,
  { min, max, step, defaultFrom, ...options }: QuantityOptions,
): TUnsafe<string> =>
  field({
    type: 'string',
    description,
    'x-default-from': defaultFrom,
    'x-quantity': step ? { unit, min, max, step } : { unit, min, max },
    ...options,
  });

interface ListOptions {
  minItems?: number;
  default?: unknown[];
  /** The field whose value no two items share. */
  key?: string;
  /** No two items are the same text. */
  unique?: boolean;
}

export const list = <T extends TSchema>(items: T, description: string, { key, unique, ...options }: ListOptions = {}) =>
  Type.Array(items, {
    description: `${description}${defaultSentence(options)}`,
    ...options,
    ...(key && { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] }),
    ...(unique && { 'x-kubernetes-list-type': 'set' }),
  });

/** A mapping with free names and text values. */
export const textMap = (
  description: string,
  options: { default?: Record<string, string> } = {},
): TUnsafe<Record<string, string>> =>
  field({
    type: 'object',
    description,
    additionalProperties: { type: 'string', description: 'Any text.' },
    ...options,
  });

/** A mapping that is passed on to Kubernetes as it is. */
export const passedOn = (description: string): TUnsafe<Record<string, unknown>> =>
  field({ type: 'object', description, 'x-kubernetes-preserve-unknown-fields': true });

interface SectionOptions {
  /** `{}` where the section's own defaults apply although it is left out. */
  default?: Record<string, unknown>;
  exactlyOne?: readonly string[];
  secret?: boolean;
  preserveUnknown?: boolean;
}

/** A mapping with the fields given and no others. */
export const section = <P extends TProperties>(
  description: string,
  properties: P,
  { exactlyOne, secret, preserveUnknown, ...options }: SectionOptions = {},
) =>
  Type.Object(properties, {
    description,
    ...options,
    ...(exactlyOne && { 'x-exactly-one-of': exactlyOne }),
    ...(secret && { 'x-secret': true }),
    ...(preserveUnknown && { 'x-kubernetes-preserve-unknown-fields': true }),
  });

export const optional = <T extends TSchema>(schema: T): TOptional<T> => Type.Optional(schema) as TOptional<T>;

/** The default in words, as the last sentence of every description; empty where there is none. */
export const defaultSentence = (schema: { default?: unknown; 'x-default-from'?: string | undefined }): string => {
  if (schema['x-default-from'] !== undefined) return ` Default: ${schema['x-default-from']}.`;
  if (Array.isArray(schema.default)) return ' Default: none.';
  return schema.default === undefined || typeof schema.default === 'object' ? '' : ` Default: ${schema.default}.`;
};

const field = <V>(schema: Record<string, unknown>): TUnsafe<V> =>
  Type.Unsafe<V>({
    ...Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined)),
    description: `${schema.description}${defaultSentence(schema)}`,
  });

/** Required fields that a file must contain: those without a default. */
export const fieldsToWrite = ({ required = [], properties = {} }: Field): string[] =>
  required.filter(name => properties[name]!.default === undefined && properties[name]!['x-default-from'] === undefined);
