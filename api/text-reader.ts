/** Reads a short text from left to right. What it means is up to those who read. */
export class TextReader {
  readonly text: string;
  /** How far it was read, in UTF-16 code units. */
  at: number;

  constructor(text: string, at = 0) {
    this.text = text;
    this.at = at;
  }

  /** The character that comes next; undefined at the end. */
  get next(): string | undefined {
    return this.text[this.at];
  }

  /** Passes over `expected`, if it comes next. */
  take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  /** Passes over what matches a pattern, if it comes next. @param pattern a sticky one */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match === null) return undefined;
    this.at = pattern.lastIndex;
    return match;
  }
}
