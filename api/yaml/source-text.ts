/**
 * The text of a file, and where in it an offset is. Ranges can be hidden, so that an excerpt beside a problem never shows a secret:
 * hidden characters become `*`, one for one, and carets stay where they belong.
 */
import type { Place } from '../problems.ts';
import { maskUrls } from '../words.ts';

export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];
  readonly #hidden: [from: number, to: number][] = [];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  /** Hides `from` (inclusive) to `to` (exclusive) in every excerpt made later. */
  hide(from: number, to: number): void {
    this.#hidden.push([from, to]);
  }

  /** Where an offset in UTF-16 code units is; beyond the end is the end. */
  place(offset: number): Place {
    const at = Math.min(Math.max(offset, 0), this.text.length);
    const line = this.#lineStarts.findLastIndex(start => start <= at);
    const start = this.#lineStarts[line]!;
    const end = this.#lineStarts[line + 1] ?? this.text.length + 1;
    const sourceLine = this.#masked(start, end - 1).replace(/\r$/, '');
    return { file: this.file, line: line + 1, column: at - start + 1, sourceLine };
  }

  #masked(start: number, end: number): string {
    let line = this.text.slice(start, end);
    for (const [from, to] of this.#hidden) {
      if (to <= start || from >= end) continue;
      const left = Math.max(from - start, 0);
      const right = Math.min(to, end) - start;
      line = line.slice(0, left) + line.slice(left, right).replace(/\S/g, '*') + line.slice(right);
    }
    return maskUrls(line, secret => '*'.repeat(secret.length));
  }
}
