/**
 * The configuration of another bridge, as names with dots and their values (`input.mqtt.urls`), of which it is known which were read: what nobody
 * read is what could not be carried over.
 */
export class Settings {
  readonly #values = new Map<string, unknown>();
  readonly #read = new Set<string>();

  /** @param tree mappings within mappings; a list is a value */
  constructor(tree: Readonly<Record<string, unknown>>) {
    this.#flatten('', tree);
  }

  /** The names that begin with `prefix` and a dot, without it, up to the next dot. */
  under(prefix: string): readonly string[] {
    const begin = `${prefix}.`;
    const names = [...this.#values.keys()].filter(name => name.startsWith(begin));
    return [...new Set(names.map(name => name.slice(begin.length).split('.')[0]!))];
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value of a name; undefined where there is none. */
  take(name: string): unknown {
    this.#read.add(name);
    return this.#values.get(name);
  }

  /** A value as text, of the first of these names that has one. Empty text is none. */
  text(...names: readonly string[]): string | undefined {
    const values = names.map(name => this.take(name));
    const found = values.find(
      value => value !== undefined && value !== null && value !== '' && typeof value !== 'object',
    );
    return found === undefined ? undefined : String(found);
  }

  /** Whether a value is true, written as a boolean or as text. */
  flag(...names: readonly string[]): boolean {
    return this.text(...names)?.toLowerCase() === 'true';
  }

  /** A list, or text with commas between its parts. */
  list(...names: readonly string[]): readonly string[] {
    for (const name of names) {
      const value = this.take(name);
      const parts = Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(',') : [];
      const texts = parts.map(part => part.trim()).filter(part => part !== '');
      if (texts.length > 0) return texts;
    }
    return [];
  }

  /** What needs no place here: it is so anyway, or means nothing to us. */
  ignore(...names: readonly (string | RegExp)[]): void {
    for (const name of this.#values.keys())
      if (names.some(each => (typeof each === 'string' ? each === name : each.test(name)))) this.#read.add(name);
  }

  /** Lines about what was not read, without anything that may be a secret. */
  rest(): readonly string[] {
    const unread = [...this.#values].filter(([name]) => !this.#read.has(name));
    return unread.map(([name, value]) => `${name}: ${isSecret(name) ? '(not shown)' : shortText(value)}`);
  }

  #flatten(prefix: string, value: unknown): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#values.set(prefix, value);
      return;
    }
    for (const [name, inner] of Object.entries(value)) this.#flatten(prefix === '' ? name : `${prefix}.${name}`, inner);
  }
}

const isSecret = (name: string): boolean => /pass|secret|token|jaas|credential|private|key$/i.test(name);

const shortText = (value: unknown): string => {
  const text = (typeof value === 'string' ? value : JSON.stringify(value)).replaceAll(/\s+/g, ' ');
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
};
