/**
 * JSONPath (RFC 9535) without filters: `$.a['b'][0][-1][*][1:3]..c`. What it selects is a list of values.
 *
 * Positions count from 0 here, as the RFC has it; in paths of rules they count from 1. A filter (`[?@.x > 1]`) is refused: array_filter
 * says the same in the language of rules.
 */
import { TextReader } from '../../api/text-reader.ts';
import { Refusal } from '../refusal.ts';
import { isList, isMap, ownValue, type Value } from '../value.ts';

type Selector =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'position'; readonly at: number }
  | {
      readonly kind: 'slice';
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly step: number;
    }
  | { readonly kind: 'all' };

interface Segment {
  readonly selectors: readonly Selector[];
  /** `..`: of the value and everything in it. */
  readonly deep: boolean;
}

export type JsonPath = readonly Segment[];

/** How many values a path may select, and how many it may look at on its way. */
const mostValues = 100_000;
const mostVisits = 1_000_000;

const word = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*/y;
const quoted = /'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"/y;
const slice = /(-?\d{1,9})?\s*:\s*(-?\d{1,9})?\s*(?::\s*(-?\d{1,9})?)?/y;
const position = /-?\d{1,9}/y;

/** Reads a path. Throws Refusal. */
export const parseJsonPath = (text: string): JsonPath => {
  if (text.length > 1000) throw new Refusal('a path of JSON has at most 1000 characters');
  return new PathReader(text).read();
};

class PathReader {
  readonly #reader: TextReader;

  constructor(text: string) {
    this.#reader = new TextReader(text);
  }

  read(): JsonPath {
    if (!this.#reader.take('$')) this.#fail('begins with $');
    const segments: Segment[] = [];
    while (this.#reader.next !== undefined) segments.push(this.#segment());
    return segments;
  }

  #segment(): Segment {
    if (this.#reader.take('[')) return { selectors: this.#brackets(), deep: false };
    if (!this.#reader.take('.')) this.#fail('has `.` or `[` here');
    const deep = this.#reader.take('.');
    if (deep && this.#reader.take('[')) return { selectors: this.#brackets(), deep };
    if (this.#reader.take('*')) return { selectors: [{ kind: 'all' }], deep };
    const key =
      this.#reader.match(word)?.[0] ??
      this.#fail('has a name here; one that is no plain word stands in brackets and quotes');
    return { selectors: [{ kind: 'key', key }], deep };
  }

  #brackets(): Selector[] {
    const selectors: Selector[] = [];
    do {
      this.#reader.match(/\s*/y);
      selectors.push(this.#selector());
      this.#reader.match(/\s*/y);
    } while (this.#reader.take(','));
    if (!this.#reader.take(']')) this.#fail('has `,` or `]` here');
    return selectors;
  }

  #selector(): Selector {
    if (this.#reader.take('*')) return { kind: 'all' };
    if (this.#reader.next === '?') this.#fail('has no filters here; select the list, and use array_filter');
    const key = this.#reader.match(quoted);
    if (key !== undefined) return { kind: 'key', key: unescaped((key[1] ?? key[2])!) };
    const range = this.#reader.match(slice);
    if (range !== undefined) {
      const [from, to, step] = range.slice(1).map(each => (each === undefined ? undefined : Number(each)));
      return { kind: 'slice', from, to, step: step ?? 1 };
    }
    const at = this.#reader.match(position) ?? this.#fail('has a position, a key in quotes or `*` here');
    return { kind: 'position', at: Number(at[0]) };
  }

  #fail(expected: string): never {
    const { text, at } = this.#reader;
    throw new Refusal(
      `a path of JSON ${expected}: \`${text.slice(0, at)}\` goes on with \`${text.slice(at, at + 20)}\``,
    );
  }
}

const unescaped = (text: string): string => text.replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, sign: string) => escapes(sign));

const escapes = (sign: string): string => {
  if (sign.length === 5) return String.fromCharCode(Number.parseInt(sign.slice(1), 16));
  return { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }[sign] ?? sign;
};

/** What the path selects, in the order in which it stands in the value. Throws Refusal for too much. */
export const followJsonPath = (value: Value, path: JsonPath): readonly Value[] => {
  const budget = { visits: 0 };
  return path.reduce<readonly Value[]>((found, segment) => followSegment(found, segment, budget), [value]);
};

const followSegment = (values: readonly Value[], { selectors, deep }: Segment, budget: { visits: number }): Value[] => {
  const found: Value[] = [];
  for (const from of values) {
    for (const each of deep ? everythingIn(from) : [from]) {
      budget.visits += selectors.length;
      if (budget.visits > mostVisits) throw new Refusal(`the path looks at more than ${mostVisits} values`);
      for (const selector of selectors) select(each, selector, found);
    }
  }
  return found;
};

const add = (value: Value, found: Value[]): void => {
  if (value === undefined) return;
  if (found.length >= mostValues) throw new Refusal(`the path selects more than ${mostValues} values`);
  found.push(value);
};

const select = (value: Value, selector: Selector, found: Value[]): void => {
  if (selector.kind === 'key') {
    if (isMap(value)) add(ownValue(value, selector.key), found);
  } else if (selector.kind === 'all') {
    for (const each of childrenOf(value)) add(each, found);
  } else if (isList(value)) {
    if (selector.kind === 'position') add(value.at(selector.at), found);
    else for (const at of sliced(value.length, selector)) add(value[at], found);
  }
};

const childrenOf = (value: Value): readonly Value[] => {
  if (isList(value)) return value;
  return isMap(value) ? Object.keys(value).map(key => value[key]) : [];
};

/** [RFC 9535, 2.3.4.2.2] */
const sliced = (length: number, { from, to, step }: Extract<Selector, { kind: 'slice' }>): number[] => {
  if (step === 0) return [];
  const absolute = (at: number): number => (at >= 0 ? at : length + at);
  const [least, most] = step > 0 ? [0, length] : [-1, length - 1];
  const within = (at: number): number => Math.min(Math.max(at, least), most);
  const start = from === undefined ? (step > 0 ? 0 : length - 1) : within(absolute(from));
  const end = to === undefined ? (step > 0 ? length : -1) : within(absolute(to));
  const positions: number[] = [];
  for (let at = start; step > 0 ? at < end : at > end; at += step) positions.push(at);
  return positions;
};

/** The value and all in it, from the outside in and from the left; with a stack of its own, for values may be nested deeply. */
const everythingIn = (value: Value): readonly Value[] => {
  const found: Value[] = [];
  const left: Value[] = [value];
  for (let next = left.pop(); next !== undefined || left.length > 0; next = left.pop()) {
    add(next, found);
    const children = childrenOf(next);
    for (let at = children.length - 1; at >= 0; at--) left.push(children[at]);
  }
  return found;
};
