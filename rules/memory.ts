/**
 * What rules remember from one message to the next: the values of kv_store_put and proc_dict_put.
 *
 * It is memory of this process and no more: a restart forgets it, and replicas of a bridge do not share it. So it is a cache, bounded by
 * the number of keys: when it is full, the key that was written longest ago gives way.
 */
import { copyMap, isList, isMap, type Value } from './value.ts';

export class Memory {
  readonly #values = new Map<string, Value>();
  /** Stands before the oldest key. One that began again each time would step over the gaps of all keys that are gone. */
  #byAge = this.#values.keys();
  readonly #limit: number;
  /** Keys that gave way to others. */
  forgotten = 0;

  /** @param limit how many keys are kept, at least 1 */
  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#values.size;
  }

  get(key: string): Value {
    return this.#values.get(key);
  }

  /** Keeps a value, which must not point into a message's bytes (see `kept`). Returns what it replaces. */
  put(key: string, value: Value): Value {
    const before = this.#values.get(key);
    // Taken out first, so that the key becomes the youngest.
    this.#values.delete(key);
    if (this.#values.size >= this.#limit) this.#forgetOldest();
    this.#values.set(key, value);
    return before;
  }

  /** Forgets a key. Returns its value. */
  delete(key: string): Value {
    const before = this.#values.get(key);
    this.#values.delete(key);
    return before;
  }

  #forgetOldest(): void {
    let oldest = this.#byAge.next();
    if (oldest.done === true) {
      this.#byAge = this.#values.keys();
      oldest = this.#byAge.next();
    }
    if (oldest.done === true) return;
    this.#values.delete(oldest.value);
    this.forgotten++;
  }
}

/** The same value, with copies of all bytes: a message's bytes are its own only while it is handled. */
export const kept = (value: Value): Value => {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (isList(value)) return value.map(kept);
  if (!isMap(value)) return value;
  const copy = copyMap(value);
  for (const key of Object.keys(copy)) copy[key] = kept(copy[key]);
  return copy;
};
