/** Functions that put text together: joined, padded, formatted, unescaped. */
import { formatText } from '../formats/erlang-format.ts';
import { encodeJson } from '../json.ts';
import { mustFit } from '../longest-text.ts';
import { Refusal } from '../refusal.ts';
import { textOf } from '../text.ts';
import { isList, isNumeric, isText, type Value } from '../value.ts';
import { any, define, type FunctionEntry, integer, list, oneOf, optional, text } from './define.ts';
import { graphemes } from './strings.ts';

/** Padding makes text of any length from a number, so the number has a limit. */
const longestPadding = 1_000_000;

type Side = 'leading' | 'trailing' | 'both';

/** Each `filler` counts as one character, however many it has; of an odd number of them the last goes to the end. */
const pad = (value: string, length: number, side: Side = 'trailing', filler = ' '): string => {
  if (length > longestPadding) throw new Refusal(`length goes up to ${longestPadding}, not ${length}`);
  const missing = Math.max(0, length - graphemes(value).length);
  mustFit(value.length + missing * filler.length);
  if (side === 'leading') return filler.repeat(missing) + value;
  const before = side === 'both' ? Math.floor(missing / 2) : 0;
  return filler.repeat(before) + value + filler.repeat(missing - before);
};

/** A value as SQL writes it: numbers as they are, undefined as NULL, the rest as text in quotes. */
const sqlLiteral = (value: Value): string => {
  if (value === undefined) return 'NULL';
  if (isNumeric(value)) return textOf(value);
  const literal = isText(value) || !isList(value) ? textOf(value) : encodeJson(value);
  return `'${literal.replace(/[\\']/g, '\\$&')}'`;
};

const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', a: '\x07' },
  ...{ '\\': '\\', "'": "'", '"': '"', '?': '?' },
};

const codePoint = (digits: string): string => {
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Refusal(`\\x${digits} is no character`);
  return String.fromCodePoint(code);
};

/** A backslash at the very end stays. */
const resolveEscapes = (value: string): string =>
  value.replace(/\\(?:x([0-9a-fA-F]+)|(.))/gsu, (written: string, digits?: string, letter?: string) => {
    if (digits !== undefined) return codePoint(digits);
    const meant = letter !== undefined && Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (meant === undefined) throw new Refusal(`there is no escape ${written}`);
    return meant;
  });

/** One argument that is a list stands for its elements. */
const parts = (values: readonly Value[]): readonly Value[] => {
  const [only] = values;
  return values.length === 1 && isList(only) ? only : values;
};

const join = (separator: string, values: readonly Value[]): string => {
  let length = separator.length * values.length;
  const texts = values.map(value => {
    const text = textOf(value);
    length += text.length;
    mustFit(length);
    return text;
  });
  return texts.join(separator);
};

export const textMakingFunctions: readonly FunctionEntry[] = [
  define({
    name: 'concat',
    parameters: [any('first')],
    rest: any('more'),
    returns: 'text',
    description: 'All arguments, or the elements of one list, as text (see str), joined.',
    examples: [
      ["concat('v-', 7)", 'v-7'],
      ["concat('a', 2.0, true, [1])", 'a2.0true[1]'],
      ["concat(['a', 'b'])", 'ab'],
    ],
    call: values => join('', parts(values)),
  }),
  define({
    name: 'join_to_string',
    parameters: [any('separator'), optional(list('list'))],
    returns: 'text',
    description: "The elements of a list as text, with `separator` between them; ', ' when only a list is given.",
    examples: [
      ["join_to_string('-', ['a', 1, true])", 'a-1-true'],
      ["join_to_string(['a', 'b'])", 'a, b'],
    ],
    call: ([first, values]) =>
      values === undefined ? join(', ', list('list').read(first)) : join(text('separator').read(first), values),
  }),
  define({
    name: 'join_to_sql_values_string',
    parameters: [list('list')],
    returns: 'text',
    description:
      'The elements as SQL literals with commas between them: text in quotes, lists and maps as JSON in quotes.',
    examples: [["join_to_sql_values_string(['a', 1, [2]])", "'a', 1, '[2]'"]],
    call: ([values]) => join(', ', values.map(sqlLiteral)),
  }),
  define({
    name: 'pad',
    parameters: [
      text('text'),
      integer('length'),
      optional(oneOf('side', ['leading', 'trailing', 'both'])),
      optional(text('filler')),
    ],
    returns: 'text',
    description: 'The text made `length` characters long with spaces, or with `filler`, at its end or at `side`.',
    examples: [
      ["pad('ab', 4)", 'ab  '],
      ["pad('ab', 5, 'both', '*')", '*ab**'],
    ],
    call: ([value, length, side, filler]) => pad(value, length, side, filler),
  }),
  define({
    name: 'sprintf',
    parameters: [text('format')],
    rest: any('values'),
    returns: 'text',
    description:
      "`format` with its control sequences (Erlang's) replaced by the values: ~s text, ~b an integer, ~.2f a float, ~p anything, ~n a new line, ~~ a tilde.",
    examples: [
      ["sprintf('hello, ~s!', 'steve')", 'hello, steve!'],
      ["sprintf('~.2f at ~3..0b%', 1.5, 7)", '1.50 at 007%'],
    ],
    call: ([format, ...values]) => formatText(format, values),
  }),
  define({
    name: 'sprintf_s',
    parameters: [text('format'), list('values')],
    returns: 'text',
    description: 'As sprintf, with the values in a list.',
    examples: [["sprintf_s('~s is ~b', ['a', 1])", 'a is 1']],
    call: ([format, values]) => formatText(format, values),
  }),
  define({
    name: 'unescape',
    parameters: [text('text')],
    returns: 'text',
    description: 'The text with escapes as in C turned into what they stand for: \\n, \\t, \\\\, \\x20AC.',
    examples: [
      ["strlen(unescape('a\\n'))", 2],
      ["unescape('\\x20AC')", '€'],
    ],
    call: ([value]) => resolveEscapes(value),
  }),
];
