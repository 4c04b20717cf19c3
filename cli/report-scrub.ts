/**
 * Takes what may be secret out of text, in three ways: every secret that the document names, wherever it stands and however it is encoded; what has
 * the form of a secret (logins in addresses, private keys, tokens); and what stands behind a name such as `password`.
 *
 * It rather takes too much: a reader of a report needs no word of twenty letters and digits. The same secret gets the same number, so that one
 * sees that two places have the same.
 */
import { maskUrls } from '../api/words.ts';

const sensitive =
  'pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|authorization|credentials?|cookie|jaas[-_.]?config';
const sensitiveName = new RegExp(`(?:${sensitive})$`, 'i');
/** A value behind a name, in YAML, JSON, properties, a query, or the text of a log. */
const named = new RegExp(
  `((?:${sensitive})\\\\?["']?[ \\t]*[:=][ \\t]*)(\\\\?"(?:[^"\\\\]|\\\\.)*"|'(?:[^']|'')*'|[^\\s"',;&{}\\[\\]|>][^\\s"',;&}\\]]*)`,
  'gi',
);

const forms: readonly RegExp[] = [
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g,
  /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g,
  /(?<=\b(?:bearer|basic|digest|apikey|SharedAccessKey|SharedAccessSignature)[ =]+)[A-Za-z0-9+/=_.~%&-]{4,}/gi,
  /\$2[abxy]?\$\d\d\$[A-Za-z0-9./]{20,}/g,
  /\$(?:6|7|argon2\w*|scrypt)\$[^\s"',]{16,}/g,
  /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi,
];

/** Runs of what tokens are made of: long, with letters and several digits, or with letters of both cases and a digit. */
const words = /[A-Za-z0-9+=]{16,}|[A-Za-z0-9_+=-]{20,}/g;
const isToken = (word: string): boolean => {
  const digits = word.match(/[0-9]/g)?.length ?? 0;
  const hasBoth = /[a-z]/.test(word) && /[A-Z]/.test(word);
  const isOneRun = !/[-_]/.test(word);
  return digits > 0 && (hasBoth || (isOneRun && digits > 1 && /[a-z]/i.test(word)));
};

const longPart = 12;

export class Scrub {
  readonly #known = new Set<string>();
  readonly #numbers = new Map<string, number>();

  /**
   * A secret in full: as it is, and the longer parts of it, such as lines of a key, hashes of a list, texts of JSON. One of up to three letters is
   * everywhere, so it is only taken out of the field that has it.
   */
  add(secret: string): void {
    const whole = secret.trim();
    if (whole.length > 3) this.#know(whole);
    for (const part of [...secret.split(/[\s:]+/), ...textsOfJson(secret)])
      if (part.length >= longPart && !part.startsWith('-----')) this.#know(part);
  }

  #know(secret: string): void {
    for (const form of encoded(secret)) this.#known.add(form);
  }

  text(text: string): string {
    let clean = text;
    for (const secret of this.#longestFirst())
      if (clean.includes(secret)) clean = clean.replaceAll(secret, () => this.#mark(secret));
    for (const form of forms) clean = clean.replace(form, found => this.#mark(found));
    clean = maskUrls(clean, found => this.#mark(found));
    clean = clean.replace(named, (_all, name: string, value: string) => name + this.#masked(value));
    return clean.replace(words, word => (isToken(word) ? this.#mark(word) : word));
  }

  /** A copy of data with what stands behind a name of a secret replaced, here and in every text from now on. */
  data<T>(value: T): T {
    return this.#data(value, false) as T;
  }

  #data(value: unknown, isSecret: boolean): unknown {
    if (typeof value === 'string') return isSecret && !/^[a-z]+:\/\//.test(value) ? this.#learnt(value) : value;
    if (Array.isArray(value)) return value.map(each => this.#data(each, isSecret));
    if (typeof value !== 'object' || value === null) return value;
    const { name } = value as { name?: unknown };
    // As `{name: api-key, value: ...}`, and `password: {value: ...}`.
    const hasSecret = isSecret || (typeof name === 'string' && sensitiveName.test(name));
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        this.#data(each, key === 'value' ? hasSecret : sensitiveName.test(key)),
      ]),
    );
  }

  #learnt(secret: string): string {
    const mark = this.#mark(secret);
    if (mark !== secret) this.add(secret);
    return mark;
  }

  #masked(value: string): string {
    if (/^\\?["']?\[(?:secret \d+|redacted)/.test(value) || value === '***') return value;
    const quote = /^\\?["']/.exec(value)?.[0] ?? '';
    return `${quote}${this.#mark(value.slice(quote.length, value.length - quote.length || undefined))}${quote}`;
  }

  #mark(secret: string): string {
    if (/^\[(?:secret \d+|redacted)\]$/.test(secret) || secret === '') return secret;
    const number = this.#numbers.get(secret) ?? this.#numbers.size + 1;
    this.#numbers.set(secret, number);
    return `[secret ${number}]`;
  }

  #longestFirst(): string[] {
    return [...this.#known].sort((one, other) => other.length - one.length);
  }
}

/** As a secret may stand in JSON, an address, or a header. */
const encoded = (secret: string): string[] => {
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = Buffer.from(secret).toString('base64');
  return [
    ...new Set([
      secret,
      json,
      JSON.stringify(json).slice(1, -1),
      encodeURIComponent(secret),
      base64.replace(/=+$/, ''),
    ]),
  ];
};

function textsOfJson(text: string): string[] {
  try {
    const texts: string[] = [];
    JSON.parse(text, (_name, value) => {
      if (typeof value === 'string' && value.length > 8) texts.push(value);
      return value;
    });
    return texts;
  } catch {
    return [];
  }
}
