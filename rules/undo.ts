/**
 * Takes back what a rule remembered of a message that it has to be tried for again, because a schema has to be fetched first. Else
 * `WHERE CHANGED(payload.x) AND schema_check('cars', payload)` would find nothing changed the second time, and the message were lost.
 *
 * Only rules that may have to wait have this: those of a document with a registry. What gave way to a new key in a full memory stays away.
 */
import type { Memory } from './memory.ts';
import type { Value } from './value.ts';

/** What functions do with a memory. */
export type Remembering = Pick<Memory, 'get' | 'put' | 'delete'>;

export class Undo {
  readonly #changes: (() => void)[] = [];

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

  /** A rule is tried for a message. */
  begin(): void {
    this.#changes.length = 0;
  }

  /** Takes back what was changed since `begin`. */
  undo(): void {
    for (const takeBack of this.#changes.toReversed()) takeBack();
    this.#changes.length = 0;
  }
}
