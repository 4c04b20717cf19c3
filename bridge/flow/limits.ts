import type { BoundRule } from './bound-rule.ts';
import type { RateLimit } from './rate-limit.ts';

/** How many messages a source may hand over before it is looked whether they were too many; with a limit of the rate, none. */
const usualMessagesBetweenLooks = 8;

/** The rate limits of the rules that a source feeds, and of their sinks. Without any it costs nothing. */
export class Limits {
  readonly messagesBetweenLooks: number;
  readonly #rules: readonly BoundRule[];
  readonly #ofSinks: readonly RateLimit[];

  /** @param room called when more may pass than before */
  constructor(rules: readonly BoundRule[], room: () => void) {
    this.#rules = rules.filter(({ limits }) => limits.rule !== undefined);
    this.#ofSinks = rules.flatMap(({ limits }) => limits.sinks.flatMap(limit => limit ?? []));
    const all = new Set([...this.#rules.map(({ limits }) => limits.rule!), ...this.#ofSinks]);
    this.messagesBetweenLooks = all.size === 0 ? usualMessagesBetweenLooks : 1;
    for (const limit of all) limit.onRoom(room);
  }

  /** Whether one of them lets nothing pass now. */
  get over(): boolean {
    for (const rule of this.#rules) if (rule.isOverLimit) return true;
    for (const limit of this.#ofSinks) if (limit.over) return true;
    return false;
  }
}
