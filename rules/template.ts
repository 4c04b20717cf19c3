/**
 * Templates against a rule: what `${path}` means, settled when the document is loaded.
 *
 * A path looks in the selected row first and, where that gives nothing, in the message's own columns and captures; so
 * `SELECT payload` with the key `${clientid}` keys by client id. A placeholder whose first name is in neither can never have a value
 * and is refused, as is one that only a broker could know (publisher.ts). A template that is one placeholder keeps the value's type; with other text around it, values become text.
 */
import { MkbError } from '../api/errors.ts';
import { nearest } from '../api/nearest.ts';
import { type Placeholder, parseTemplate, type Template } from '../api/template.ts';
import type { AnyMessage } from './columns.ts';
import { encodeJson } from './json.ts';
import type { Names } from './names.ts';
import { readKey, readPosition } from './paths.ts';
import { unseen } from './publisher.ts';
import type { Captures, Origin, Row, Rule } from './rule.ts';
import { textOf } from './text.ts';
import type { Value } from './value.ts';

export interface CompiledTemplate {
  /** As it stands in the document. */
  readonly source: string;
  /** The text, when the template has no placeholder. */
  readonly constant: string | undefined;
  /**
   * The message column that the template is, when it is exactly that: one placeholder without fallback, whose name the rule does not
   * give to something else. A sink can take such a column's bytes without a row.
   */
  readonly column: string | undefined;
  /** As `column`, for a capture: its position among the rule's `captureNames`. */
  readonly capture: number | undefined;
  /** Whether it looks inside the message's payload. */
  readonly readsPayload: boolean;
  /** What of the message it reads beside the row: names, with the keys that lead into them, as in `Rule.reads`. */
  readonly reads: readonly string[];
  /**
   * The template's value: of a single placeholder the value itself, undefined if it has none; otherwise text.
   * Throws `payload-not-json` where it looks inside the payload, `template-value-missing` where it demands what is not there.
   */
  value(message: Origin, captures: Captures, row: Row): Value;
  /** The same as text; undefined for a single placeholder that has no value, or null. Throws also `value-not-text`. */
  text(message: Origin, captures: Captures, row: Row): string | undefined;
  /** How often text was made in which a part had no value. Of a single placeholder the value itself shows it. */
  readonly gaps: number;
  /** The same for parts whose value was empty. */
  readonly blanks: number;
  /** The first placeholder that has no value, or null, as it stands in the document; undefined when each has one. */
  missing(message: Origin, captures: Captures, row: Row): string | undefined;
  /** The first placeholder whose text is empty, though the document does not say that it may be (`${id:-}`); undefined when there is none. */
  blank(message: Origin, captures: Captures, row: Row): string | undefined;
}

type Read = (message: Origin, captures: Captures, row: Row) => Value;

/** Reads a template and settles it against `rule`. Throws `template-syntax`, `template-unresolvable`. */
export const compileTemplate = (text: string, rule: Rule): CompiledTemplate => {
  const template = parseTemplate(text);
  const { names } = rule;
  const parts = template.parts.map(part => (typeof part === 'string' ? part : compilePlaceholder(part, rule, names)));
  const [only] = parts;
  if (parts.length === 0 || (parts.length === 1 && typeof only === 'string')) return constantTemplate(text, only ?? '');
  const own = ownName(template, rule, names);
  const placeholders = template.parts.flatMap((part, at) =>
    typeof part === 'string' ? [] : [{ text: part.text, mayBeEmpty: part.fallback === '', read: parts[at] as Read }],
  );
  const joined = new JoinedParts(parts);
  const read: Read =
    parts.length === 1 ? (only as Read) : (message, captures, row) => joined.text(message, captures, row);
  return {
    source: text,
    get gaps() {
      return joined.gaps;
    },
    get blanks() {
      return joined.blanks;
    },
    constant: undefined,
    column: own !== undefined && names.isColumn(own) ? own : undefined,
    capture: own !== undefined && !names.isColumn(own) ? rule.captureNames.indexOf(own) : undefined,
    readsPayload: template.parts.some(part => typeof part !== 'string' && looksInside(part, names)),
    reads: template.parts.flatMap(part => (typeof part === 'string' ? [] : messageReads(part, rule))),
    value: read,
    text: (message, captures, row) => {
      const value = read(message, captures, row);
      return value === undefined || value === null ? undefined : textOf(value);
    },
    missing: (message, captures, row) =>
      placeholders.find(each => (each.read(message, captures, row) ?? undefined) === undefined)?.text,
    blank: (message, captures, row) =>
      placeholders.find(each => !each.mayBeEmpty && isEmpty(each.read(message, captures, row)))?.text,
  };
};

type Part = string | Read;

const constantTemplate = (source: string, constant: Part): CompiledTemplate => {
  const value = constant as string;
  return {
    source,
    constant: value,
    column: undefined,
    capture: undefined,
    readsPayload: false,
    reads: [],
    value: () => value,
    text: () => value,
    gaps: 0,
    blanks: 0,
    missing: () => undefined,
    blank: () => undefined,
  };
};

const isEmpty = (value: Value): boolean => value !== undefined && value !== null && textOf(value) === '';

/** In the middle of other text, what is undefined or null is empty; but it is counted. */
class JoinedParts {
  gaps = 0;
  blanks = 0;
  readonly #parts: readonly Part[];

  constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  text(message: Origin, captures: Captures, row: Row): string {
    let joined = '';
    let missing = false;
    for (const part of this.#parts) {
      const value = typeof part === 'string' ? undefined : part(message, captures, row);
      if (typeof part === 'string') joined += part;
      else if (value === undefined || value === null) missing = true;
      else if (value === '') this.blanks += 1;
      else joined += this.#textOf(value);
    }
    if (missing) this.gaps += 1;
    return joined;
  }

  #textOf(value: NonNullable<Value>): string {
    if (typeof value === 'string') return value;
    const text = textOf(value);
    if (text === '') this.blanks += 1;
    return text;
  }
}

/** The column or capture that the whole template is, if the rule's row cannot hold anything else under that name. */
const ownName = ({ parts }: Template, rule: Rule, names: Names): string | undefined => {
  const [part] = parts;
  if (parts.length !== 1 || part === undefined || typeof part === 'string') return undefined;
  const [name] = part.path;
  if (part.path.length !== 1 || typeof name !== 'string') return undefined;
  if (part.fallback !== undefined || part.demand !== undefined || part.json) return undefined;
  // A window has no message whose bytes could be taken.
  if (rule.windows !== undefined || (!rule.plain && rule.columns.includes(name))) return undefined;
  return names.isUnseen(name) || names.reader(name) === undefined ? undefined : name;
};

/** A name that the row has is looked for in the message only when the row gives nothing, so it does not count. */
const messageReads = ({ path }: Placeholder, rule: Rule): readonly string[] => {
  if (path.length === 0) return rule.plain ? rule.columns : [];
  const position = path.findIndex(step => typeof step !== 'string');
  const name = path[0] as string;
  if (rule.windows !== undefined || (!rule.plain && rule.columns.includes(name))) return [];
  return [(position < 0 ? path : path.slice(0, position)).join('.')];
};

const looksInside = ({ path }: Placeholder, names: Names): boolean =>
  path.length > 1 && (path[0] === 'payload' || path[0] === 'value') && names.isColumn(path[0]);

const compilePlaceholder = (placeholder: Placeholder, rule: Rule, names: Names): Read => {
  const { path, fallback, demand, json, text } = placeholder;
  const plain = path.length === 0 ? wholeRow(rule) : pathReader(placeholder, rule, names);
  const read = json ? asJson(plain) : plain;
  if (demand !== undefined) {
    return (message, captures, row) => {
      const value = read(message, captures, row);
      if (value === undefined || value === null) {
        throw new MkbError('template-value-missing', { placeholder: text, text: demand || undefined });
      }
      return value;
    };
  }
  if (fallback === undefined) return read;
  return (message, captures, row) => read(message, captures, row) ?? fallback;
};

/** `${json x}`: what is missing stays missing; null is a value, and is written. */
const asJson =
  (read: Read): Read =>
  (message, captures, row) => {
    const value = read(message, captures, row);
    return value === undefined ? undefined : encodeJson(value);
  };

/** `${.}`: the row as JSON. */
const wholeRow =
  (rule: Rule): Read =>
  (message, captures, row) =>
    encodeJson(rule.whole(message, captures, row));

const pathReader = (placeholder: Placeholder, rule: Rule, names: Names): Read => {
  const [name, ...steps] = placeholder.path as readonly [string, ...(string | number)[]];
  const own = names.isUnseen(name) ? undefined : messageReader(name, steps, names);
  const selected = !rule.plain && rule.columns.includes(name);
  if (own === undefined && !selected) return unresolvable(placeholder, name, rule, names);
  const what = selected || steps.length === 0 ? undefined : names.withoutInside(name);
  if (what !== undefined) {
    throw new MkbError('template-nothing-inside', { placeholder: placeholder.text, name, at: placeholder.at, what });
  }
  if (!selected) return (message, captures) => own!(message as AnyMessage, captures);
  if (own === undefined || rule.given.has(name)) return (_message, _captures, row) => follow(row[name], steps);
  return (message, captures, row) => {
    const value = follow(row[name], steps);
    return value === undefined ? own(message as AnyMessage, captures) : value;
  };
};

type ReadMessage = (message: AnyMessage, captures: Captures) => Value;

const messageReader = (name: string, steps: readonly (string | number)[], names: Names): ReadMessage | undefined => {
  const read = names.reader(name);
  if (read === undefined || steps.length === 0) return read;
  if (name !== 'payload' || !names.isColumn(name)) return (message, captures) => follow(read(message, captures), steps);
  // The payload is decoded once per message, for the rule and all its templates.
  return message => (message.payload === undefined ? undefined : follow(message.json(), steps));
};

const follow = (from: Value, steps: readonly (string | number)[]): Value => {
  let value = from;
  for (const step of steps) value = typeof step === 'string' ? readKey(value, step) : readPosition(value, step);
  return value;
};

const windowHint = 'A row of a window has what SELECT gives it, the paths of GROUP BY, window_start and window_end.';

const unresolvable = ({ text, at }: Placeholder, name: string, rule: Rule, names: Names): never => {
  if (names.isUnseen(name)) throw unseen(name, text, names.sources, { at });
  const near = nearest(name, [...rule.columns, ...names.all()]);
  if (near !== undefined && names.isUnseen(near)) throw unseen(near, text, names.sources, { at });
  const details = { placeholder: text, name, at };
  if (near !== undefined) throw new MkbError('template-unresolvable', { ...details, hint: `Did you mean ${near}?` });
  throw new MkbError('template-unresolvable', rule.windows === undefined ? details : { ...details, hint: windowHint });
};
