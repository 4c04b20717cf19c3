/**
 * Rules that a document had, for as long as something can be under way of them.
 *
 * Messages that came before the change finish with the rules that they began with. One of these may wait, for a schema, and be counted in a
 * window of its rule when that has ended; the window's row is then younger than the change. So a rule is forgotten in two steps: when no message is left from
 * before the change, and then when none is left from before that.
 */
import type { BoundRule } from './bound-rule.ts';

interface Group {
  readonly rules: readonly BoundRule[];
  /** What was read later has nothing to do with them. */
  since: number;
  /** Whether nothing can begin in them any more. */
  over: boolean;
}

export class Retired {
  rules: readonly BoundRule[] = [];
  #groups: Group[] = [];

  add(rules: readonly BoundRule[], now: number): void {
    if (rules.length === 0) return;
    this.#groups.push({ rules, since: now, over: false });
    this.rules = [...this.rules, ...rules];
  }

  /**
   * Gives those that are over, and forgets them.
   *
   * @param holdsFrom whether something is under way that was read at a time or earlier
   */
  take(now: number, holdsFrom: (time: number) => boolean): readonly BoundRule[] {
    const gone: BoundRule[] = [];
    this.#groups = this.#groups.filter(group => {
      if (!group.over && !holdsFrom(group.since)) {
        group.over = true;
        group.since = now;
      }
      if (!group.over || holdsFrom(group.since)) return true;
      for (const rule of group.rules) gone.push(rule);
      return false;
    });
    if (gone.length > 0) this.rules = this.#groups.flatMap(({ rules }) => rules);
    return gone;
  }
}
