/**
 * The SQL of a rule, in one form: reserved words in capitals, a clause on a line of its own where there is more than one line, even spaces and
 * indentation. Line breaks that somebody made stay, and so does every comment.
 *
 * It must not change what a rule does, and spaces can: an item of SELECT without a name is called by its text, and a line break makes a comment of
 * `1--1`. So text that is a name is left alone, and whatever comes out is parsed and compared; if it is not the same rule, nothing is changed.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Token, tokenize } from './lexer.ts';
import { parseRule } from './parser.ts';
import { ownName } from './select.ts';
import type { SelectedValue, Statement } from './syntax.ts';
import { reservedWords } from './token-reader.ts';

/** Columns from which a rule of one line gets several. */
export const widestLine = 120;

/** SQL that cannot be parsed stays as it is. */
export function formatSql(sql: string): string {
  const statement = parsed(sql);
  if (statement === undefined) return sql;
  const kept = namesInText(statement);
  for (const capitals of [true, false]) {
    const formatted = written(sql, kept, capitals);
    if (isSame(sql, formatted)) return formatted;
  }
  return sql;
}

/** Whether two texts are the same rule, comments included. */
export const isSame = (sql: string, other: string): boolean => {
  const [one, two] = [parsed(sql), parsed(other)];
  if (one === undefined || two === undefined) return false;
  return (
    isDeepStrictEqual(meaning(one, sql), meaning(two, other)) && isDeepStrictEqual(commentsOf(sql), commentsOf(other))
  );
};

const parsed = (sql: string): Statement | undefined => {
  try {
    return parseRule(sql);
  } catch {
    return undefined;
  }
};

const valuesOf = ({ selected, foreach }: Statement): SelectedValue[] =>
  [...selected, ...(foreach?.fields ?? [])].filter(item => item.kind === 'value');

interface Range {
  readonly start: number;
  readonly end: number;
}

const namesInText = (statement: Statement): Range[] =>
  valuesOf(statement).flatMap(({ alias, expression }) => (alias === undefined ? [expression] : []));

const meaning = (statement: Statement, sql: string): unknown => [
  withoutPlaces(statement),
  valuesOf(statement).map(({ alias, expression }) => alias ?? ownName(sql, expression)),
];

const places: ReadonlySet<string> = new Set(['start', 'end']);

function withoutPlaces(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPlaces);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) =>
      // The window as it is written is shown, and means nothing.
      places.has(name) || name === 'windowText' ? [] : [[name, withoutPlaces(each)]],
    ),
  );
}

/** What stands before a token: comments with whether each is on a line of its own, and line breaks. */
interface Gap {
  readonly comments: readonly { readonly text: string; readonly own: boolean }[];
  readonly breaks: number;
  readonly text: string;
}

function gapOf(text: string): Gap {
  const lines = text.split('\n');
  const comments = lines.flatMap((line, at) => (line.trim() === '' ? [] : [{ text: line.trim(), own: at > 0 }]));
  const breaks =
    lines.slice(lines.findLastIndex(line => line.trim() !== '') + 1).length - (comments.length > 0 ? 0 : 1);
  return { comments, breaks, text };
}

const commentsOf = (sql: string): string[] => {
  const tokens = tokenize(sql);
  return tokens.flatMap((token, at) =>
    gapOf(sql.slice(tokens[at - 1]?.end ?? 0, token.start)).comments.map(({ text }) => text),
  );
};

function written(sql: string, kept: readonly Range[], capitals: boolean): string {
  const tokens = tokenize(sql);
  const gaps = tokens.map((token, at) => gapOf(sql.slice(tokens[at - 1]?.end ?? 0, token.start)));
  const hasComments = gaps.some(({ comments }) => comments.length > 0);
  const line = new Writer(sql, kept, capitals).line(tokens, gaps);
  const isLong = line.length > widestLine || sql.trim().includes('\n');
  if (hasComments || isLong) return new Writer(sql, kept, capitals).lines(tokens, gaps);
  return sql.endsWith('\n') ? `${line}\n` : line;
}

const clauses: ReadonlySet<string> = new Set('SELECT FOREACH DO INCASE FROM WHERE GROUP HAVING LET'.split(' '));
const opens: ReadonlySet<string> = new Set(['(', '[', '{']);
const closes: ReadonlySet<string> = new Set([')', ']', '}']);
const spaced: ReadonlySet<string> = new Set(['=', '!=', '<>', '<', '<=', '>', '>=', '=~', '||', '->']);

