/**
 * CSV with a header [RFC 4180], as PostgreSQL reads it too: a value is text, one of no characters is missing, and `""` is empty text.
 *
 * Why not a library: they make text of every value, and what is kept here is where rows begin and end.
 */
import { isUtf8 } from 'node:buffer';
import { nearest } from '../../api/nearest.ts';
import { newMap } from '../value.ts';
import { TableFault } from './fault.ts';
import { checkLength, rowsAtOnce } from './pieces.ts';
import type { Format, KeyedRow, TakeRow } from './written.ts';

const quote = 0x22;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

type CsvFormat = Extract<Format, { kind: 'csv' }>;

/** Walks over the values of a text. One object for all of them. */
class Values {
  /** Whether the value that was read last ends its row. */
  endsRow = false;
  /** Where the value that was read last ends, without what separates it from the next. */
  end = 0;
  readonly #bytes: Buffer;
  readonly #separator: number;
  #at: number;
  #from = 0;
  #to = 0;
  #isQuoted = false;
  #isDoubled = false;

  constructor(bytes: Buffer, at: number, separator: string) {
    this.#bytes = bytes;
    this.#at = at;
    this.#separator = separator.charCodeAt(0);
  }

  /** Where the next value begins. */
  get at(): number {
    return this.#at;
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Passes over the next value. Throws TableFault. */
  next(): void {
    this.#isQuoted = this.#bytes[this.#at] === quote;
    this.end = this.#isQuoted ? this.#quoted() : this.#plain();
    const after = this.#bytes[this.end];
    this.endsRow = after !== this.#separator;
    this.#at = this.end + (after === carriageReturn ? 2 : 1);
  }

  /** The value that was passed last; undefined if it has no characters. */
  text(): string | undefined {
    if (this.#to === this.#from && !this.#isQuoted) return undefined;
    const text = this.#bytes.toString('utf8', this.#from, this.#to);
    return this.#isDoubled ? text.replaceAll('""', '"') : text;
  }

  #plain(): number {
    const bytes = this.#bytes;
    let at = this.#at;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte === this.#separator || byte === lineFeed || this.#isLineEnd(at)) break;
      if (byte === quote) throw new TableFault(at, 'a quote stands within a value that does not begin with one');
    }
    this.#from = this.#at;
    this.#to = at;
    this.#isDoubled = false;
    return at;
  }

  #quoted(): number {
    const bytes = this.#bytes;
    this.#from = this.#at + 1;
    this.#isDoubled = false;
    let at = bytes.indexOf(quote, this.#from);
    while (at >= 0 && bytes[at + 1] === quote) {
      this.#isDoubled = true;
      at = bytes.indexOf(quote, at + 2);
    }
    if (at < 0) throw new TableFault(this.#at, 'a quote is not closed');
    this.#to = at;
    const end = at + 1;
    const ends =
      end >= bytes.length || bytes[end] === this.#separator || bytes[end] === lineFeed || this.#isLineEnd(end);
    if (!ends) throw new TableFault(end, 'something follows a quote that closes a value');
    return end;
  }

  #isLineEnd(at: number): boolean {
    return this.#bytes[at] === carriageReturn && (this.#bytes[at + 1] === lineFeed || at + 1 >= this.#bytes.length);
  }
}

export function* cutCsv(
  bytes: Buffer,
  start: number,
  { key, separator }: Pick<CsvFormat, 'key' | 'separator'>,
  take: TakeRow,
): Generator<void, Format> {
  const values = new Values(bytes, start, separator);
  const columns = header(values, start);
  const place = columns.indexOf(key);
  if (place < 0) throw new TableFault(start, noColumn(key, columns));
  for (let rows = 1; !values.isOver; rows++) {
    const begin = values.at;
    let count = 0;
    let found: string | undefined;
    do {
      values.next();
      if (count++ === place) found = values.text();
    } while (!values.endsRow);
    const isBlank = values.end === begin;
    if (!isBlank) {
      check(bytes, begin, values.end, count, columns);
      if (!found) throw new TableFault(begin, `it has no ${key}, which rows are found by`);
      take(begin, values.end, found);
    }
    if (rows % rowsAtOnce === 0) yield;
  }
  return { kind: 'csv', columns, key, separator };
}

function check(bytes: Buffer, begin: number, end: number, count: number, { length }: readonly string[]): void {
  if (count !== length) throw new TableFault(begin, `it has ${count} values, and the header ${length} columns`);
  checkLength(begin, end);
  if (!isUtf8(bytes.subarray(begin, end))) throw new TableFault(begin, 'it is not UTF-8 text');
}

function header(values: Values, start: number): string[] {
  const columns: string[] = [];
  if (values.isOver) throw new TableFault(start, 'it is empty: the first line must name the columns');
  do {
    values.next();
    const name = values.text();
    if (!name) throw new TableFault(start, `column ${columns.length + 1} has no name`);
    if (columns.includes(name)) throw new TableFault(start, `two columns are named ${name}`);
    columns.push(name);
  } while (!values.endsRow);
  return columns;
}

function noColumn(key: string, columns: readonly string[]): string {
  const near = nearest(key, columns);
  const hint = near === undefined ? `it has ${columns.slice(0, 20).join(', ')}` : `did you mean ${near}`;
  const other = columns.length === 1 ? /[;\t|,]/.exec(columns[0]!)?.[0] : undefined;
  const separator = other === undefined ? '' : `, and separator may have to be ${JSON.stringify(other)}`;
  return `no column is named ${key} (${hint}${separator})`;
}

export function readCsv(row: Buffer, { columns, key, separator }: CsvFormat): KeyedRow {
  const values = new Values(row, 0, separator);
  const map = newMap();
  for (const name of columns) {
    values.next();
    const text = values.text();
    if (text !== undefined) map[name] = text;
  }
  return { key: map[key] as string, value: map };
}
