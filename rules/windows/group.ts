/** What is known of the messages that have one key in one window; of a hopping window, in one of its hops. */
import type { Value } from '../value.ts';
import type { Accumulator } from './accumulators.ts';

export class Group {
  /** Values of the expressions of GROUP BY. */
  readonly keys: readonly Value[];
  readonly accumulators: readonly Accumulator[];

  constructor(keys: readonly Value[], accumulators: readonly Accumulator[]) {
    this.keys = keys;
    this.accumulators = accumulators;
  }

  /** Counts a message. @param values one for each aggregate; undefined for what it has none of */
  add(values: readonly Value[]): void {
    for (let at = 0; at < values.length; at++) {
      if (values[at] !== undefined) this.accumulators[at]!.add(values[at]);
    }
  }

  merge(later: Group): void {
    for (const [at, accumulator] of this.accumulators.entries()) accumulator.merge(later.accumulators[at]!);
  }

  /** Entries of the rule's state that it holds. */
  get entries(): number {
    let entries = 1;
    for (const accumulator of this.accumulators) entries += accumulator.entries ?? 0;
    return entries;
  }

  /** How many more it would hold with a message of these values. */
  growth(values: readonly Value[]): number {
    let growth = 0;
    for (let at = 0; at < values.length; at++) {
      if (values[at] !== undefined) growth += this.accumulators[at]!.growth?.(values[at]) ?? 0;
    }
    return growth;
  }
}

/** A window that is over. */
export interface ClosedGroups {
  /** Milliseconds since 1970; the end is not part of the window. */
  readonly start: number;
  readonly end: number;
  readonly groups: Iterable<Group>;
  /** Entries of the rule's state that it gave back. */
  readonly freed: number;
}

/** Groups by key and time: panes.ts and sessions.ts. Times are milliseconds since 1970, and those of messages never go back. */
export interface WindowStore {
  /** When the first of the open windows ends; Infinity while none is open. */
  readonly due: number;
  /** The group that a message of this key belongs to now, if it is open. */
  find(key: string, at: number): Group | undefined;
  /** Opens the group that `find` did not find. */
  open(key: string, at: number, group: Group): void;
  /** A message of the key was counted. */
  touch(key: string, at: number): void;
  /** Takes out the window that ended first, if it ended by `now`, which may be Infinity. */
  close(now: number): ClosedGroups | undefined;
}
