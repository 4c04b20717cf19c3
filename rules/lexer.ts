/**
 * SQL text to tokens.
 *
 * Quoting is that of SQL: no escapes, and a doubled quote is one ('it''s' is it's). EMQX keeps both, and drops all quotes at the ends.
 * A comment begins with `--`, or stands between `/*` and `*\/`. EMQX takes `--` for a comment only when a newline follows. Here a comment may
 * also end the text; only `1--1` there, with no space on either side, is still a minus of a minus.
 */
import { MkbError } from '../api/errors.ts';
import { keyHint } from './hints.ts';
import { parseInteger } from './numbers.ts';
import { placeAt } from './position.ts';
import { Float, type Value } from './value.ts';

export interface Token {
  /**
   * word: a bare name or keyword; name: a name in double quotes; text: a string in single quotes; symbol: an operator or bracket.
   */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'symbol' | 'end';
  /** A word or symbol as written; what is between the quotes; a number's digits. */
  readonly text: string;
  /** A number's value. */
  readonly value?: Value;
  readonly start: number;
  readonly end: number;
}

/** The longest rule accepted, in UTF-16 code units. */
const longestSql = 65_536;

const blank = /(?:\s+|--[^\n]*(?:\n|$)|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)+/y;
const word = /[A-Za-z_][A-Za-z0-9_$@~]*/y;
const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const text = /'(?:[^']|'')*'/y;
const name = /"(?:[^"]|"")*"/y;
const symbol = /\.\.|->|=~|~=|!=|<>|<=|>=|\|\||==|[-+*/()[\],.=<>%;:{}]/y;

/** All tokens of `sql`, the last of kind 'end'. Throws `rule-syntax` for a character that no token begins with. */
export const tokenize = (sql: string): Token[] => {
  if (sql.length > longestSql) fail(sql, longestSql, 'a longer rule', `at most ${longestSql} characters`);
  const tokens: Token[] = [];
  for (let at = skipBlank(sql, 0); at < sql.length; at = skipBlank(sql, tokens.at(-1)!.end)) {
    tokens.push(readToken(sql, at));
  }
  tokens.push({ kind: 'end', text: '', start: sql.length, end: sql.length });
  return tokens;
};

const skipBlank = (sql: string, from: number): number => {
  if (isDoubleMinus(sql, from)) return from;
  blank.lastIndex = from;
  return blank.test(sql) ? blank.lastIndex : from;
};

/** `1--1` on the last line. */
const isDoubleMinus = (sql: string, at: number): boolean =>
  sql.startsWith('--', at) &&
  !sql.includes('\n', at) &&
  /[\w)\]]/.test(sql[at - 1] ?? '') &&
  /[\w(]/.test(sql[at + 2] ?? '');

const match = (pattern: RegExp, sql: string, at: number): string | undefined => {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0];
};

const readToken = (sql: string, start: number): Token => {
  if (sql.startsWith('/*', start)) fail(sql, start, 'a comment that is never closed', 'its closing `*/`');
  const token = (kind: Token['kind'], source: string, inner = source, value?: Value): Token => {
    const placed = { kind, text: inner, start, end: start + source.length };
    return value === undefined ? placed : { ...placed, value };
  };
  const wordText = match(word, sql, start);
  if (wordText !== undefined) return token('word', wordText);
  const digits = match(number, sql, start);
  if (digits !== undefined) return token('number', digits, digits, numberValue(sql, start, digits));
  const quoted = match(text, sql, start);
  if (quoted !== undefined) return token('text', quoted, unquote(quoted));
  const named = match(name, sql, start);
  if (named !== undefined) return token('name', named, unquote(named));
  const sign = match(symbol, sql, start);
  return sign === undefined ? failAt(sql, start) : token('symbol', sign);
};

const numberValue = (sql: string, start: number, digits: string): Value => {
  if (/^\d+$/.test(digits)) return parseInteger(digits);
  const value = Number(digits);
  if (!Number.isFinite(value)) fail(sql, start, `\`${digits.slice(0, 40)}\``, 'a number that a float can hold');
  return Number.isInteger(value) ? new Float(value) : value;
};

const unquote = (quoted: string): string =>
  quoted[0] === "'" ? quoted.slice(1, -1).replaceAll("''", "'") : quoted.slice(1, -1).replaceAll('""', '"');

const failAt = (sql: string, at: number): never => {
  const character = String.fromCodePoint(sql.codePointAt(at)!);
  if (character === "'" || character === '"') return fail(sql, at, 'a quote that is never closed', 'its closing quote');
  return fail(sql, at, `\`${character}\``, 'a name, a value or an operator', keyHint(sql, at) ?? hints[character]);
};

const hints: Readonly<Record<string, string>> = {
  '#': 'A comment begins with `--`; a topic filter stands in quotes.',
  '`': 'A name that is not a plain word stands in double quotes.',
  '“': 'Use straight quotes.',
  '‘': 'Use straight quotes.',
  '”': 'Use straight quotes.',
  '’': 'Use straight quotes.',
  $: 'A topic filter stands in quotes.',
  '&': 'Write AND.',
  '|': 'Write OR, or `||` to join text.',
  '!': 'Write NOT, or `!=`.',
};

const fail = (sql: string, at: number, found: string, expected: string, hint?: string): never => {
  const details = { ...placeAt(sql, at), found, expected };
  throw new MkbError('rule-syntax', hint === undefined ? details : { ...details, hint });
};
