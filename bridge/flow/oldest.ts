/**
 * Of a source's messages in flight, the one that has been so for longest: for how long, and what it waits for. One message that does not get
 * through shows in no rate, as long as others do; here it has an age and a reason. Nothing is kept for it: it is looked for when somebody asks.
 */
import type { DeadLetters } from './dead-letters.ts';
import type { Room } from './room.ts';
import type { Settlement } from './settlement.ts';
import type { Source } from './source.ts';

/** A message that takes longer is one that somebody should know of. */
const longSeconds = 30;

export interface OldestOptions {
  readonly settlement: Settlement<Source>;
  /** The source's number there. */
  readonly number: number;
  /** Its sinks are where messages may be on their way to. */
  readonly room: Room;
  readonly letters: DeadLetters;
  readonly slotBits: number;
  /** The rule that the message in a slot waits in, for something else than room. */
  readonly ruleOf: (slot: number) => string | undefined;
}

export class Oldest {
  readonly #options: OldestOptions;

  constructor(options: OldestOptions) {
    this.#options = options;
  }

  /** 0 while no message is in flight. */
  get seconds(): number {
    const slot = this.#slot;
    return slot === undefined ? 0 : this.#ageOf(slot);
  }

  /** What it waits for, in words that follow "it waits for"; undefined while it has not waited for long. */
  get wait(): string | undefined {
    const slot = this.#slot;
    return slot === undefined || this.#ageOf(slot) < longSeconds ? undefined : this.#waitOf(slot);
  }

  get #slot(): number | undefined {
    return this.#options.settlement.oldestOf(this.#options.number);
  }

  #ageOf(slot: number): number {
    return (performance.now() - this.#options.settlement.receivedAt(slot)) / 1000;
  }

  #waitOf(slot: number): string {
    const { ruleOf, room, letters, slotBits } = this.#options;
    const rule = ruleOf(slot);
    if (rule !== undefined)
      return `rule ${rule}, which waits for an answer (a schema, jq), or until a message of another source is through it`;
    const mask = 2 ** slotBits - 1;
    for (const sink of room.sinks) {
      const wait = sink.waiting(token => (token & mask) === slot);
      if (wait !== undefined) return wait;
    }
    return letters.waiting(slot) ?? 'room in a sink';
  }
}
