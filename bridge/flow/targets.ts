/**
 * Everything that rules write to, by number: tokens of records that are under way carry it.
 *
 * Rules come and go while records of others are under way, so a number is given to another target only when nothing can carry it any more.
 */
import type { BoundOutcome, BoundRule, BoundSink } from './bound-rule.ts';

export class Targets {
  /** Number 0 is that of dead letters. */
  readonly #byNumber: (BoundSink | BoundOutcome | undefined)[] = [undefined];
  readonly #most: number;

  /** @param most the largest number that a token has room for */
  constructor(most: number) {
    this.#most = most;
  }

  at(number: number): BoundSink | BoundOutcome | undefined {
    return this.#byNumber[number];
  }

  /** The first of so many free numbers in a row; undefined where there are none. */
  room(count: number): number | undefined {
    for (let first = 1, free = 0, number = 1; number <= this.#most; number++) {
      if (this.#byNumber[number] === undefined) free++;
      else {
        free = 0;
        first = number + 1;
      }
      if (free >= count) return first;
    }
    return undefined;
  }

  add({ targets }: BoundRule): void {
    for (const target of targets) this.#byNumber[target.number] = target;
  }

  remove({ targets }: BoundRule): void {
    for (const target of targets)
      if (this.#byNumber[target.number] === target) this.#byNumber[target.number] = undefined;
  }
}
