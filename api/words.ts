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

/**
 * Text with what may be a login in a url masked: user and password, and the values of the query. The names of the values stay, so that one
 * sees which parameter it is.
 *
 * @param mask what stands in the place of a secret
 */
export const maskUrls = (text: string, mask: (secret: string) => string = () => '***'): string =>
  text.replace(/\b[a-z][a-z0-9+.-]{0,19}:\/\/[^\s"'`<>]+/gi, url =>
    url
      .replace(/(?<=:\/\/)[^/?#]+(?=@)/, mask)
      .replace(/(?<=\?)[^#]+/, query =>
        query.replace(/(?<=^|&)([^&=]+=|)([^&]+)/g, (_, name, value) => name + mask(value)),
      )
      .replace(/(?<=#).+/, mask),
  );

/** Text short enough for one line, credentials masked. */
export const shorten = (text: string): string => {
  const masked = maskUrls(text);
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

/**
 * What to write instead of a value of the wrong type; undefined when there is nothing to say that `expectation` does not.
 *
 * @param accepts whether the field takes a value: nothing is proposed that would be refused next
 */
export const remedyOfType = (
  field: Field,
  value: unknown,
  accepts: (candidate: unknown) => boolean,
): string | undefined => {
  if (field['x-secret']) {
    return 'Write {value: ...}, or {valueFrom: ...} to keep the secret out of the document.';
  }
  const hint = hintFor(field, value);
  if (hint !== undefined) return hint;
  if (value === null) {
    return field.type === 'object' && accepts({})
      ? 'Write {} for a mapping without fields, or leave it out.'
      : 'Give it a value, or leave it out.';
  }
  if (typeof value === 'number' || typeof value === 'boolean') return textFor(field, String(value), accepts);
  if (typeof value !== 'string') return undefined;
  if (field.type === 'array' && accepts([value])) return 'Put it in brackets: [...].';
  if (field.type === 'integer' && value.trim() !== '' && accepts(Number(value))) return 'Leave the quotes out.';
  if (field.type === 'boolean') return flagFor(value);
  return undefined;
};

/** What the schema says of a value that people write although it is none. */
export const hintFor = (field: Field, value: unknown): string | undefined => {
  const hints = field['x-hints'];
  if (typeof value === 'object') return undefined;
  const written = String(value).toLowerCase();
  return hints && Object.hasOwn(hints, written) ? hints[written] : undefined;
};

const textFor = (field: Field, written: string, accepts: (candidate: unknown) => boolean): string | undefined => {
  if (field.type !== 'string') return undefined;
  if (field['x-quantity']) return unitFor(field, written, accepts);
  return accepts(written) ? `Put it in quotes: "${written}".` : undefined;
};

/** A number with the unit that the default has, if that is in the range; otherwise with the first that is. */
export const unitFor = (
  field: Field,
  written: string,
  accepts: (candidate: unknown) => boolean,
): string | undefined => {
  const usual = /[a-zA-Z]+$/.exec(String(field.default ?? ''))?.[0];
  const units = field['x-quantity']?.unit === 'duration' ? ['s', 'ms', 'm', 'h', 'd'] : ['MiB', 'KiB', 'B', 'GiB'];
  const unit = (usual === undefined ? units : [usual, ...units]).find(each => accepts(written + each));
  return unit && `Add the unit, as in ${written}${unit}.`;
};

const flagFor = (written: string): string | undefined => {
  const word = written.trim().toLowerCase();
  if (word === 'true' || word === 'false') return 'Leave the quotes out.';
  if (['yes', 'on', '1'].includes(word)) return 'Write true.';
  return ['no', 'off', '0'].includes(word) ? 'Write false.' : undefined;
};
