/**
 * Reads JSON whose numbers JSON.parse would not keep: 2.0, 1e3, 12345678901234567890.
 *
 * JSON.parse says first whether the text is JSON at all, so this reader need not: it only finds where each value ends. That makes it
 * small, and about twice as fast as JSON.parse with a reviver that gets each number's text.
 */
import { Float, newMap, type Value, type ValueMap } from './value.ts';

/** Decodes JSON text with exact numbers. Throws SyntaxError, or RangeError for text that is nested too deeply. */
export const parseExactly = (text: string): Value => {
  JSON.parse(text);
  return new ExactReader(text).value();
};

const code = (character: string): number => character.charCodeAt(0);
const space = code(' ');
const quote = code('"');
const openBrace = code('{');
const closeBrace = code('}');
const openBracket = code('[');
const closeBracket = code(']');
const [t, f, n] = [code('t'), code('f'), code('n')];
const numberText = /[-+.\deE]+/y;

/** Walks over text that is known to be JSON. */
class ExactReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Value {
    switch (this.#next()) {
      case quote:
        return this.#string();
      case openBrace:
        return this.#map();
      case openBracket:
        return this.#list();
      case t:
        return this.#literal(true, 4);
      case f:
        return this.#literal(false, 5);
      case n:
        return this.#literal(null, 4);
      default:
        return this.#number();
    }
  }

  /** The character code of what comes after white space. */
  #next(): number {
    let next = this.#text.charCodeAt(this.#at);
    while (next <= space) next = this.#text.charCodeAt(++this.#at);
    return next;
  }

  #literal(value: Value, length: number): Value {
    this.#at += length;
    return value;
  }

  #string(): string {
    const start = this.#at;
    let end = this.#text.indexOf('"', start + 1);
    const plain = this.#text.slice(start + 1, end);
    if (!plain.includes('\\')) {
      this.#at = end + 1;
      return plain;
    }
    while (this.#isEscaped(end)) end = this.#text.indexOf('"', end + 1);
    this.#at = end + 1;
    return JSON.parse(this.#text.slice(start, end + 1));
  }

  /** A quote is escaped after an odd number of backslashes. */
  #isEscaped(at: number): boolean {
    let before = at - 1;
    while (this.#text[before] === '\\') before--;
    return (at - 1 - before) % 2 === 1;
  }

  #map(): ValueMap {
    const map = newMap();
    this.#at += 1;
    while (this.#next() !== closeBrace) {
      if (this.#next() !== quote) this.#at += 1;
      this.#next();
      const key = this.#string();
      this.#next();
      this.#at += 1;
      map[key] = this.value();
    }
    this.#at += 1;
    return map;
  }

  #list(): Value[] {
    const list: Value[] = [];
    this.#at += 1;
    while (this.#next() !== closeBracket) {
      if (list.length > 0) this.#at += 1;
      list.push(this.value());
    }
    this.#at += 1;
    return list;
  }

  #number(): Value {
    numberText.lastIndex = this.#at;
    const source = numberText.exec(this.#text)![0];
    this.#at += source.length;
    return exactNumber(Number(source), source);
  }
}

/** Digits of an integer. Reading more takes time that grows with their square. */
const mostDigits = 10_000;

const exactNumber = (value: number, source: string): Value => {
  if (/[.eE]/.test(source)) {
    if (!Number.isFinite(value))
      throw new SyntaxError(`the number ${source.slice(0, 40)} is larger than a float can be (1.8e308)`);
    return Number.isInteger(value) ? new Float(value) : value;
  }
  if (Number.isSafeInteger(value)) return value;
  if (source.length > mostDigits)
    throw new SyntaxError(`a number has ${source.length} digits, and may have ${mostDigits}`);
  return BigInt(source);
};
