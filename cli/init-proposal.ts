/** From messages that were seen to rules: which levels of topics vary, what names the sender, and what payloads are. */
import { findColumn } from '../rules/columns.ts';

/** What was seen of a topic. */
export interface Sample {
  readonly topic: string;
  /** How many messages came. */
  readonly count: number;
  /** Some of them. */
  readonly payloads: readonly Buffer[];
}

export interface SeenField {
  readonly name: string;
  /** `number`, `text or null`. */
  readonly type: string;
  /** As JSON. */
  readonly example: string;
}

export interface Proposal {
  /** For people, and for the rule. */
  readonly name: string;
  /** With a `{name}` for each level that varies. */
  readonly filter: string;
  /** A template. */
  readonly key: string;
  readonly topics: number;
  readonly messages: number;
  /** `JSON`, `text`, `bytes`, or several of these. */
  readonly payload: string;
  /** Of JSON objects. */
  readonly fields: readonly SeenField[];
}

/** Kinds of topics with the most messages; a person reads them. */
const mostRules = 8;
const mostFields = 20;
/** First levels, of which more are one kind. */
const mostFirsts = 8;
const longestExample = 40;

/** The one with the most messages comes first. */
export function propose(samples: readonly Sample[]): readonly Proposal[] {
  const wanted = samples.filter(({ topic }) => !topic.startsWith('$'));
  const manyFirsts = new Set(wanted.map(({ topic }) => topic.split('/')[0])).size > mostFirsts;
  const kindOf = ({ topic }: Sample) => {
    const levels = topic.split('/');
    return `${levels.length} ${manyFirsts ? '' : levels[0]}`;
  };
  const names = new Set<string>();
  return Object.values(Object.groupBy(wanted, kindOf))
    .map(kind => ({ kind: kind!, messages: kind!.reduce((sum, { count }) => sum + count, 0) }))
    .sort((a, b) => b.messages - a.messages)
    .slice(0, mostRules)
    .map(({ kind, messages }) => proposalOf(kind, messages, names));
}

function proposalOf(kind: readonly Sample[], messages: number, names: Set<string>): Proposal {
  const topics = kind.map(({ topic }) => topic.split('/'));
  const captures = new Map<number, string>();
  topics[0]!.forEach((level, index) => {
    const values = new Set(topics.map(each => each[index]!));
    // What a filter could not say is captured too.
    if (values.size === 1 && !/[+#{}"]/.test(level) && level !== '') return;
    const before = captures.has(index - 1) ? '' : (topics[0]![index - 1] ?? '');
    captures.set(index, unique(captureName(before, index), captures.values()));
  });
  const levels = topics[0]!.map((level, index) => (captures.has(index) ? `{${captures.get(index)}}` : level));
  const distinct = (index: number) => new Set(topics.map(each => each[index])).size;
  const [most] = [...captures].sort(([a], [b]) => distinct(b) - distinct(a));
  const constant = levels.filter(level => !level.startsWith('{')).map(level => level.toLowerCase());
  const name = unique(word(constant.join('-')) || 'messages', names);
  names.add(name);
  const payloads = kind.flatMap(each => each.payloads);
  return {
    ...{ name, filter: levels.join('/'), topics: topics.length, messages },
    key: most && distinct(most[0]) > 1 ? `\${${most[1]}}` : '${topic}',
    ...payloadsSeen(payloads),
  };
}

/** `vehicles/x`: a vehicle. */
function captureName(level: string, index: number): string {
  const before = word(level).replaceAll('-', '_');
  if (!/^[a-z]/.test(before)) return `level${index + 1}`;
  const singular = before.replace(/(?<=[^s])s$/, '');
  // A column of the message, such as its payload, keeps its name.
  return singular === before || findColumn(singular, ['mqtt']) ? `${before}_id` : singular;
}

const word = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);

function unique(name: string, others: Iterable<string>): string {
  const taken = new Set(others);
  for (let number = 1; ; number++) {
    const each = number === 1 ? name : `${name}${number}`;
    if (!taken.has(each)) return each;
  }
}

function payloadsSeen(payloads: readonly Buffer[]): Pick<Proposal, 'payload' | 'fields'> {
  const kinds = new Set<string>();
  const fields = new Map<string, { readonly types: Set<string>; readonly example: string }>();
  for (const payload of payloads) {
    const value = jsonOf(payload);
    if (value === undefined) {
      kinds.add(isText(payload) ? 'text' : 'bytes');
      continue;
    }
    kinds.add('JSON');
    if (typeOf(value) !== 'object') continue;
    for (const [name, inner] of Object.entries(value as object)) {
      const known = fields.get(name) ?? { types: new Set(), example: shortened(JSON.stringify(inner)) };
      known.types.add(typeOf(inner));
      fields.set(name, known);
    }
  }
  return {
    payload: [...kinds].join(' or ') || 'not looked at',
    fields: [...fields]
      .slice(0, mostFields)
      .map(([name, { types, example }]) => ({ name, type: [...types].join(' or '), example })),
  };
}

function jsonOf(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}

const isText = (payload: Buffer): boolean => !/[\ufffd\0]/.test(payload.toString('utf8'));

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'string' ? 'text' : typeof value;
}

const shortened = (text: string): string =>
  text.length > longestExample ? `${text.slice(0, longestExample)}...` : text;
