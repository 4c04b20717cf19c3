/** Functions on text. Characters are what a reader sees as one (grapheme clusters), positions count from 0, as in EMQX. */
import { mustFit } from '../longest-text.ts';
import { Refusal } from '../refusal.ts';
import { define, type FunctionEntry, integer, oneOf, optional, text } from './define.ts';

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const simple = /^[ -~]*$/;

/** The characters of `value` as a reader counts them; a line break of CR and LF is one. */
export const graphemes = (value: string): readonly string[] =>
  simple.test(value) ? value.split('') : Array.from(segmenter.segment(value), ({ segment }) => segment);

const substring = (value: string, start: number, length = Number.POSITIVE_INFINITY): string => {
  if (start < 0 || length < 0) throw new Refusal('start and length must not be negative');
  if (simple.test(value)) return value.slice(start, start + length);
  return graphemes(value)
    .slice(start, start + length)
    .join('');
};

type Side = 'leading' | 'trailing';

/** Parts around the first or last `separator`; the whole text alone when it does not occur. */
const splitOnce = (value: string, separator: string, side: Side): string[] => {
  const at = side === 'leading' ? value.indexOf(separator) : value.lastIndexOf(separator);
  return separator === '' || at < 0 ? [value] : [value.slice(0, at), value.slice(at + separator.length)];
};

const splitAll = (value: string, separator: string): string[] => (separator === '' ? [value] : value.split(separator));

const splitOptions = ['notrim', 'leading', 'leading_notrim', 'trailing', 'trailing_notrim'] as const;

const split = (value: string, separator: string, option?: (typeof splitOptions)[number]): string[] => {
  const side = option === undefined || option === 'notrim' ? undefined : (option.replace('_notrim', '') as Side);
  const parts = side === undefined ? splitAll(value, separator) : splitOnce(value, separator, side);
  return option?.endsWith('notrim') ? parts : parts.filter(part => part !== '');
};

const replace = (value: string, search: string, replacement: string, where: 'all' | Side): string => {
  const parts = where === 'all' ? splitAll(value, search) : splitOnce(value, search, where);
  mustFit(value.length + (parts.length - 1) * replacement.length);
  return parts.join(replacement);
};

/** Character by character: JavaScript alone would write Σ as ς at the end of a word. */
const lower = (value: string): string =>
  value
    .split('Σ')
    .map(part => part.toLowerCase())
    .join('σ');

/** Unicode's Pattern_White_Space, and CR LF, which is one character. No-break spaces are not among it. */
const whiteSpace: ReadonlySet<string> = new Set([
  ...['\t', '\n', '\v', '\f', '\r', ' ', '\r\n'],
  ...['\u0085', '\u200e', '\u200f', '\u2028', '\u2029'],
]);

const trimStart = (value: string, unwanted: ReadonlySet<string>): string => {
  const characters = graphemes(value);
  const first = characters.findIndex(character => !unwanted.has(character));
  if (first <= 0) return first < 0 ? '' : value;
  return characters.slice(first).join('');
};

const trimEnd = (value: string, unwanted: ReadonlySet<string>): string => {
  const characters = graphemes(value);
  const last = characters.findLastIndex(character => !unwanted.has(character));
  return last === characters.length - 1 ? value : characters.slice(0, last + 1).join('');
};

export const stringFunctions: readonly FunctionEntry[] = [
  define({
    name: 'lower',
    parameters: [text('text')],
    returns: 'text',
    description: 'The text in lower case.',
    examples: [["lower('Tesla X')", 'tesla x']],
    call: ([value]) => lower(value),
  }),
  define({
    name: 'upper',
    parameters: [text('text')],
    returns: 'text',
    description: 'The text in upper case.',
    examples: [["upper('vin')", 'VIN']],
    call: ([value]) => value.toUpperCase(),
  }),
  define({
    name: 'trim',
    parameters: [text('text')],
    returns: 'text',
    description: 'The text without white space at both ends.',
    examples: [["trim('  a b ')", 'a b']],
    call: ([value]) => trimEnd(trimStart(value, whiteSpace), whiteSpace),
  }),
  define({
    name: 'ltrim',
    parameters: [text('text')],
    returns: 'text',
    description: 'The text without white space at its beginning.',
    examples: [["ltrim('  a ')", 'a ']],
    call: ([value]) => trimStart(value, whiteSpace),
  }),
  define({
    name: 'rtrim',
    parameters: [text('text'), optional(text('characters'))],
    returns: 'text',
    description: 'The text without white space, or without any of `characters`, at its end.',
    examples: [
      ["rtrim(' a  ')", ' a'],
      ["rtrim('1.500', '0')", '1.5'],
    ],
    call: ([value, characters]) =>
      trimEnd(value, characters === undefined ? whiteSpace : new Set(graphemes(characters))),
  }),
  define({
    name: 'reverse',
    parameters: [text('text')],
    returns: 'text',
    description: 'The text from its last character to its first.',
    examples: [["reverse('abc')", 'cba']],
    call: ([value]) => graphemes(value).toReversed().join(''),
  }),
  define({
    name: 'strlen',
    parameters: [text('text')],
    returns: 'integer',
    description: 'How many characters the text has, as a reader counts them.',
    examples: [
      ["strlen('Überlingen')", 10],
      ["strlen('')", 0],
    ],
    call: ([value]) => graphemes(value).length,
  }),
  define({
    name: 'substr',
    parameters: [text('text'), integer('start'), optional(integer('length'))],
    returns: 'text',
    description: 'The text from position `start` (the first is 0), at most `length` characters of it.',
    examples: [
      ["substr('abcdef', 2)", 'cdef'],
      ["substr('abcdef', 2, 3)", 'cde'],
      ["substr('abc', 7)", ''],
    ],
    call: ([value, start, length]) => substring(value, start, length),
  }),
  define({
    name: 'split',
    parameters: [text('text'), text('separator'), optional(oneOf('option', splitOptions))],
    returns: 'list of text',
    description:
      'The parts between separators, empty ones left out. `notrim` keeps empty parts; `leading` and `trailing` split once, at the first or last separator.',
    examples: [
      ["split('a/b//c', '/')", ['a', 'b', 'c']],
      ["split('a/b//c', '/', 'notrim')", ['a', 'b', '', 'c']],
      ["split('a/b/c', '/', 'leading')", ['a', 'b/c']],
      ["split('a/b/c', '/', 'trailing')", ['a/b', 'c']],
    ],
    call: ([value, separator, option]) => split(value, separator, option),
  }),
  define({
    name: 'replace',
    parameters: [
      text('text'),
      text('search'),
      text('replacement'),
      optional(oneOf('where', ['all', 'leading', 'trailing'])),
    ],
    returns: 'text',
    description: 'The text with `search`, taken literally, replaced: everywhere, or only its first or last occurrence.',
    examples: [
      ["replace('a-b-c', '-', '/')", 'a/b/c'],
      ["replace('a-b-c', '-', '/', 'leading')", 'a/b-c'],
      ["replace('a-b-c', '-', '/', 'trailing')", 'a-b/c'],
    ],
    call: ([value, search, replacement, where = 'all']) => replace(value, search, replacement, where),
  }),
];
