/** Which record of Kafka a row was made of, and which of its rows it is, for one sink of one rule. */
import type { Origin } from '../../rules/rule.ts';
import type { Place } from '../listen/journal/entries.ts';

export class RecordPlaces {
  readonly #sink: string;
  #partition = '';
  #offset = -1n;
  #row = 0;

  constructor(sink: string) {
    this.#sink = sink;
  }

  /** Undefined for what is no record. */
  of(origin: Origin): Place | undefined {
    if (!('offset' in origin)) return undefined;
    const partition = `${origin.topic}-${origin.partition}`;
    if (origin.offset === this.#offset && partition === this.#partition) this.#row++;
    else {
      this.#partition = partition;
      this.#offset = origin.offset;
      this.#row = 0;
    }
    return [this.#sink, partition, String(origin.offset), this.#row];
  }
}
