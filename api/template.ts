/**
 * Templates: text with `${...}` placeholders, for topics, keys, payloads and headers. This module knows their grammar only;
 * what a placeholder means is settled against a rule, by rules/template.ts.
 *
 *     ${payload.speed}        a path; ${.payload.speed} is the same, as in EMQX
 *     ${.}                    the whole row
 *     ${items[1].id}          the first element: positions count from 1, negative ones from the end
 *     ${payload.'fuel-level'} a key that is not a plain word
 *     ${vin:-unknown}         text to use when the path yields nothing; may be empty
 *     ${vin:?}                demands a value: a message without one fails; text after `:?` says why
 *     ${json payload.tags}    the value as JSON, text in quotes and null as null
 *     ${$}{vin}               the literal text ${vin}
 *
 * EMQX leaves what it does not understand as literal text (`${a-b}` arrives in Kafka as it is). Here that is an error, because it
 * never is what its author meant.
 */
import { MkbError } from './errors.ts';
import { TextReader } from './text-reader.ts';

export interface Placeholder {
  /** Steps from the row's root: names, and positions that count from 1 or, when negative, from the end. Empty for `${.}`. */
  readonly path: readonly (string | number)[];
  /** What to write when the path yields nothing. */
  readonly fallback?: string;
  /** That a value is demanded, and what to say where there is none; may be empty. */
  readonly demand?: string;
  /** Whether the value is written as JSON. */
  readonly json?: true;
  /** The placeholder as written, `${` and `}` included. */
  readonly text: string;
  /** Offset of its `$` in the template, in UTF-16 code units. */
  readonly at: number;
}

export interface Template {
  /** Literal text and placeholders in order; neighbouring literal text is one part, and no part is empty text. */
  readonly parts: readonly (string | Placeholder)[];
}

const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const position = /\[(-?[0-9]{1,9})\]/y;
const jsonWord = /json[ \t]+/y;
const quoted = /'([^']*)'|"([^"]*)"/y;

/** Reads a template. Throws `template-syntax` with the offset of the place in `details.offset`. */
export const parseTemplate = (text: string): Template => {
  const parts: (string | Placeholder)[] = [];
  let literal = '';
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('${', at);
    if (start === -1) break;
    literal += text.slice(at, start);
    if (text.startsWith('${$}', start)) {
      literal += '$';
      at = start + 4;
      continue;
    }
    if (literal !== '') parts.push(literal);
    literal = '';
    const placeholder = new PlaceholderReader(text, start).read();
    parts.push(placeholder);
    at = start + placeholder.text.length;
  }
  literal += text.slice(at);
  if (literal !== '') parts.push(literal);
  return { parts };
};

/** Reads the one placeholder that starts at `start`. */
class PlaceholderReader {
  readonly #reader: TextReader;
  readonly #start: number;

  constructor(text: string, start: number) {
    this.#reader = new TextReader(text, start + 2);
    this.#start = start;
  }

  read(): Placeholder {
    const json = this.#reader.match(jsonWord) !== undefined;
    const path = this.#path();
    if (json && path.length === 0) this.#fail('`${.}` is JSON already');
    const fallback = this.#after(':-');
    const demand = fallback === undefined ? this.#after(':?') : undefined;
    if (this.#reader.next !== '}') this.#fail(this.#leftover(path.length === 0));
    this.#reader.at += 1;
    const text = this.#reader.text.slice(this.#start, this.#reader.at);
    const at = this.#start;
    return {
      path,
      ...(demand !== undefined && { demand }),
      ...(fallback !== undefined && { fallback }),
      ...(json && { json }),
      text,
      at,
    };
  }

  #path(): (string | number)[] {
    const dotted = this.#reader.take('.');
    const first = this.#name();
    if (first === undefined) {
      if (dotted) return [];
      this.#fail(this.#emptiness());
    }
    const path: (string | number)[] = [first];
    for (let step = this.#step(); step !== undefined; step = this.#step()) path.push(step);
    return path;
  }

  #emptiness(): string {
    const next = this.#reader.next;
    if (next === undefined) return 'its closing `}` is missing';
    return next === '}' ? 'it names nothing' : 'a name must follow `${`';
  }

  #step(): string | number | undefined {
    const index = this.#reader.match(position)?.[1];
    if (index !== undefined) {
      if (Number(index) === 0) this.#fail('positions count from 1');
      return Number(index);
    }
    if (!this.#reader.take('.')) return undefined;
    return this.#name() ?? this.#fail('a name must follow the dot');
  }

  #name(): string | undefined {
    const plain = this.#reader.match(word)?.[0];
    if (plain !== undefined) return plain;
    const match = this.#reader.match(quoted);
    return match?.[1] ?? match?.[2];
  }

  /** The text between a sign and the closing bracket; undefined if the sign is not there. */
  #after(sign: string): string | undefined {
    if (!this.#reader.take(sign)) return undefined;
    const end = this.#reader.text.indexOf('}', this.#reader.at);
    if (end === -1) this.#fail('its closing `}` is missing');
    const text = this.#reader.text.slice(this.#reader.at, end);
    this.#reader.at = end;
    return text;
  }

  #leftover(wholeRow: boolean): string {
    if (!this.#reader.text.includes('}', this.#reader.at)) return 'its closing `}` is missing';
    if (wholeRow) return '`${.}` is the whole row and takes no path';
    const character = String.fromCodePoint(this.#reader.text.codePointAt(this.#reader.at)!);
    if (character === '(')
      return 'a template calls no function; select the call in the rule, as upper(payload.id) AS id, and name it here';
    if (character === '[' || character === '|')
      return `\`${character}\` cannot stand here; a key stands behind a dot (\${payload.id}), a position in brackets (\${payload.list[1]}), and nothing else`;
    return `\`${character}\` cannot stand here; a key that is not a plain word is written in quotes, as in \${payload.'fuel-level'}`;
  }

  #fail(reason: string): never {
    const end = this.#reader.text.indexOf('}', this.#start);
    const found = this.#reader.text.slice(this.#start, end === -1 ? undefined : end + 1);
    throw new MkbError('template-syntax', { found, reason, offset: this.#reader.at });
  }
}
