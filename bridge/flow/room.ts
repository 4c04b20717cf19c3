/**
 * Whether there is room for what a source's rules make of its next message: in their sinks, within their rate limits, for dead letters, and
 * for the message itself.
 */
import type { BoundRule } from './bound-rule.ts';
import { Limits } from './limits.ts';
import type { Shared } from './shared.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';

export class Room {
  readonly #source: Source;
  readonly #shared: Shared;
  #limits!: Limits;
  /** Sinks of the rules that the source feeds. */
  sinks: readonly Sink[] = [];

  constructor(source: Source, shared: Shared, rules: readonly BoundRule[]) {
    this.#source = source;
    this.#shared = shared;
    this.use(rules);
  }

  /** The source feeds these rules from now on. */
  use(rules: readonly BoundRule[]): void {
    this.#limits = new Limits(rules, this.#shared.tokensBack);
    this.sinks = [...new Set(rules.flatMap(rule => rule.targets.map(({ sink }) => sink)))];
  }

  get messagesBetweenLooks(): number {
    return this.#limits.messagesBetweenLooks;
  }

  /** @param lined of a message that waited in a line: lines must be emptied even if they are full */
  isFull(lined: boolean): boolean {
    for (const sink of this.sinks) if (sink.full) return true;
    if (this.#limits.over || this.#shared.letters.fullFor(this.#source)) return true;
    return !lined && (this.#shared.settlement.full || this.#shared.kept.full);
  }

  /** Whether so much is free again that the source may go on. */
  get free(): boolean {
    for (const sink of this.sinks) if (!sink.hasRoom) return false;
    const { settlement, kept, letters } = this.#shared;
    return !this.#limits.over && !settlement.full && !kept.full && letters.hasRoomFor(this.#source);
  }
}
