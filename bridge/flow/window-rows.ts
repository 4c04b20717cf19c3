/**
 * Rows of windows and of events on their way to Kafka. Those of windows are made of many messages, all acknowledged already, and those of events
 * of none, so nobody waits for what becomes of them: they are only counted, per sink and here, and what fails for good is a dead letter of its
 * own. That raises no event, so no event can lead to another.
 */
import { MkbError } from '../../api/errors.ts';
import type { BridgeEvent } from '../../rules/events.ts';
import { encodeJson } from '../../rules/json.ts';
import type { Origin, Row } from '../../rules/rule.ts';
import type { ClosedWindow, WindowOutcome } from '../../rules/windows/closed-window.ts';
import { asMkbError } from '../as-mkb-error.ts';
import type { Clock } from '../clock.ts';
import type { Producer } from '../kafka/producer.ts';
import { draft, type Record, type RecordDraft } from '../kafka/record.ts';
import type { Topic } from '../kafka/topic.ts';
import type { BoundRule, BoundSink } from './bound-rule.ts';
import { rowLetter, shortened } from './letters.ts';
import { ManyRows } from './many-rows.ts';
import { type ObtainSchema, type Wait, waitOf } from './waiting.ts';
import { WindowWriter } from './window-writer.ts';

export interface WindowRowsOptions {
  readonly rules: readonly BoundRule[];
  readonly clock: Clock;
  /** The token of a record that a sink writes for a row; sink 0 is their dead letters. */
  readonly token: (sink: number) => number;
  /** Told of each failure for good. */
  readonly failed: (rule: string, error: MkbError) => void;
  readonly obtainSchema: ObtainSchema | undefined;
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

  /** The rows that a rule makes of what happened to the bridge. A rule with windows counts it, and makes none. */
  rowsOf(rule: BoundRule, event: BridgeEvent): ManyRows<BoundSink> {
    rule.matched++;
    const writer = this.#writers.get(rule);
    if (writer === undefined) return new ManyRows(rule.rule.cursor(event, []), rule.sinks);
    const count = (): undefined => {
      if (writer.count(event, [])) rule.passed++;
    };
    return new ManyRows({ next: count }, rule.sinks);
  }

  /** Writes rows of `rowsOf`. Returns what to wait for before it is called again. Call `written` after a group of these. */
  event(rule: BoundRule, event: BridgeEvent, rows: ManyRows<BoundSink>, isFull: () => boolean): Wait | undefined {
    try {
      const wait = rows.write(isFull, (sink, row) => {
        this.#writeRowOf(sink, event, row);
        return undefined;
      });
      if (wait !== undefined) return wait;
    } catch (error) {
      const wait = this.#waitOf(rule, error);
      if (wait !== undefined) return wait;
      rule.failed++;
      this.#giveUp(rule, asMkbError(error), undefined, factsOf(event));
    }
    if (rows.any) rule.passed++;
    return undefined;
  }

  #waitOf(rule: BoundRule, error: unknown): Wait | undefined {
    const wait = waitOf(error, this.#options.obtainSchema);
    if (wait !== undefined) rule.rule.undo();
    return wait;
  }

  /** A group of events was handed over. */
  written(): void {
    this.#producer.readEnd();
  }

  /** Whether no more should be written now. */
  get full(): boolean {
    return this.#producer.full;
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
      waitOf: error => waitOf(error, this.#options.obtainSchema),
    });
  }

  #write(rule: BoundRule, outcome: WindowOutcome): void {
    const { window } = outcome;
    if ('error' in outcome) {
      rule.rowsFailed++;
      this.#giveUp(rule, outcome.error, undefined, factsOfWindow(window));
      return;
    }
    rule.rows++;
    for (const sink of rule.sinks) this.#writeRow(sink, window, outcome.row);
  }

  #writeRow(sink: BoundSink, window: ClosedWindow, row: Row): void {
    this.#fill(
      sink,
      window,
      row,
      () => factsOfWindow(window),
      record => sink.sink.fillFromWindow(record, window, row),
    );
  }

  #writeRowOf(sink: BoundSink, event: BridgeEvent, row: Row): void {
    this.#fill(
      sink,
      event,
      row,
      () => factsOf(event),
      record => sink.sink.fillFromEvent(record, event, row),
    );
  }

  /** @param facts what a dead letter says if the row cannot be written */
  #fill(sink: BoundSink, origin: Origin, row: Row, facts: () => Buffer, fill: (record: RecordDraft) => void): void {
    try {
      const topic = sink.topic ?? this.#producer.topic(sink.sink.topicOf(origin, [], row));
      fill(this.#draft);
      this.#append(topic, this.#draft, sink.number);
    } catch (error) {
      sink.failed++;
      this.#giveUp(sink.rule, asMkbError(error), undefined, facts());
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

/** What is known of a window, for a dead letter. A key may be bytes that JSON does not take; then it tells the times alone. */
function factsOfWindow({ facts, start, end }: ClosedWindow): Buffer {
  try {
    return Buffer.from(encodeJson(facts));
  } catch {
    return Buffer.from(encodeJson({ window_start: start, window_end: end }));
  }
}

/** What is known of an event, for a dead letter. A payload may be any bytes. */
function factsOf({ json: _json, payload, ...facts }: BridgeEvent): Buffer {
  return Buffer.from(JSON.stringify({ ...facts, ...(payload && { payload_base64: payload.toString('base64') }) }));
}
