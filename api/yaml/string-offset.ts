/**
 * Where in the file the nth character of a YAML string stands. YAML takes indentation away, folds lines and undoes escapes, so the
 * value and its source are walked side by side: equal characters step together, a run of white space in the value stands for the
 * whole run in the source (indentation included), and an escape stands for the one character it makes.
 */
import type { Scalar } from 'yaml';

/** Offset in `text` of the character at `offset` in the value of `node`. Never beyond the node's end. */
export const sourceOffset = (text: string, node: Scalar, offset: number): number => {
  const [start, end] = node.range!;
  const value = String(node.value);
  const from = contentStart(text, node, start);
  if (node.type === 'PLAIN' && value !== text.slice(start, end) && !/[\r\n]/.test(text.slice(start, end))) return start;
  return align(value, Math.min(offset, value.length), text.slice(0, end), from, escapes(node));
};

/** Past the quote, or past the line of `|` or `>`. */
const contentStart = (text: string, node: Scalar, start: number): number => {
  if (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED') return text.indexOf('\n', start) + 1;
  return node.type === 'PLAIN' ? start : start + 1;
};

/** What one escape looks like in this kind of string; a line continuation stands for no character at all. */
const escapes = ({ type }: Scalar): RegExp | undefined => {
  if (type === 'QUOTE_SINGLE') return /''/y;
  if (type !== 'QUOTE_DOUBLE') return undefined;
  return /\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\r?\n\s*|.)/y;
};

const align = (value: string, offset: number, text: string, from: number, pattern: RegExp | undefined): number => {
  let at = isSpace(value[0]) ? from : skipSpace(text, from);
  let read = 0;
  while (read < offset) {
    if (isSpace(value[read]) && isSpace(text[at])) {
      const runEnd = skipSpace(value, read);
      if (runEnd > offset || runEnd === value.length) return Math.min(at + offset - read, skipSpace(text, at));
      read = runEnd;
      at = skipSpace(text, at);
    } else {
      const escaped = escapeAt(text, at, pattern);
      at += escaped?.length ?? 1;
      read += charactersOf(escaped);
    }
  }
  const continued = escapeAt(text, at, pattern);
  return Math.min(at + (charactersOf(continued) === 0 ? continued!.length : 0), text.length);
};

const escapeAt = (text: string, at: number, pattern: RegExp | undefined): string | undefined => {
  if (pattern === undefined) return undefined;
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
};

/** How many UTF-16 code units of the value an escape makes; 1 for what is none. */
const charactersOf = (escaped: string | undefined): number => {
  if (escaped === undefined) return 1;
  if (/^\\\r?\n/.test(escaped)) return 0;
  return escaped.startsWith('\\U') ? String.fromCodePoint(Number.parseInt(escaped.slice(2), 16)).length : 1;
};

const isSpace = (character: string | undefined): boolean => character !== undefined && ' \t\r\n'.includes(character);

const skipSpace = (text: string, from: number): number => {
  let at = from;
  while (isSpace(text[at])) at += 1;
  return at;
};
