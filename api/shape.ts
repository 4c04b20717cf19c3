/**
 * Whether a value has the shape of the schema: types, names, allowed values, ranges, and exactly-one-of. Written for this one kind of
 * schema rather than taken from a JSON Schema validator, because its messages are the product: what was found, what is allowed,
 * the nearest name, and never a secret.
 *
 * `checkShape` finds everything that is wrong, not the first thing. `fillDefaults` trusts that nothing is.
 */
import { MkbError } from './errors.ts';
import { type Finding, finding } from './findings.ts';
import { nearest } from './nearest.ts';
import type { Path } from './problems.ts';
import { type Field, fieldsToWrite, type Quantity } from './schema/fields.ts';
import { bytes, durationMs } from './units.ts';
import {
  describe,
  describeSecret,
  expectation,
  hintFor,
  oneOf,
  remedyOfType,
  shorten,
  typeOf,
  unitFor,
} from './words.ts';

export const checkShape = (field: Field, value: unknown, path: Path = []): Finding[] => {
  const mistyped = checkType(field, value, path);
  if (mistyped) return [mistyped];
  switch (field.type) {
    case 'object':
      return checkObject(field, value as Record<string, unknown>, path);
    case 'array':
      return checkList(field, value as unknown[], path);
    default:
      return checkScalar(field, value as string | number | boolean, path);
  }
};

const checkType = (field: Field, value: unknown, path: Path): Finding | undefined => {
  if (typeOf(value) === field.type) return undefined;
  const found = field['x-secret'] ? describeSecret(value) : describe(value);
  const remedy = remedyOfType(field, value, candidate => accepts(field, candidate));
  return finding(path, 'field-type', { found, expected: expectation(field) }, { remedy });
};

const accepts = (field: Field, candidate: unknown): boolean => checkShape(field, candidate).length === 0;

const checkObject = (field: Field, value: Record<string, unknown>, path: Path): Finding[] => {
  const found: Finding[] = [];
  for (const [name, inner] of Object.entries(value)) {
    const own = propertyOf(field, name);
    if (own) for (const each of checkShape(own, inner, [...path, name])) found.push(each);
    else if (!field['x-kubernetes-preserve-unknown-fields']) found.push(unknownField(field, name, path));
  }
  for (const name of fieldsToWrite(field)) {
    if (!Object.hasOwn(value, name)) found.push(finding(path, 'field-missing', { name }, missingExtra(field, name)));
  }
  return [...found, ...checkExactlyOne(field, value, path)];
};

/** The schema of a name in a mapping, whether the name is fixed or free. */
export const propertyOf = (field: Field, name: string): Field | undefined =>
  field.properties && Object.hasOwn(field.properties, name) ? field.properties[name] : field.additionalProperties;

const missingExtra = (field: Field, name: string): { at: 'key'; remedy: string } => ({
  at: 'key',
  remedy: `Add \`${name}\`: ${field.properties![name]!.description}`,
});

const unknownField = (field: Field, name: string, path: Path): Finding => {
  const allowed = Object.keys(field.properties ?? {});
  const remedy = allowed.length > 0 ? `Allowed here: ${allowed.join(', ')}.` : 'No fields are allowed here; write {}.';
  return finding([...path, name], 'field-unknown', { name, meant: nearest(name, allowed) }, { at: 'key', remedy });
};

const checkExactlyOne = (field: Field, value: Record<string, unknown>, path: Path): Finding[] => {
  const choices = field['x-exactly-one-of'];
  if (choices === undefined) return [];
  const given = choices.filter(name => Object.hasOwn(value, name));
  const names = oneOf(choices.map(name => `\`${name}\``));
  // A misspelt name is reported as such; that then none is given follows from it.
  const misspelt = Object.keys(value).some(name => !propertyOf(field, name) && nearest(name, choices) !== undefined);
  if (given.length === 1 || (given.length === 0 && misspelt)) return [];
  if (given.length === 0) {
    const remedy = `Add exactly one of ${names}.`;
    return [finding(path, 'field-conflict', { reason: `One of ${names} is missing.` }, { at: 'key', remedy })];
  }
  const both = given.map(name => `\`${name}\``).join(' and ');
  const reason = `${both} exclude each other: exactly one of ${names} is allowed.`;
  return given
    .slice(1)
    .map(name => finding([...path, name], 'field-conflict', { reason }, { at: 'key', remedy: `Keep one of ${both}.` }));
};

