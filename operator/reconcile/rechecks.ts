/**
 * How soon bridges that lack something are looked at again, and their workloads touched. A few are within seconds of what heals them. Of many, such as
 * when a quota or a webhook stops a whole cluster, each comes in its turn, as each look is a question to the API server, and each touch a write and
 * another attempt of its controllers.
 */

/** Milliseconds. */
const leastMs = 5000;
/** Of all looks together, milliseconds between two. */
const apartMs = 250;

export class Rechecks {
  readonly #lacking = new Set<string>();

  /** @returns when the bridge is to be looked at again, milliseconds */
  lacks(key: string): number {
    this.#lacking.add(key);
    return this.againMs;
  }

  /** It lacks nothing, or is gone. */
  over(key: string): void {
    this.#lacking.delete(key);
  }

  get againMs(): number {
    return Math.max(leastMs, this.#lacking.size * apartMs);
  }
}
