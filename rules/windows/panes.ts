/**
 * Tumbling and hopping windows. Time is cut into panes as long as the hop, from 1970 on, and a message is counted once, in the pane of its
 * time; a window is the sum of the panes it spans. So a message costs the same however often its windows hop, and the price is paid at
 * each closing. A tumbling window is one pane.
 */
import type { ClosedGroups, Group, WindowStore } from './group.ts';

type Pane = Map<string, Group>;

export class Panes implements WindowStore {
  readonly #sizeMs: number;
  readonly #hopMs: number;
  readonly #newGroup: (keys: Group['keys']) => Group;
  /** By their beginning, oldest first, because time does not go back. */
  readonly #panes = new Map<number, Pane>();
  /** When the window that ends first does. */
  due = Number.POSITIVE_INFINITY;

  /**
   * @param sizeMs a multiple of `hopMs`
   * @param newGroup makes a group that has counted nothing
   */
  constructor(sizeMs: number, hopMs: number, newGroup: (keys: Group['keys']) => Group) {
    this.#sizeMs = sizeMs;
    this.#hopMs = hopMs;
    this.#newGroup = newGroup;
  }

  find(key: string, at: number): Group | undefined {
    return this.#panes.get(this.#startOf(at))?.get(key);
  }

  open(key: string, at: number, group: Group): void {
    const start = this.#startOf(at);
    let pane = this.#panes.get(start);
    if (pane === undefined) {
      pane = new Map();
      this.#panes.set(start, pane);
      this.due = Math.min(this.due, start + this.#hopMs);
    }
    pane.set(key, group);
  }

  touch(): void {}

  close(now: number): ClosedGroups | undefined {
    const end = this.due;
    if (end > now || this.#panes.size === 0) return undefined;
    const start = end - this.#sizeMs;
    const groups = this.#sizeMs === this.#hopMs ? this.#panes.get(start)!.values() : this.#merged(start, end);
    const freed = this.#drop(start);
    const [first] = this.#panes.keys();
    this.due = first === undefined ? Number.POSITIVE_INFINITY : Math.max(end, first) + this.#hopMs;
    return { start, end, groups, freed };
  }

  #startOf(at: number): number {
    return at - (at % this.#hopMs);
  }

  /** The groups of all panes from `start` to `end`, those of one key put together. */
  #merged(start: number, end: number): Iterable<Group> {
    const merged: Pane = new Map();
    for (const [from, pane] of this.#panes) {
      if (from < start || from >= end) continue;
      for (const [key, group] of pane) {
        let whole = merged.get(key);
        if (whole === undefined) {
          whole = this.#newGroup(group.keys);
          merged.set(key, whole);
        }
        whole.merge(group);
      }
    }
    return merged.values();
  }

  /** Drops the panes up to `last`, which no later window spans. Returns the entries they held. */
  #drop(last: number): number {
    let freed = 0;
    for (const [start, pane] of this.#panes) {
      if (start > last) break;
      for (const group of pane.values()) freed += group.entries;
      this.#panes.delete(start);
    }
    return freed;
  }
}
