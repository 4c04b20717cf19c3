/**
 * What a server made of something that we wrote, so that it is not written again for that: in memory only, for each client, and no longer
 * than there is room. What is forgotten costs one write that changes nothing.
 */
import type { ApiClient } from './client.ts';

export class Learned<V> {
  readonly #byClient = new WeakMap<ApiClient, Map<string, V>>();
  readonly #room: number;

  /** @param room of how many objects it is remembered; the oldest goes first */
  constructor(room = 10_000) {
    this.#room = room;
  }

  of(client: ApiClient, key: string): V | undefined {
    return this.#byClient.get(client)?.get(key);
  }

  /** @param value undefined when there is nothing to remember */
  set(client: ApiClient, key: string, value: V | undefined): void {
    const learned = this.#byClient.get(client) ?? new Map<string, V>();
    this.#byClient.set(client, learned);
    learned.delete(key);
    if (value !== undefined) learned.set(key, value);
    if (learned.size > this.#room) learned.delete(learned.keys().next().value!);
  }
}
