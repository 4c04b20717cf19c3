/** Values and what is expected of them, in words; never the content of a secret, nor the credentials in a url. */
import type { Field } from './schema/fields.ts';

/** The type of a value in the words of the schema; `number` is one that is not whole. */
export const typeOf = (value: unknown): Field['type'] | 'number' | 'null' => {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number';
  return typeof value as 'object' | 'string' | 'boolean';
};

/** The value in words, short. */
export const describe = (value: unknown): string => {
  switch (typeOf(value)) {
    case 'null':
      return 'nothing';
    case 'array':
      return 'a list';
    case 'object':
      return 'a mapping';
    case 'string':
      return `"${shorten(String(value))}"`;
    case 'boolean':
      return `the boolean ${value}`;
    default:
      return `the number ${value}`;
  }
};

export const describeSecret = (value: unknown): string =>
  typeof value === 'object'
    ? describe(value)
    : `${typeof value === 'string' ? 'text' : `a ${typeof value}`} (not shown)`;

/** Text short enough for one line, credentials masked. */
export const shorten = (text: string): string => {
  const masked = text.replace(/(?<=:\/\/)[^\s/@]+(?=@)/g, '***');
  return masked.length > 60 ? `${masked.slice(0, 57)}...` : masked;
};

/** What a field takes, to complete "expected ...". */
export const expectation = (field: Field): string => {
  const quantity = field['x-quantity'];
  if (quantity) return quantity.unit === 'duration' ? 'text such as 5ms, 30s or 24h' : 'text such as 512KiB or 1GiB';
  if (field.enum) return oneOf(field.enum.map(value => (typeof value === 'string' ? `"${value}"` : String(value))));
  if (field['x-expected']) return field['x-expected'];
  const { minimum, maximum } = field;
  if (minimum !== undefined) return `a whole number from ${minimum} to ${maximum}`;
  const names = {
    object: 'a mapping',
    array: 'a list',
    string: 'text',
    integer: 'a whole number',
    boolean: 'true or false',
  };
  return names[field.type];
};

/** Names as "a, b or c". */
export const oneOf = (names: readonly string[]): string =>
  names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;

/** What to write instead of a value of the wrong type; undefined when there is nothing to say that `expectation` does not. */
export const remedyOfType = (field: Field, value: unknown): string | undefined => {
  if (field['x-secret']) {
    return 'Write {value: ...}, or {valueFrom: ...} to keep the secret out of the document.';
  }
  if (value === null) {
    return field.type === 'object'
      ? 'Write {} for a mapping without fields, or leave it out.'
      : 'Give it a value, or leave it out.';
  }
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  if (field.type === 'string' && scalar) return quoteIt(field, value);
  if (field.type === 'array' && typeof value === 'string') return 'Put it in brackets: [...].';
  if (typeof value === 'string' && !Number.isNaN(Number(value)) && field.type === 'integer')
    return 'Leave the quotes out.';
  return undefined;
};

const quoteIt = (field: Field, value: number | boolean): string | undefined => {
  if (field['x-quantity'])
    return `Add the unit, as in ${value}${field['x-quantity'].unit === 'duration' ? 's' : 'MiB'}.`;
  return `Put it in quotes: "${value}".`;
};
