/**
 * How long this process has been waiting for things. A clock that only goes forward, and nobody else's: two machines may differ by hours, and a
 * new operator begins to count again, so what is bounded by this is never cut short.
 */
export class Waiting {
  readonly #now: () => number;
  readonly #since = new Map<string, number>();

  /** @param now milliseconds that only grow */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** For how long, milliseconds: 0 at the first call. */
  since(what: string): number {
    const now = this.#now();
    const began = this.#since.get(what) ?? now;
    this.#since.set(what, began);
    return now - began;
  }

  /** Nobody waits for it any more. */
  over(what: string): void {
    this.#since.delete(what);
  }
}
