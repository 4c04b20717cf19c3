import type { BoundRule } from './bound-rule.ts';
import type { RateLimit } from './rate-limit.ts';

/** How many messages a source may hand over before it is looked whether they were too many; with a limit of the rate, none. */
const usualMessagesBetweenLooks = 8;

/** The rate limits of the rules that a source feeds, and of their sinks. Without any it costs nothing. */
export class Limits {
  readonly messagesBetweenLooks: number;
  readonly #ofRules: readonly (readonly [BoundRule, RateLimit])[];
  readonly #ofSinks: readonly RateLimit[];

  /** @param room called when more may pass than before */
  constructor(rules: readonly BoundRule[], room: () => void) {
    this.#ofRules = rules.flatMap(rule => (rule.limit === undefined ? [] : [[rule, rule.limit] as const]));
    this.#ofSinks = rules.flatMap(({ sinks }) => sinks.flatMap(({ limit }) => limit ?? []));
    const all = [...this.#ofRules.map(([, limit]) => limit), ...this.#ofSinks];
    this.messagesBetweenLooks = all.length === 0 ? usualMessagesBetweenLooks : 1;
    for (const limit of all) limit.onRoom(room);
  }

  /** Whether one of them lets nothing pass now. */
  get over(): boolean {
    for (const [rule, limit] of this.#ofRules) {
      limit.passedSoFar(rule.passed);
      if (limit.over) return true;
    }
    for (const limit of this.#ofSinks) if (limit.over) return true;
    return false;
  }
}
