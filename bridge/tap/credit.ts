/** So much of something may be used in a time, and a burst of it at once. What was too much is paid back before there is more. */
export class Credit {
  readonly #perMs: number;
  readonly #most: number;
  #left: number;
  #at = 0;

  /** @param most that may be used at once after a pause */
  constructor(perMs: number, most: number) {
    this.#perMs = perMs;
    this.#most = most;
    this.#left = most;
  }

  /** Whether there is some. @param now milliseconds of a clock that nobody sets */
  has(now: number): boolean {
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perMs);
    this.#at = now;
    return this.#left > 0;
  }

  use(amount: number): void {
    this.#left -= amount;
  }
}
