/** How many messages may be handed over now, if so many a second may. */
export class Rate {
  #perSecond: number | undefined;
  #left = 0;
  #since = 0;

  /** @param perSecond undefined for any number */
  constructor(perSecond: number | undefined) {
    this.#perSecond = perSecond;
  }

  /** Those of the time since the last call, of a tenth of a second at most: a pause is not made up for. */
  allowed(now: number): number {
    if (this.#perSecond === undefined) return Number.POSITIVE_INFINITY;
    const most = Math.max(1, this.#perSecond / 10);
    this.#left = Math.min(most, this.#left + ((now - this.#since) / 1000) * this.#perSecond);
    this.#since = now;
    return Math.floor(this.#left);
  }

  /** From now on any number. */
  lift(): void {
    this.#perSecond = undefined;
  }

  spend(count: number): void {
    if (this.#perSecond !== undefined) this.#left -= count;
  }
}
