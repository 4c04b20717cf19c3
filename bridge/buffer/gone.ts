/** Ids above the settled ones that need not be looked for: few ranges, in order, which grow together. */
import type { Range } from './ledger.ts';

export class Gone {
  #ranges: Range[];

  constructor(ranges: readonly Range[] = []) {
    this.#ranges = [...ranges];
  }

  get ranges(): readonly Range[] {
    return this.#ranges;
  }

  add(from: number, to: number): void {
    if (from >= to) return;
    const apart = this.#ranges.filter(([start, end]) => end < from || start > to);
    const near = this.#ranges.filter(range => !apart.includes(range));
    const joined: Range = near.reduce(
      ([start, end], each) => [Math.min(start, each[0]), Math.max(end, each[1])],
      [from, to],
    );
    this.#ranges = [...apart, joined].sort(([left], [right]) => left - right);
  }

  /** Forgets what is below `id`. */
  below(id: number): void {
    if (this.#ranges.length > 0) this.#ranges = this.#ranges.filter(([, end]) => end > id);
  }

  /** How many ids from `from` to before `to` are among them. */
  between(from: number, to: number): number {
    let count = 0;
    for (const [start, end] of this.#ranges) count += Math.max(0, Math.min(end, to) - Math.max(start, from));
    return count;
  }

  /** How many ids from `from` to before `to` are in `ranges` and not among them. */
  leftOf(ranges: readonly Range[], from: number, to: number): number {
    let count = 0;
    for (const range of ranges) {
      const [start, end] = [Math.max(from, range[0]), Math.min(to, range[1])];
      if (start < end) count += end - start - this.between(start, end);
    }
    return count;
  }
}
