/**
 * Rows of windows on their way to Kafka. They are made of many messages, all acknowledged already, so nobody waits for what becomes of them:
 * they are only counted, per sink and here, and what fails for good is a dead letter of its own.
 */
import { MkbError } from '../../api/errors.ts';
import { encodeJson } from '../../rules/json.ts';
import type { Row } from '../../rules/rule.ts';
import type { ClosedWindow, WindowOutcome } from '../../rules/windows/closed-window.ts';
import type { Clock } from '../clock.ts';
import type { Producer } from '../kafka/producer.ts';
import { draft, type Record, type RecordDraft } from '../kafka/record.ts';
import type { Topic } from '../kafka/topic.ts';
import type { BoundRule, BoundSink } from './bound-rule.ts';
import { rowLetter, shortened } from './dead-letters.ts';
import { WindowWriter } from './window-writer.ts';

export interface WindowRowsOptions {
  readonly rules: readonly BoundRule[];
  readonly clock: Clock;
  /** The token of a record that a sink writes for a row; sink 0 is their dead letters. */
  readonly token: (sink: number) => number;
  /** Told of each failure for good. */
  readonly failed: (rule: string, error: MkbError) => void;
}

export class WindowRows {
  /** Records of rows, and dead letters of rows, that have no outcome yet. */
  inFlight = 0;
  /** Dead letters of rows that Kafka has. */
  deadLettered = 0;
  /** Rows and records that are nowhere. */
  dropped = 0;
  readonly #options: WindowRowsOptions;
  readonly #writers = new Map<BoundRule, WindowWriter>();
  readonly #draft: RecordDraft = draft();
  #producer!: Producer;
  #deadLetterTopic: Topic | undefined;

  constructor(options: WindowRowsOptions) {
    this.#options = options;
    for (const rule of options.rules) {
      if (rule.windows !== undefined) this.#writers.set(rule, this.#writer(rule));
    }
  }

  /** As `Pipeline.use`. */
  use(producer: Producer, deadLetterTopic: Topic | undefined): void {
    this.#producer = producer;
    this.#deadLetterTopic = deadLetterTopic;
  }

  /** What counts the messages of a rule; undefined for a rule without windows. */
  writer(rule: BoundRule): WindowWriter | undefined {
    return this.#writers.get(rule);
  }

  /** There is room for rows again. */
  resume(): void {
    for (const writer of this.#writers.values()) writer.resume();
  }

  /** Ends all windows, and writes their rows. */
  stop(): void {
    for (const writer of this.#writers.values()) writer.stop();
  }

  /** Kafka has the record that a sink wrote. */
  delivered(): void {
    this.inFlight--;
  }

  letterDelivered(): void {
    this.inFlight--;
    this.deadLettered++;
  }

  /** A record that a sink wrote cannot be delivered. */
  failed(rule: BoundRule, { key, value }: Record, error: MkbError): void {
    this.inFlight--;
    this.#giveUp(rule, error, key, value);
  }

  letterFailed(record: Record, error: MkbError): void {
    this.inFlight--;
    const shorter = MkbError.is(error, 'kafka-message-too-large') ? shortened(draft(record)) : undefined;
    if (shorter === undefined) this.#drop('dead letters', error);
    else this.#append(this.#deadLetterTopic!, shorter, 0);
  }

  #writer(rule: BoundRule): WindowWriter {
    const isFull = () => this.#producer.full;
    return new WindowWriter(rule.windows!, this.#options.clock, {
      get full() {
        return isFull();
      },
      write: outcome => this.#write(rule, outcome),
      written: () => this.#producer.readEnd(),
    });
  }

  #write(rule: BoundRule, outcome: WindowOutcome): void {
    const { window } = outcome;
    if ('error' in outcome) {
      rule.rowsFailed++;
      this.#giveUp(rule, outcome.error, undefined, Buffer.from(encodeJson(window.facts)));
      return;
    }
    rule.rows++;
    for (const sink of rule.sinks) this.#writeRow(sink, window, outcome.row);
  }

  #writeRow(sink: BoundSink, window: ClosedWindow, row: Row): void {
    try {
      const topic = sink.topic ?? this.#producer.topic(sink.sink.topicOf(window, [], row));
      sink.sink.fillFromWindow(this.#draft, window, row);
      this.#append(topic, this.#draft, sink.number);
    } catch (error) {
      if (!MkbError.is(error)) throw error;
      sink.failed++;
      this.#giveUp(sink.rule, error, undefined, Buffer.from(encodeJson(window.facts)));
    }
  }

  #giveUp(rule: BoundRule, error: MkbError, key: Buffer | undefined, value: Buffer | undefined): void {
    if (this.#deadLetterTopic === undefined) {
      this.#drop(rule.name, error);
      return;
    }
    this.#options.failed(rule.name, error);
    const letter = rowLetter({ rule: rule.name, error, key, value }, this.#options.clock.now());
    this.#append(this.#deadLetterTopic, letter, 0);
  }

  #append(topic: Topic, record: RecordDraft, sink: number): void {
    this.inFlight++;
    this.#producer.append(topic, record, this.#options.token(sink));
  }

  #drop(rule: string, error: MkbError): void {
    this.dropped++;
    this.#options.failed(rule, error);
  }
}
