/** Walks over tokens for the parser, and words its complaints: what was found, what was expected, what was perhaps meant. */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { dashHint } from './hints.ts';
import type { Token } from './lexer.ts';
import { placeAt } from './position.ts';

/** Words with a meaning of their own: they name no column and no alias unless they stand in double quotes. */
export const reservedWords: ReadonlySet<string> = new Set(
  'AND AS CASE DO ELSE ELSIF END FOREACH FROM IF IN INCASE NOT OR SELECT THEN WHEN WHERE'.split(' '),
);

const hints: Readonly<Record<string, string>> = {
  '==': 'Equality is a single `=`.',
  '*': '`*` stands alone in SELECT, for all columns. A comment begins with `--`.',
  '/': 'A topic filter stands in quotes. A comment begins with `--`.',
  ':': 'A key stands behind a dot: payload.key. Types are converted by str(), int() and float().',
  '%': 'The remainder is `mod`.',
  '~=': 'A topic matches a filter with `=~`.',
  ';': 'A rule is one statement and takes no `;`.',
  ORDER: 'Messages come one after the other, so there is no ORDER BY.',
  LIMIT: 'Messages never end, so there is no LIMIT. CHANGED and DEDUP let fewer through.',
  JOIN: 'A rule reads one message at a time, so there is no JOIN. kv_store_get reads what another message left.',
  UNION: 'FROM takes several topic filters, with commas between them.',
  ILIKE: 'Compare in lower case: lower(payload.x) LIKE ...',
  REGEXP: 'A regular expression is matched by regex_match(text, expression).',
  RLIKE: 'A regular expression is matched by regex_match(text, expression).',
  EXCEPT: 'SELECT * takes all columns. Otherwise name each that is wanted.',
  DISTINCT:
    'Messages never end, so there is no SELECT DISTINCT. WHERE CHANGED(x) passes on what differs from the last message of its topic, WHERE DEDUP(x, 60s) each value once within a time; COUNT(DISTINCT x) counts values.',
  '->': 'A lambda (x -> x.value) is an argument of functions such as array_map.',
};

export class TokenReader {
  readonly sql: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  /** @param tokens what `tokenize(sql)` gave */
  constructor(sql: string, tokens: readonly Token[]) {
    this.sql = sql;
    this.#tokens = tokens;
  }

  /** The token to come, or the one `ahead` places after it. */
  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  next(): Token {
    const token = this.peek();
    this.#at += 1;
    return token;
  }

  /** The end of the token taken last. */
  get lastEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  /** Whether the token `ahead` is this bare word, in any case. */
  isWord(word: string, ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === 'word' && text.toUpperCase() === word;
  }

  isSymbol(symbol: string, ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === 'symbol' && text === symbol;
  }

  isReserved(ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === 'word' && reservedWords.has(text.toUpperCase());
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.#at += 1;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.#at += 1;
    return true;
  }

  /** `10s`, `1h30m`: a number with its units, nothing between. Undefined when something else comes. */
  takeDuration(): string | undefined {
    const [amount, units] = [this.peek(), this.peek(1)];
    const adjacent = amount.kind === 'number' && units.kind === 'word' && units.start === amount.end;
    if (!adjacent || !/^(?:ms|[dhms])(?:\d|$)/.test(units.text)) return undefined;
    this.#at += 2;
    return amount.text + units.text;
  }

  /** A key: a bare word, or anything in quotes. */
  takeKey(): string {
    const { kind } = this.peek();
    return kind === 'word' || kind === 'name' || kind === 'text' ? this.next().text : this.fail('a key');
  }

  /** What follows a dot: a key, or digits that are one (`payload.1`; the number in `payload.1.2` is two). */
  takeKeys(): readonly string[] {
    const { kind, text } = this.peek();
    if (kind !== 'number' || !/^\d+(?:\.\d+)?$/.test(text)) return [this.takeKey()];
    const { end } = this.next();
    const after = this.peek();
    if (after.kind === 'word' && after.start === end) {
      const key = text + after.text;
      this.fail('a key', [], `A key that begins with a digit stands in quotes: .'${key}'.`);
    }
    return text.split('.');
  }

  expectWord(word: string, ...otherwise: string[]): void {
    if (!this.takeWord(word)) this.fail([...otherwise, word].join(' or '), [word]);
  }

  expectSymbol(symbol: string, ...otherwise: string[]): void {
    if (!this.takeSymbol(symbol)) this.fail([...otherwise, `\`${symbol}\``].join(' or '));
  }

  /**
   * Throws `rule-syntax` at the token to come.
   *
   * @param meant a hint, if the caller knows better than what follows
   * @param keywords what could stand here; a word like one of them, here or just before (where it was taken for an alias), is hinted at
   */
  fail(expected: string, keywords: readonly string[] = [], meant?: string): never {
    const token = this.peek();
    const hint = meant ?? hints[token.text.toUpperCase()] ?? dashHint(this.sql, token.start) ?? this.#meant(keywords);
    const details = { ...placeAt(this.sql, token.start), found: describeToken(token), expected };
    throw new MkbError('rule-syntax', hint === undefined ? details : { ...details, hint });
  }

  #meant(keywords: readonly string[]): string | undefined {
    for (const token of [this.peek(), this.#tokens[this.#at - 1]]) {
      if (token?.kind !== 'word' || reservedWords.has(token.text.toUpperCase())) continue;
      const keyword = nearest(token.text, keywords);
      if (keyword !== undefined) return `Did you mean ${keyword} instead of ${token.text}?`;
    }
    return undefined;
  }
}

const describeToken = ({ kind, text }: Token): string => {
  const short = text.length <= 40 ? text : `${text.slice(0, 40)}…`;
  switch (kind) {
    case 'end':
      return 'the end of the rule';
    case 'text':
      return `'${short}'`;
    case 'name':
      return `"${short}"`;
    default:
      return `\`${short}\``;
  }
};
