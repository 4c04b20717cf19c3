/** Functions that look for something in text, and cut there. */
import { Refusal } from '../refusal.ts';
import { define, type FunctionEntry, oneOf, optional, text } from './define.ts';
import { graphemes } from './strings.ts';

const find = (value: string, search: string, side: 'leading' | 'trailing'): string => {
  // Nothing is found at once, on either side.
  if (search === '') return value;
  const at = side === 'leading' ? value.indexOf(search) : value.lastIndexOf(search);
  return at < 0 ? '' : value.slice(at);
};

/** The runs of characters between separators. */
const tokens = (value: string, separators: ReadonlySet<string>): string[] => {
  const found: string[] = [];
  let token = '';
  for (const character of graphemes(value)) {
    if (!separators.has(character)) token += character;
    else if (token !== '') {
      found.push(token);
      token = '';
    }
  }
  if (token !== '') found.push(token);
  return found;
};

const firstByte = (value: string): number => {
  const [byte] = Buffer.from(value);
  if (byte === undefined) throw new Refusal('empty text has no first character');
  return byte;
};

export const textSearchFunctions: readonly FunctionEntry[] = [
  define({
    name: 'find',
    parameters: [text('text'), text('search'), optional(oneOf('side', ['leading', 'trailing']))],
    returns: 'text',
    description:
      'The text from the first (or, `trailing`, the last) place where `search` stands; empty if it is nowhere.',
    examples: [
      ["find('..., Value: 1.2', 'Value:')", 'Value: 1.2'],
      ["find('Front, Middle, End', ', ', 'trailing')", ', End'],
      ["find('abc', 'x')", ''],
    ],
    call: ([value, search, side = 'leading']) => find(value, search, side),
  }),
  define({
    name: 'tokens',
    parameters: [text('text'), text('separators'), optional(oneOf('option', ['nocrlf']))],
    returns: 'list of text',
    description:
      'The parts between any of the characters of `separators`, never empty; `nocrlf` adds CR and LF to them.',
    examples: [
      ["tokens('a,b;;c', ',;')", ['a', 'b', 'c']],
      ["tokens('', ',')", []],
    ],
    call: ([value, separators, option]) =>
      tokens(value, new Set([...graphemes(separators), ...(option === undefined ? [] : ['\r', '\n', '\r\n'])])),
  }),
  define({
    name: 'rm_prefix',
    parameters: [text('text'), text('prefix')],
    returns: 'text',
    description: 'The text without `prefix`, if it begins with it.',
    examples: [
      ["rm_prefix('car/7', 'car/')", '7'],
      ["rm_prefix('7', 'car/')", '7'],
    ],
    call: ([value, prefix]) => (value.startsWith(prefix) ? value.slice(prefix.length) : value),
  }),
  define({
    name: 'ascii',
    parameters: [text('character')],
    returns: 'integer',
    description: 'The code of the first character: its first byte in UTF-8.',
    examples: [["ascii('abc')", 97]],
    call: ([value]) => firstByte(value),
  }),
];
