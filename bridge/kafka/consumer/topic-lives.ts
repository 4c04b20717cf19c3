/**
 * Which topics were made while this process ran. Such a topic is read from its beginning even where a group starts with what comes next:
 * nobody has seen what was written between its making and our noticing.
 *
 * A topic that is deleted and made again is another one, and its offsets begin at 0 again. Its id says so (KIP-516). Where brokers have no
 * ids, a topic counts as made when metadata did not have it several times in a row before.
 */
import type { TopicMetadata } from '../metadata-api.ts';
import { unknownAnswers, unknownTopic } from '../topic-error.ts';

export class TopicLives {
  readonly #ids = new Map<string, string>();
  readonly #absences = new Map<string, number>();
  readonly #made = new Set<string>();

  /** Takes what metadata says of a topic. */
  learn(topic: string, { id, errorCode }: TopicMetadata): void {
    if (errorCode === unknownTopic) this.#absences.set(topic, (this.#absences.get(topic) ?? 0) + 1);
    if (errorCode !== 0) return;
    if ((this.#absences.get(topic) ?? 0) >= unknownAnswers) this.appeared(topic);
    this.#absences.delete(topic);
    if (id === undefined) return;
    const before = this.#ids.get(topic);
    if (before !== undefined && before !== id) this.appeared(topic);
    this.#ids.set(topic, id);
  }

  /** There is a topic that there was not before. */
  appeared(topic: string): void {
    this.#made.add(topic);
  }

  isNew(topic: string): boolean {
    return this.#made.has(topic);
  }
}
