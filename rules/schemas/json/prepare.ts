/**
 * Makes a JSON Schema ready for the validator: every keyword is checked, and every pattern becomes one that is matched in linear time.
 * Without that, whoever may publish could send the one text that a pattern such as `^(a+)+$` takes years for.
 */
import { nearest } from '../../../api/nearest.ts';
import { compilePattern } from '../../regex.ts';
import { isList, isMap, newMap, type Value } from '../../value.ts';
import { SchemaFault } from '../fault.ts';
import { type Content, drafts, keywords, types } from './keywords.ts';

/** What the validator takes for a schema: JSON, but for patterns. */
export type Prepared = boolean | Record<string, unknown>;

/** @param json with plain numbers. Throws SchemaFault. */
export const prepareSchema = (json: Value): Prepared => {
  if (isMap(json) && json.$schema !== undefined) checkDraft(json.$schema);
  return new Preparation(json).schema(json, '#');
};

const checkDraft = (named: Value): void => {
  const draft = String(named)
    .replace(/^https?:\/\//, '')
    .replace(/#$/, '');
  if (!drafts.includes(draft))
    throw new SchemaFault(
      '#/$schema',
      `${String(named)} is no draft that can be used: those are 6, 7, 2019-09 and 2020-12`,
    );
};

const mostNested = 100;

class Preparation {
  readonly #root: Value;
  readonly #anchors = new Set<string>();
  #depth = 0;

  constructor(root: Value) {
    this.#root = root;
    collectAnchors(root, this.#anchors, 0);
  }

  schema(json: Value, at: string): Prepared {
    if (typeof json === 'boolean') return json;
    if (!isMap(json)) throw new SchemaFault(at, 'a schema is true, false, or a map of keywords');
    if (++this.#depth > mostNested) throw new SchemaFault(at, 'it is nested too deeply');
    const prepared = newMap() as Record<string, unknown>;
    for (const keyword of Object.keys(json))
      prepared[keyword] = this.#keyword(keyword, json[keyword], `${at}/${keyword}`);
    this.#depth--;
    return prepared;
  }

  #keyword(keyword: string, value: Value, at: string): unknown {
    const content = keywords.get(keyword);
    if (content !== undefined) return this.#content(content, value, at);
    const near = nearest(keyword, [...keywords.keys()]);
    // Any further word is allowed, for whom it may concern; but not one that is nearly a keyword.
    if (near !== undefined) throw new SchemaFault(at, `${keyword} is no keyword (did you mean ${near}?)`);
    return value;
  }

  #content(content: Content, value: Value, at: string): unknown {
    switch (content) {
      case 'schema':
        return this.schema(value, at);
      case 'schemas':
        return this.#schemas(value, at);
      case 'schema or schemas':
        return isList(value) ? this.#schemas(value, at) : this.schema(value, at);
      case 'schemas by name':
        return this.#byName(value, at, (inner, place) => this.schema(inner, place));
      case 'schemas by pattern':
        return this.#byName(value, at, (inner, place, pattern) => {
          checkNamePattern(pattern, place);
          return this.schema(inner, place);
        });
      case 'schemas or names by name':
        return this.#byName(value, at, (inner, place) =>
          isList(inner) ? texts(inner, place) : this.schema(inner, place),
        );
      case 'texts by name':
        return this.#byName(value, at, texts);
      case 'pattern':
        return linearPattern(value, at);
      case 'reference':
        return this.#reference(value, at);
      default:
        return plainContent(content, value, at);
    }
  }

  #schemas(value: Value, at: string): Prepared[] {
    if (!isList(value)) throw new SchemaFault(at, 'it takes a list of schemas');
    return value.map((each, index) => this.schema(each, `${at}/${index}`));
  }

  #byName<T>(value: Value, at: string, read: (inner: Value, at: string, name: string) => T): Record<string, T> {
    if (!isMap(value)) throw new SchemaFault(at, 'it takes a map');
    const named = newMap() as Record<string, unknown>;
    for (const name of Object.keys(value)) named[name] = read(value[name], `${at}/${name}`, name);
    return named as Record<string, T>;
  }

  /** The validator lets nothing pass that refers to nothing, without a word. */
  #reference(value: Value, at: string): string {
    if (typeof value !== 'string') throw new SchemaFault(at, 'it takes text');
    const [base, fragment = ''] = value.split('#') as [string, string?];
    if (base !== '') {
      if (!this.#anchors.has(base)) throw new SchemaFault(at, `${value} is not in this schema, and nothing is fetched`);
      return value;
    }
    const found = fragment === '' || this.#anchors.has(`#${fragment}`) || pointsTo(this.#root, fragment);
    if (!found) throw new SchemaFault(at, `there is no ${value}`);
    return value;
  }
}

