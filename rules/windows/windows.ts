/**
 * The windows of a rule at work: messages are counted, and rows come out when windows end.
 *
 * Time is the bridge's, and a message that waited in a buffer counts now, so that no message is ever late. The surprising case is a clock that
 * is set back, an hour perhaps: windows that are open would wait for that hour, and all rows with them. They end as they are, at the latest
 * time that they saw, and others begin at the new time; so for a while two windows of a key may have the same beginning.
 * Whoever runs the rule asks `next` for rows once `due` has come; it closes one window at a time, so that rows need not be made before there
 * is room for them. What has not been taken waits as state.
 */
import { MkbError } from '../../api/errors.ts';
import type { AnyMessage } from '../columns.ts';
import type { Condition } from '../compiler.ts';
import { kept } from '../memory.ts';
import { put } from '../paths.ts';
import { mustWait } from '../pending.ts';
import type { Captures, Input, Row } from '../row.ts';
import { arrivalOf, type Evaluate, pointAt, type Scope } from '../scope.ts';
import type { AliasPath, WindowSpec } from '../syntax.ts';
import { newMap, type Value, type ValueMap } from '../value.ts';
import { valuesKey } from '../value-key.ts';
import type { Accumulator } from './accumulators.ts';
import type { ClosedWindow, WindowOutcome } from './closed-window.ts';
import { Group, type WindowStore } from './group.ts';
import { Panes } from './panes.ts';
import { Sessions } from './sessions.ts';

/** What a rule with a window was compiled to. */
export interface WindowPlan {
  readonly window: WindowSpec;
  /** The window and the keys as they are written. */
  readonly text: { readonly window: string; readonly keys: readonly string[] };
  /** Of each message: whether it counts, its keys, and its value for each aggregate (undefined or null if it has none). */
  readonly where: Condition | undefined;
  readonly keys: readonly Evaluate[];
  /** Where the keys that are paths stand among the facts of a window; undefined for other expressions. */
  readonly keyPaths: readonly (AliasPath | undefined)[];
  readonly aggregates: readonly { readonly read: Evaluate; readonly create: () => Accumulator }[];
  /** Of each group, which `current` is set to before. */
  readonly having: Condition | undefined;
  readonly makeRow: (scope: Scope) => Row;
  readonly current: { group: Group };
}

/** Windows that end before their time. */
interface Cut {
  readonly store: WindowStore;
  readonly at: number;
}

/** How far back a clock may go without having been set: servers of time correct it by less. */
const jitterMs = 1000;

/** A group whose window is over, not yet made into a row. */
interface Ended {
  readonly start: number;
  readonly end: number;
  readonly groups: Iterator<Group>;
}

export class Windows {
  readonly #plan: WindowPlan;
  readonly #scope: Scope;
  readonly #newStore: () => WindowStore;
  #store: WindowStore;
  /** Oldest first. */
  readonly #cut: Cut[] = [];
  #clock = 0;
  #ended: Ended | undefined;
  /** The group whose row has to wait. */
  #tried: Group | undefined;
  #stopped = false;
  /** Entries held, of `limits.maxEntries`. */
  entries = 0;

  constructor(plan: WindowPlan, scope: Scope) {
    this.#plan = plan;
    this.#scope = scope;
    this.#newStore = () => storeOf(plan.window, keys => this.#newGroup(keys));
    this.#store = this.#newStore();
  }

  /** The window and the keys as they are written. */
  get text(): WindowPlan['text'] {
    return this.#plan.text;
  }

  get maxEntries(): number {
    return this.#scope.limits.maxEntries;
  }

  /** When there is something for `next` to take, milliseconds since 1970: now if it is in the past, Infinity while no window is open. */
  get due(): number {
    return this.#ended === undefined && this.#cut.length === 0 ? this.#store.due : this.#clock;
  }

