/**
 * Session windows: the messages of a key that follow one another within a gap. A session begins with its first message, and ends a gap
 * after its last.
 *
 * Open sessions are linked in the order of their last messages, so that the one to end first is always at hand and a message moves its own
 * to the end at no cost that grows with their number.
 */
import type { ClosedGroups, Group, WindowStore } from './group.ts';

interface Session {
  readonly key: string;
  readonly group: Group;
  readonly start: number;
  last: number;
  earlier: Session | undefined;
  later: Session | undefined;
}

export class Sessions implements WindowStore {
  readonly #gapMs: number;
  readonly #open = new Map<string, Session>();
  #oldest: Session | undefined;
  #newest: Session | undefined;
  /** Sessions whose key had a new message before they were closed. */
  readonly #ended: Session[] = [];

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  get due(): number {
    const first = this.#ended[0] ?? this.#oldest;
    return first === undefined ? Number.POSITIVE_INFINITY : first.last + this.#gapMs;
  }

  find(key: string, at: number): Group | undefined {
    const session = this.#open.get(key);
    if (session === undefined) return undefined;
    if (at < session.last + this.#gapMs) return session.group;
    this.#unlink(session);
    this.#ended.push(session);
    return undefined;
  }

  open(key: string, at: number, group: Group): void {
    const session: Session = { key, group, start: at, last: at, earlier: undefined, later: undefined };
    this.#open.set(key, session);
    this.#link(session);
  }

  touch(key: string, at: number): void {
    const session = this.#open.get(key)!;
    session.last = at;
    if (session === this.#newest) return;
    this.#cut(session);
    this.#link(session);
  }

  close(now: number): ClosedGroups | undefined {
    const session = this.#ended.shift() ?? this.#takeOldest(now);
    if (session === undefined) return undefined;
    const { start, last, group } = session;
    return { start, end: last + this.#gapMs, groups: [group], freed: group.entries };
  }

  #takeOldest(now: number): Session | undefined {
    const session = this.#oldest;
    if (session === undefined || session.last + this.#gapMs > now) return undefined;
    this.#unlink(session);
    return session;
  }

  #unlink(session: Session): void {
    this.#open.delete(session.key);
    this.#cut(session);
  }

  #link(session: Session): void {
    session.earlier = this.#newest;
    session.later = undefined;
    if (this.#newest === undefined) this.#oldest = session;
    else this.#newest.later = session;
    this.#newest = session;
  }

  #cut({ earlier, later }: Session): void {
    if (earlier === undefined) this.#oldest = later;
    else earlier.later = later;
    if (later === undefined) this.#newest = earlier;
    else later.earlier = earlier;
  }
}