/** Lines as they are written. */
class Page {
  readonly #lines: string[] = [];
  #line = '';

  get text(): string {
    this.break(0);
    return `${this.#lines.join('\n')}\n`;
  }

  /** Ends the line. One empty line may stay. */
  break(breaks: number): void {
    if (this.#line !== '') this.#lines.push(this.#line.trimEnd());
    this.#line = '';
    if (breaks > 1 && this.#lines.length > 0) this.#lines.push('');
  }

  comments({ comments }: Gap, indent: string): void {
    for (const { text, own } of comments) {
      if (own || this.#line === '') {
        this.break(0);
        this.#lines.push(indent + text);
      } else {
        this.#line += ` ${text}`;
        this.break(0);
      }
    }
  }

  add(indent: string, space: string, text: string): void {
    this.#line += (this.#line === '' ? indent : space) + text;
  }
}

class Writer {
  readonly #sql: string;
  readonly #kept: readonly Range[];
  readonly #capitals: boolean;
  #depth = 0;

  constructor(sql: string, kept: readonly Range[], capitals: boolean) {
    this.#sql = sql;
    this.#kept = kept;
    this.#capitals = capitals;
  }

  /** In one line, without comments. */
  line(tokens: readonly Token[], gaps: readonly Gap[]): string {
    let line = '';
    for (const [at, token] of tokens.entries())
      if (token.kind !== 'end')
        line += this.#space(tokens[at - 1], token, gaps[at]!) + this.#text(tokens[at - 1], token);
    return line;
  }

  lines(tokens: readonly Token[], gaps: readonly Gap[]): string {
    const page = new Page();
    for (const [at, token] of tokens.entries()) {
      const gap = gaps[at]!;
      const before = tokens[at - 1];
      const isKept = this.#isKept(before, token);
      const isClause = !isKept && this.#beginsClause(before, token);
      const indent = isClause || token.kind === 'end' ? '' : '  '.repeat(1 + this.#depthAt(token));
      if (!isKept) page.comments(gap, indent);
      if (token.kind === 'end') break;
      if (!isKept && (isClause || gap.comments.length > 0 || gap.breaks > 0)) page.break(gap.breaks);
      page.add(indent, this.#space(before, token, gap), this.#text(before, token));
      this.#count(token);
    }
    return page.text;
  }

  #text(before: Token | undefined, { kind, text, start, end }: Token): string {
    const source = this.#sql.slice(start, end);
    const isWord =
      kind === 'word' && before?.text !== '.' && !this.#kept.some(each => start >= each.start && end <= each.end);
    const isReserved = reservedWords.has(text.toUpperCase());
    return this.#capitals && isWord && isReserved ? source.toUpperCase() : source;
  }

  #space(before: Token | undefined, token: Token, gap: Gap): string {
    if (before === undefined) return '';
    if (this.#isKept(before, token)) return gap.text;
    const [left, right] = [symbolOf(before), symbolOf(token)];
    if (right === ',' || right === ')' || right === ']' || left === '(' || left === '[') return '';
    if (left === ',' || spaced.has(left) || spaced.has(right)) return ' ';
    return gap.text === '' ? '' : ' ';
  }

  /** Whether the space between two tokens is part of a name. */
  #isKept(before: Token | undefined, token: Token): boolean {
    return before !== undefined && this.#kept.some(({ start, end }) => before.start >= start && token.end <= end);
  }

  #beginsClause(before: Token | undefined, { kind, text }: Token): boolean {
    return kind === 'word' && this.#depth === 0 && before?.text !== '.' && clauses.has(text.toUpperCase());
  }

  #depthAt(token: Token): number {
    return Math.max(0, this.#depth - (closes.has(symbolOf(token)) || isWord(token, 'END') ? 1 : 0));
  }

  #count(token: Token): void {
    if (opens.has(symbolOf(token)) || isWord(token, 'CASE')) this.#depth++;
    if (closes.has(symbolOf(token)) || isWord(token, 'END')) this.#depth = Math.max(0, this.#depth - 1);
  }
}

const symbolOf = ({ kind, text }: Token): string => (kind === 'symbol' ? text : '');
const isWord = ({ kind, text }: Token, word: string): boolean => kind === 'word' && text.toUpperCase() === word;