  /** The time of day is `now`, which is earlier than before if the clock was set back. Call this before `next` and `count`. */
  follow(now: number): void {
    if (now >= this.#clock - jitterMs) return;
    this.#cutAll(this.#clock + 1);
    this.#clock = now;
  }

  /**
   * Counts a message. Returns whether WHERE let it pass.
   *
   * Throws `rule-failed`, `payload-not-json`, `rule-state-full`; then nothing of the message was counted.
   *
   * @param now no message came later than that, whatever it says: it may have come before the clock was set back
   */
  count(message: Input, captures: Captures, now = Number.POSITIVE_INFINITY): boolean {
    const { where, keys, aggregates } = this.#plan;
    this.#scope.undo?.begin();
    const scope = pointAt(this.#scope, message as AnyMessage, captures);
    if (where !== undefined && !where(scope)) return false;
    const keyValues = keys.map(key => key(scope));
    const values = aggregates.map(({ read }) => read(scope) ?? undefined);
    this.#add(keyValues, values, Math.min(arrivalOf(scope), now));
    return true;
  }

  /**
   * The next row, or failure, of the windows that ended by `now`, in the order in which they did; undefined when that is all.
   * Throws `Pending` or `schema-pending` when the row has to wait; the next call tries it again.
   */
  next(now: number): WindowOutcome | undefined {
    if (now > this.#clock && now !== Number.POSITIVE_INFINITY) this.#clock = now;
    for (;;) {
      const ended = this.#ended ?? this.#close(now);
      if (ended === undefined) return undefined;
      const group = this.#tried ?? ended.groups.next().value;
      this.#tried = undefined;
      if (group === undefined) this.#ended = undefined;
      else {
        const outcome = this.#outcome(group, ended);
        if (outcome !== undefined) return outcome;
      }
    }
  }

  /** Ends all windows now, however long they would have lasted: `next` then gives their rows. Nothing may be counted after it. */
  stop(now: number): void {
    this.#stopped = true;
    this.#cutAll(Math.max(now, this.#clock));
  }

  #cutAll(at: number): void {
    this.#cut.push({ store: this.#store, at });
    this.#store = this.#newStore();
  }

  #add(keyValues: readonly Value[], values: readonly Value[], arrival: number): void {
    const at = Math.max(arrival, this.#clock);
    this.#clock = at;
    const key = keyValues.length === 0 ? '' : valuesKey(keyValues);
    const found = this.#store.find(key, at);
    const group = found ?? this.#newGroup(keyValues.map(kept));
    const growth = group.growth(values) + (found === undefined ? 1 : 0);
    if (growth > 0) this.#grow(growth);
    if (found === undefined) this.#store.open(key, at, group);
    group.add(values);
    this.#store.touch(key, at);
  }

  #grow(entries: number): void {
    if (this.entries + entries > this.maxEntries) throw new MkbError('rule-state-full', { limit: this.maxEntries });
    this.entries += entries;
  }

  #newGroup(keys: readonly Value[]): Group {
    return new Group(
      keys,
      this.#plan.aggregates.map(({ create }) => create()),
    );
  }

  #close(now: number): Ended | undefined {
    for (let cut = this.#cut[0]; cut !== undefined; cut = this.#cut[0]) {
      const ended = this.#take(cut.store, Number.POSITIVE_INFINITY, cut.at);
      if (ended !== undefined) return ended;
      this.#cut.shift();
    }
    return this.#take(this.#store, now, Number.POSITIVE_INFINITY);
  }

  #take(store: WindowStore, until: number, latest: number): Ended | undefined {
    const closed = store.close(until);
    if (closed === undefined) return undefined;
    const { start, end, groups, freed } = closed;
    this.entries -= freed;
    this.#ended = { start, end: Math.min(end, latest), groups: groups[Symbol.iterator]() };
    return this.#ended;
  }

  #outcome(group: Group, { start, end }: Ended): WindowOutcome | undefined {
    const { having, makeRow, current } = this.#plan;
    const window: ClosedWindow = { start, end, facts: this.#facts(group, start, end) };
    const scope = pointAt(this.#scope, window as unknown as AnyMessage, []);
    current.group = group;
    this.#scope.undo?.begin();
    try {
      return having === undefined || having(scope) ? { window, row: makeRow(scope) } : undefined;
    } catch (error) {
      if (mustWait(error) && !this.#stopped) {
        this.#tried = group;
        this.#scope.undo?.undo();
        throw error;
      }
      const reason = String(error);
      return { window, error: MkbError.is(error) ? error : new MkbError('unexpected', { reason }, { cause: error }) };
    }
  }

  #facts({ keys }: Group, start: number, end: number): ValueMap {
    const facts = newMap();
    for (const [at, path] of this.#plan.keyPaths.entries()) {
      if (path === undefined || keys[at] === undefined) continue;
      const [name, ...rest] = path;
      facts[name] = put(facts[name], rest, keys[at]);
    }
    facts.window_start = start;
    facts.window_end = end;
    return facts;
  }
}

const storeOf = (window: WindowSpec, newGroup: (keys: readonly Value[]) => Group): WindowStore =>
  window.kind === 'session' ? new Sessions(window.gapMs) : new Panes(window.sizeMs, window.hopMs, newGroup);
