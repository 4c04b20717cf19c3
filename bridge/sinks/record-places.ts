/** Which record of Kafka a row was made of, and which of its rows it is, for one sink of one rule. */
import type { Origin } from '../../rules/rule.ts';
import type { Place } from '../listen/journal/entries.ts';
import { ConsumedRecord } from '../sources/kafka-record.ts';

export class RecordPlaces {
  readonly #sink: string;
  /** The record of the last row. One that is read again is another object. */
  #record: ConsumedRecord | undefined;
  #row = 0;

  constructor(sink: string) {
    this.#sink = sink;
  }

  /** Undefined for what is no record, and where brokers have no ids of topics: one that was made again would look the same. */
  of(origin: Origin): Place | undefined {
    if (!(origin instanceof ConsumedRecord) || origin.topicId === undefined) return undefined;
    this.#row = origin === this.#record ? this.#row + 1 : 0;
    this.#record = origin;
    const { topic, topicId, partition, offset } = origin;
    return [this.#sink, `${topic} ${topicId} ${partition}`, String(offset), this.#row];
  }
}
