/** Messages that failed permanently, as somebody wants to see them who has just found that some did: each rule and reason once, the newest first. */
import type { MkbError } from '../../api/errors.ts';
import type { Loss } from '../flow/dead-letters.ts';

export interface FailureGroup {
  readonly rule: string;
  readonly code: string;
  readonly outcome: Loss['outcome'];
  /** Since the start. */
  readonly count: number;
  /** Of the newest. It may quote the message. */
  readonly message: string;
  readonly remedy: string;
  /** That the newest came from, if it came from one. */
  readonly topic: string | undefined;
  /** Of the newest, milliseconds since 1970. */
  readonly at: number;
}

/** Rules and their errors are few; rules that come and go with reloads are many. */
const mostGroups = 100;

export class Failures {
  readonly #now: () => number;
  /** The newest last. */
  readonly #groups = new Map<string, { rule: string; error: MkbError; loss: Loss; count: number; at: number }>();

  /** @param now milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add(rule: string, error: MkbError, loss: Loss): void {
    const key = `${error.code} ${loss.outcome} ${rule}`;
    const group = this.#groups.get(key) ?? { rule, error, loss, count: 0, at: 0 };
    this.#groups.delete(key);
    this.#groups.set(key, group);
    group.error = error;
    group.loss = loss;
    group.count++;
    group.at = this.#now();
    if (this.#groups.size > mostGroups) this.#groups.delete(this.#groups.keys().next().value!);
  }

  get newestFirst(): FailureGroup[] {
    return [...this.#groups.values()].reverse().map(({ rule, error, loss, count, at }) => ({
      ...{ rule, count, at, outcome: loss.outcome, topic: loss.topic },
      ...{ code: error.code, message: error.message, remedy: error.remedy },
    }));
  }
}
