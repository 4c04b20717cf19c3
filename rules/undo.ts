/**
 * A rule that had to wait is tried again for the same message, and must then do the same: what it remembered is taken back, time and chance
 * are repeated, and the answers that it waited for are there. Otherwise `WHERE CHANGED(payload.x) AND schema_check('cars', payload)` would
 * find nothing changed the second time, and the message were lost.
 *
 * Only rules that may have to wait have this: those of a document with a registry, and those that call jq in a bridge. What gave way to a
 * new key in a full memory stays forgotten.
 */
import type { Memory } from './memory.ts';
import { Pending } from './pending.ts';
import type { Value } from './value.ts';

/** What functions do with a memory. */
export type Remembering = Pick<Memory, 'get' | 'put' | 'delete'>;

interface Answered {
  readonly question: string;
  readonly answer: unknown;
}

export class Undo {
  readonly #changes: (() => void)[] = [];
  /** What time and chance gave, in the order in which they were asked, and how many of that were asked for at this try. */
  readonly #draws: unknown[] = [];
  #drawn = 0;
  readonly #answers: Answered[] = [];
  #asked = 0;
  /** Whether the next try is for the same message. */
  #again = false;

  /** The same memory, whose changes can be taken back. */
  of(memory: Remembering): Remembering {
    const remember = (key: string, before: Value): Value => {
      this.#changes.push(() => (before === undefined ? memory.delete(key) : memory.put(key, before)));
      return before;
    };
    return {
      get: key => memory.get(key),
      put: (key, value) => remember(key, memory.put(key, value)),
      delete: key => remember(key, memory.delete(key)),
    };
  }

  /** What `draw` gives, and at each further try for the message the same. */
  repeat<T>(draw: () => T): T {
    if (this.#drawn === this.#draws.length) this.#draws.push(draw());
    return this.#draws[this.#drawn++] as T;
  }

  /**
   * The answer to a question, by the order in which the rule asks. Throws `Pending` while it is not there.
   *
   * @param ask gets it, and never rejects
   */
  answer<T>(question: string, ask: () => Promise<T>): T {
    const known = this.#answers[this.#asked];
    if (known?.question === question) {
      this.#asked++;
      return known.answer as T;
    }
    this.#answers.length = this.#asked;
    throw new Pending(async () => {
      this.#answers.push({ question, answer: await ask() });
    });
  }

  /** A rule is tried for a message. */
  begin(): void {
    this.#changes.length = 0;
    this.#drawn = 0;
    this.#asked = 0;
    if (!this.#again) {
      this.#draws.length = 0;
      this.#answers.length = 0;
    }
    this.#again = false;
  }

  /** Takes back what was changed since `begin`. The next try is for the same message, unless `forget` is called. */
  undo(): void {
    for (const takeBack of this.#changes.toReversed()) takeBack();
    this.#changes.length = 0;
    this.#again = true;
  }

  /** The message that the rule would have been tried for again is gone. */
  forget(): void {
    this.#again = false;
  }
}