const checkList = (field: Field, value: readonly unknown[], path: Path): Finding[] => {
  const { minItems = 0, items } = field;
  if (value.length < minItems) {
    return [
      finding(
        path,
        'field-value',
        { found: 'an empty list', expected: `at least ${minItems} item` },
        { remedy: undefined },
      ),
    ];
  }
  const inner = value.flatMap((item, index) => checkShape(items!, item, [...path, index]));
  return [...inner, ...checkUnique(field, value, path)];
};

const checkUnique = (field: Field, value: readonly unknown[], path: Path): Finding[] => {
  if (field['x-kubernetes-list-type'] === undefined) return [];
  const name = field['x-kubernetes-list-map-keys']?.[0];
  const keys = value.map(item => (name === undefined ? item : (item as Record<string, unknown> | null)?.[name]));
  return keys.flatMap((key, index) => {
    const first = keys.indexOf(key);
    if (first === index || typeof key !== 'string') return [];
    const where = name === undefined ? [...path, index] : [...path, index, name];
    const reason = `"${shorten(key)}" is given twice: it is also item ${first + 1} of the list.`;
    return [finding(where, 'field-conflict', { reason }, { remedy: 'Keep one, or give each its own name.' })];
  });
};

const checkScalar = (field: Field, value: string | number | boolean, path: Path): Finding[] => {
  if (isAllowed(field, value))
    return field['x-quantity'] ? checkQuantity(field, field['x-quantity'], String(value), path) : [];
  const hint = hintFor(field, value);
  const meant = field.enum && !hint ? nearest(String(value), field.enum.map(String)) : undefined;
  const found = value === '' ? 'empty text' : describe(value);
  const expected = value === '' && field.pattern === undefined ? 'some text' : expectationOfValue(field);
  return [finding(path, 'field-value', { found, expected, meant }, { remedy: hint })];
};

const expectationOfValue = (field: Field): string =>
  field.type === 'string' && !field.enum && !field.pattern && field.maxLength
    ? `text of at most ${field.maxLength} characters`
    : expectation(field);

const isAllowed = (field: Field, value: string | number | boolean): boolean => {
  if (field.enum) return field.enum.includes(value as string | number);
  if (typeof value === 'number') return value >= (field.minimum ?? -Infinity) && value <= (field.maximum ?? Infinity);
  if (typeof value === 'boolean') return true;
  const { pattern, minLength = 0, maxLength = Infinity } = field;
  if (value.length < minLength || value.length > maxLength) return false;
  return pattern === undefined || new RegExp(pattern).test(value);
};

const checkQuantity = (field: Field, { unit, min, max, step }: Quantity, value: string, path: Path): Finding[] => {
  const measure = unit === 'duration' ? durationMs : bytes;
  try {
    const amount = measure(value);
    if (amount < measure(min) || amount > measure(max)) {
      return [finding(path, 'field-value', { found: value, expected: `${min} to ${max}` }, { remedy: undefined })];
    }
    if (step === undefined || amount % measure(step) === 0) return [];
    return [finding(path, 'field-value', { found: value, expected: `a multiple of ${step}` }, { remedy: undefined })];
  } catch (error) {
    if (!MkbError.is(error, 'quantity-invalid')) throw error;
    const isNumber = /^[0-9.]+$/.test(value);
    const remedy = isNumber ? unitFor(field, value, candidate => accepts(field, candidate)) : undefined;
    return [
      finding(path, 'field-value', { found: `"${shorten(value)}"`, expected: error.details.expected }, { remedy }),
    ];
  }
};

/** A copy of `value` in which every field that has a fixed default is there. */
export const fillDefaults = (field: Field, value: unknown): unknown => {
  if (field.type === 'array' && Array.isArray(value)) return value.map(item => fillDefaults(field.items!, item));
  if (typeOf(value) !== 'object' || field.properties === undefined) return structuredClone(value);
  const given = value as Record<string, unknown>;
  const filled = { ...given };
  for (const [name, own] of Object.entries(field.properties)) {
    const inner = Object.hasOwn(given, name) ? given[name] : own.default;
    if (inner !== undefined) filled[name] = fillDefaults(own, inner);
  }
  return filled;
};
