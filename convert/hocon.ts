/**
 * HOCON as EMQX writes it (`cluster.hocon`): objects with or without `=`, lists, text in one or three quotes, comments. Not understood, as EMQX does
 * not write them: substitutions (`${a.b}`), `include`, `+=`, and values that are put together of several.
 */
export type HoconTree = { [name: string]: unknown };

/** Throws `SyntaxError` with the line. */
export function parseHocon(text: string): HoconTree {
  return new Reader(text).document();
}

/** Deeper than any configuration, and far below what a stack holds. */
const mostLevels = 100;

class Reader {
  readonly #text: string;
  #at = 0;
  #level = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): HoconTree {
    this.#skip();
    const tree = this.#next('{') ? this.#object('}') : this.#object('');
    this.#skip();
    if (this.#at < this.#text.length) throw this.#wrong('the end');
    return tree;
  }

  #object(end: string): HoconTree {
    if (++this.#level > mostLevels) throw this.#wrong(`at most ${mostLevels} levels`);
    const tree: HoconTree = Object.create(null);
    for (;;) {
      this.#skip(',');
      if (end === '' ? this.#at >= this.#text.length : this.#next(end)) break;
      const path = this.#path();
      this.#skip();
      const isObject = this.#text[this.#at] === '{';
      if (!isObject && !this.#next('=') && !this.#next(':')) throw this.#wrong('= or {');
      this.#skip();
      put(tree, path, this.#value());
    }
    this.#level--;
    return tree;
  }

  #value(): unknown {
    if (this.#next('{')) return this.#object('}');
    if (this.#next('[')) return this.#list();
    if (this.#text.startsWith('"""', this.#at)) return this.#long();
    if (this.#text[this.#at] === '"') return this.#quoted();
    return plain(this.#match(/(?:(?!\/\/)[^\n,}\]#])*/y).trim());
  }

  #list(): unknown[] {
    if (++this.#level > mostLevels) throw this.#wrong(`at most ${mostLevels} levels`);
    const list: unknown[] = [];
    for (;;) {
      this.#skip(',');
      if (this.#next(']')) break;
      if (this.#at >= this.#text.length) throw this.#wrong(']');
      list.push(this.#value());
    }
    this.#level--;
    return list;
  }

  #path(): readonly string[] {
    const path: string[] = [];
    do path.push(this.#text[this.#at] === '"' ? this.#quoted() : this.#match(/[\w$-]+/y));
    while (this.#next('.'));
    return path;
  }

  #quoted(): string {
    const text = this.#match(/"(?:[^"\\\n]|\\.)*"/y);
    try {
      return JSON.parse(text);
    } catch {
      throw this.#wrong('text in quotes');
    }
  }

  /** `"""~` begins text whose lines are indented, and `~"""` ends it. */
  #long(): string {
    const end = this.#text.indexOf('"""', this.#at + 3);
    if (end < 0) throw this.#wrong('""" at the end of the text');
    const text = this.#text.slice(this.#at + 3, end);
    this.#at = end + 3;
    return text.startsWith('~') ? text.slice(1).replace(/~$/, '').trim() : text;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (!found) throw this.#wrong('a name or a value');
    this.#at += found.length;
    return found;
  }

  #next(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  /** White space, comments, and signs that mean nothing here. */
  #skip(also = ''): void {
    const blank = also === '' ? /(?:\s|#.*|\/\/.*)*/y : /(?:\s|,|#.*|\/\/.*)*/y;
    blank.lastIndex = this.#at;
    this.#at += blank.exec(this.#text)![0].length;
  }

  #wrong(expected: string): SyntaxError {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return new SyntaxError(`line ${line}: expected ${expected}`);
  }
}

function put(tree: HoconTree, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path as [string, ...string[]];
  const before = tree[name];
  const inner: HoconTree = isTree(before) ? before : Object.create(null);
  if (rest.length > 0) {
    put(inner, rest, value);
    tree[name] = inner;
  } else tree[name] = isTree(value) && isTree(before) ? Object.assign(inner, value) : value;
}

const isTree = (value: unknown): value is HoconTree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const plain = (text: string): unknown => {
  if (text === 'true' || text === 'false') return text === 'true';
  if (text === 'null') return null;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
};
