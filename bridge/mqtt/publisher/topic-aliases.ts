/**
 * Short numbers for topics that are published to again and again (MQTT 5, 3.3.2.3.4), as many as the server remembers for a connection.
 *
 * The first packet for a topic gives it a number, later ones have the number alone. With more topics than numbers, the topic that was used
 * least recently loses its number.
 */
export class TopicAliases {
  readonly #most: number;
  /** The one that was used last is at the end. */
  readonly #numbers = new Map<string, number>();

  /** @param most the server's Topic Alias Maximum; 0 means that it takes none */
  constructor(most: number) {
    this.#most = Math.min(most, mostUseful);
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#most > 0;
  }

  /** The number of a topic, and whether the server knows it: the packet must be sent then, before any later one. */
  take(topic: string): { readonly alias: number; readonly aliasKnown: boolean } {
    const known = this.#numbers.get(topic);
    const alias = known ?? this.#free();
    this.#numbers.delete(topic);
    this.#numbers.set(topic, alias);
    return { alias, aliasKnown: known !== undefined };
  }

  #free(): number {
    if (this.#numbers.size < this.#most) return this.#numbers.size + 1;
    const [topic, alias] = this.#numbers.entries().next().value!;
    this.#numbers.delete(topic);
    return alias;
  }
}

/** Servers may offer 65,535, which would be megabytes of topics at both ends. */
const mostUseful = 1024;