/** Names of parts of the schema, by which it may be referred to. */
const collectAnchors = (json: Value, anchors: Set<string>, depth: number): void => {
  if (depth > mostNested) return;
  if (isList(json)) for (const each of json) collectAnchors(each, anchors, depth + 1);
  if (!isMap(json)) return;
  if (typeof json.$id === 'string') anchors.add(json.$id.replace(/#$/, ''));
  for (const keyword of ['$anchor', '$dynamicAnchor'])
    if (typeof json[keyword] === 'string') anchors.add(`#${json[keyword]}`);
  for (const key of Object.keys(json)) collectAnchors(json[key], anchors, depth + 1);
};

/** A JSON Pointer [RFC 6901] that begins with /. */
const pointsTo = (root: Value, pointer: string): boolean => {
  if (!pointer.startsWith('/')) return false;
  let value: Value = root;
  for (const step of pointer.slice(1).split('/')) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    if (isList(value)) value = value[Number(key)];
    else value = isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value !== undefined;
};

const plainContent = (content: Content, value: Value, at: string): unknown => {
  const wanted = wants[content];
  if (wanted !== undefined && !wanted.takes(value)) throw new SchemaFault(at, `it takes ${wanted.words}`);
  return value;
};

const isTexts = (value: Value): boolean => isList(value) && value.every(each => typeof each === 'string');

const isType = (value: Value): boolean => typeof value === 'string' && types.includes(value);

const wants: Readonly<Partial<Record<Content, { readonly words: string; takes(value: Value): boolean }>>> = {
  number: { words: 'a number', takes: value => typeof value === 'number' },
  count: {
    words: 'a whole number',
    takes: value => typeof value === 'number' && Number.isInteger(value) && value >= 0,
  },
  text: { words: 'text', takes: value => typeof value === 'string' },
  texts: { words: 'a list of names', takes: isTexts },
  flag: { words: 'true or false', takes: value => typeof value === 'boolean' },
  list: { words: 'a list', takes: isList },
  types: {
    words: `${types.join(', ')}, or a list of these`,
    takes: value => isType(value) || (isList(value) && value.length > 0 && value.every(isType)),
  },
};

const texts = (value: Value, at: string): unknown => plainContent('texts', value, at);

/** The validator asks a pattern that is a RegExp for `test`, and nothing else. */
class LinearPattern extends RegExp {
  readonly #matches: (text: string) => boolean;

  constructor(source: string, matches: (text: string) => boolean) {
    super('');
    this.#matches = matches;
    Object.defineProperty(this, 'source', { value: source });
  }

  override test(text: string): boolean {
    return this.#matches(text);
  }

  override toString(): string {
    return this.source;
  }
}

const linearPattern = (value: Value, at: string): RegExp => {
  if (typeof value !== 'string') throw new SchemaFault(at, 'it takes text');
  try {
    const { matches } = compilePattern(value);
    return new LinearPattern(value, matches);
  } catch (cause) {
    throw new SchemaFault(at, (cause as Error).message, { cause });
  }
};

/**
 * Names of properties are matched by JavaScript's own engine, which the validator makes of the text. It takes exponential time only where
 * a group that repeats something is repeated, so groups are not.
 */
const checkNamePattern = (pattern: string, at: string): void => {
  linearPattern(pattern, at);
  if (/\)[*+{]/.test(pattern)) throw new SchemaFault(at, 'a pattern of property names cannot repeat a group');
};
