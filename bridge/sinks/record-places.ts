/** Which record of Kafka a row was made of, and which of its rows it is, for one sink of one rule. */
import type { Origin, Rule } from '../../rules/rule.ts';
import type { Place } from '../listen/journal/entries.ts';
import { ConsumedRecord } from '../sources/kafka-record.ts';

/**
 * Names sinks by their rule, and their place among its sinks: the same after a restart, and when the bridge has taken another document, so that a
 * record that comes again is recognised all the same.
 */
export class SinkPlaces {
  readonly #sinks = new WeakMap<Rule, number>();

  /** Of the next sink of a rule. @param name of the rule */
  next(name: string, rule: Rule): RecordPlaces {
    const index = this.#sinks.get(rule) ?? 0;
    this.#sinks.set(rule, index + 1);
    return new RecordPlaces(`${name} ${index}`);
  }
}

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
