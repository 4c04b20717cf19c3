/** Values written as Erlang writes terms, for the ~w and ~p of sprintf: text is <<"abc">>, a map #{<<"a">> => 1}. */
import { isUtf8 } from 'node:buffer';
import { BitString } from '../bit-string.ts';
import { compareText } from '../compare.ts';
import { Float, isList, type Value, type ValueMap } from '../value.ts';
import { shortest } from './float-text.ts';

export interface TermStyle {
  /** Text as characters where it is readable (~p), or as the numbers of its bytes (~w). */
  readonly readable: boolean;
  /** Characters beyond Latin-1 too (~tp). */
  readonly unicode: boolean;
}

/** One value, on one line. */
export const termText = (value: Value, style: TermStyle): string => {
  if (typeof value === 'string') return bytesText(Buffer.from(value), style);
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : shortest(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Float) return shortest(value.value);
  if (value instanceof Uint8Array) return bytesText(value, style);
  if (value instanceof BitString) return bitsText(value);
  return isList(value) ? listText(value, style) : mapText(value, style);
};

const listText = (list: readonly Value[], style: TermStyle): string => {
  if (style.readable && list.length > 0 && list.every(isPrintable)) return quoted(list as readonly number[]);
  return `[${list.map(item => termText(item, style)).join(',')}]`;
};

const mapText = (map: ValueMap, style: TermStyle): string => {
  const entries = Object.keys(map)
    .sort(compareText)
    .map(key => `${termText(key, style)} => ${termText(map[key], style)}`);
  return `#{${entries.join(',')}}`;
};

const bytesText = (bytes: Buffer, { readable, unicode }: TermStyle): string => {
  if (readable && bytes.length > 0) {
    if (unicode && bytes.some(byte => byte > 126) && isUtf8(bytes)) {
      const characters = Array.from(bytes.toString('utf8'), character => character.codePointAt(0)!);
      if (characters.every(code => isPrintable(code) || code > 255)) return `<<${quoted(characters)}/utf8>>`;
    }
    // Erlang shows each byte as a Latin-1 character, and whoever reads UTF-8 sees the original text again.
    if (bytes.every(isPrintable)) return `<<${quoteBytes(bytes)}>>`;
  }
  return `<<${[...bytes].join(',')}>>`;
};

const quoteBytes = (bytes: Buffer): string =>
  isUtf8(bytes) ? `"${escaped(bytes.toString('utf8'))}"` : quoted([...bytes]);

const bitsText = (bits: BitString): string => {
  const rest = bits.length % 8;
  const bytes = [...bits.alignedToStart()];
  const last = (bytes.pop() ?? 0) >> (8 - rest);
  return `<<${[...bytes, `${last}:${rest}`].join(',')}>>`;
};

/** Whether Latin-1 has a character for it that can be shown, or that has an escape. */
const isPrintable = (value: Value): boolean =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  ((value >= 32 && value <= 126) || (value >= 160 && value <= 255) || (value >= 8 && value <= 13) || value === 27);

const quoted = (codes: readonly number[]): string =>
  `"${escaped(codes.map(code => String.fromCodePoint(code)).join(''))}"`;

const escapes: Readonly<Record<string, string>> = {
  ...{ '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\b': '\\b', '\f': '\\f', '\x1b': '\\e' },
  ...{ '"': '\\"', '\\': '\\\\' },
};

const escaped = (text: string): string => Array.from(text, character => escapes[character] ?? character).join('');
