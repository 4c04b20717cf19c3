/**
 * A message's way from the source to Kafka: its topic's rules, their rows, the sinks' records, and the account of what became of each.
 *
 * Everything from `message` to the record batch is synchronous. What comes back later comes back as tokens: a token is the number of a
 * sink (0 for dead letters) and the slot of the message in the settlement. Back-pressure has one place: when the producer holds more than
 * it may, the source is paused, and it is resumed when there is room. It is also paused while a message waits for its schema to be fetched:
 * a rule then begins anew with that message, and nothing came between.
 */
import { MkbError } from '../../api/errors.ts';
import type { Captures, Row } from '../../rules/rule.ts';
import { asMkbError } from '../as-mkb-error.ts';
import { systemClock } from '../clock.ts';
import type { Producer } from '../kafka/producer.ts';
import type { ProducerHandler } from '../kafka/producer-options.ts';
import { draft, type Record, type RecordDraft } from '../kafka/record.ts';
import type { Topic } from '../kafka/topic.ts';
import type { MqttMessage } from '../mqtt/message.ts';
import type { BoundRule, BoundSink } from './bound-rule.ts';
import { EventFeed } from './event-feed.ts';
import { deadLetter, type Failure, lossOf, shortened } from './letters.ts';
import { dropReason, outcomeNumber } from './outcome.ts';
import type { MissingSchema, PipelineOptions } from './pipeline-options.ts';
import { type Route, Routes } from './routes.ts';
import type { Settlement } from './settlement.ts';
import { WindowRows } from './window-rows.ts';
import type { WindowWriter } from './window-writer.ts';

const noRoutes: readonly Route[] = [];
const deadLetterSink = 0;
/** The most slots that settlement needs: a million messages in flight. */
const mostSlotBits = 20;
/** No outcome: the rule misses a schema. */
const pending = -1;

export class Pipeline implements ProducerHandler {
  /** Rows of windows and events, which are no messages and have an account of their own. */
  readonly rows: WindowRows;
  /** What happens here and to the bridge, for rules that read it. */
  readonly events: EventFeed;
  readonly #options: PipelineOptions;
  readonly #settlement: Settlement;
  /** The source's number in the settlement. */
  readonly #source: number;
  readonly #mask: number;
  readonly #slotBits: number;
  readonly #sinks: readonly BoundSink[];
  readonly #routes: Routes;
  readonly #draft: RecordDraft = draft();
  #producer!: Producer;
  #deadLetterTopic: Topic | undefined;
  /** When the current read began, performance.now(); 0 between reads. */
  #readAt = 0;
  #paused = false;
  /** What the rule that was applied last cannot go on without. */
  #missing: MissingSchema | undefined;
  /** Whether a message waits for a schema; the source is paused meanwhile. */
  #waiting = false;
  /** Milliseconds for which the source was paused, and since when it is. */
  #pausedMs = 0;
  #pausedAt = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#settlement = options.settlement;
    this.#source = options.settlement.add(options.source);
    this.#mask = 2 ** options.slotBits - 1;
    this.#slotBits = options.slotBits;
    this.#sinks = options.rules.flatMap(rule => rule.sinks);
    for (const { sink, rule } of this.#sinks) sink.noticed = warning => options.noticed?.(rule.name, warning);
    const { clock = systemClock } = options;
    // No message has a dead letter of the number after the last sink's, so those of rows are told by it.
    const rowLetters = this.#sinks.length + 1;
    this.rows = new WindowRows({
      rules: options.rules,
      clock,
      token: sink => (sink === deadLetterSink ? rowLetters : sink) << this.#slotBits,
      failed: options.failed,
    });
    this.events = new EventFeed(options.rules, this.rows, clock);
    this.#routes = new Routes(options.rules, options.ownerOf ?? (() => 0), rule => this.rows.writer(rule));
  }

  /** The producer that this pipeline is the handler of. Call once, before the first message. */
  use(producer: Producer): void {
    this.#producer = producer;
    if (this.#options.deadLetterTopic !== undefined)
      this.#deadLetterTopic = producer.topic(this.#options.deadLetterTopic, true);
    for (const sink of this.#sinks)
      if (sink.sink.constantTopic !== undefined) sink.topic = producer.topic(sink.sink.constantTopic, true);
    this.rows.use(producer, this.#deadLetterTopic);
  }

  /** Kafka topics that sinks always write to. */
  get constantTopics(): readonly string[] {
    return this.#sinks.flatMap(({ sink }) => sink.constantTopic ?? []);
  }

  /** Seconds for which reading was held back because Kafka did not keep up, or a schema had to be fetched. */
  get pausedSeconds(): number {
    return (this.#pausedMs + (this.#paused ? performance.now() - this.#pausedAt : 0)) / 1000;
  }

  // --- from the source

  /** Takes one message. `arrival` is the source's number of it. */
  message(message: MqttMessage, arrival: number): void {
    if (this.#readAt === 0) this.#readAt = performance.now();
    const slot = this.#settlement.begin(
      this.#source,
      arrival,
      message.topic,
      message.qos,
      message.retain,
      this.#readAt,
    );
    const routes = message.unwanted === undefined ? this.#routes.for(message.topic, message.named) : noRoutes;
    if (routes.length === 0) this.#settlement.release(slot, this.#whyNoRule(message), this.#readAt);
    else if (message.oversizeBytes > 0) this.#refuseOversize(routes, message, slot);
    else this.#applyFrom(0, routes, message, slot, outcomeNumber.filtered);
    if (this.#producer.full || this.#settlement.full) this.#pause();
  }

  #whyNoRule({ topic, unwanted }: MqttMessage): number {
    if (unwanted !== undefined) return outcomeNumber[unwanted];
    return this.#routes.of(topic).length === 0 ? outcomeNumber.no_rule : outcomeNumber.other_copy;
  }

  /** Of a message that is larger than the session takes only the beginning is here: it fails for each rule that wants it. */
  #refuseOversize(routes: readonly Route[], message: MqttMessage, slot: number): void {
    const { topic, oversizeBytes: bytes, missingBytes } = message;
    const payloadBytes = message.payload.length + missingBytes;
    for (const { rule, captures } of routes) {
      rule.matched++;
      rule.failed++;
      this.#fail(rule, new MkbError('mqtt-packet-too-large', { topic, bytes, payloadBytes }), message, captures, slot);
    }
    this.#settlement.release(slot, outcomeNumber.delivered, this.#readAt);
  }

  /** Applies the rules of a message from one of them on. `before` is what those before it made. */
  #applyFrom(first: number, routes: readonly Route[], message: MqttMessage, slot: number, before: number): void {
    let outcome = before;
    for (let at = first; at < routes.length; at++) {
      const made = this.#apply(routes[at]!, message, slot);
      if (made === pending) {
        this.#wait(at, routes, message.copy(), slot, outcome);
        return;
      }
      // Something made of it says more than that it was counted, and that more than nothing.
      if (made === outcomeNumber.delivered || outcome === outcomeNumber.filtered) outcome = made;
    }
    this.#settlement.release(slot, outcome, this.#readAt);
  }

  /** Reads no further before the schema that a rule misses is there, or is known to be nowhere; then goes on with that rule. */
  #wait(at: number, routes: readonly Route[], message: MqttMessage, slot: number, outcome: number): void {
    this.#waiting = true;
    this.#pause();
    void this.#options.obtainSchema?.(this.#missing!).then(goOn => {
      if (!goOn) return;
      this.#waiting = false;
      this.#readAt = performance.now();
      this.#applyFrom(at, routes, message, slot, outcome);
      this.readEnd();
      if (this.#hasRoom) this.#resume();
      this.#options.settled();
    });
  }

  /** All messages of one read have been handed over. */
  readEnd(): void {
    this.#readAt = 0;
    if (this.#options.source.starved) this.#producer.sendNow();
    else this.#producer.readEnd();
    this.#settlement.acknowledge();
  }

  /** Returns what the rule made of the message: delivered for anything, be it only a failure; aggregated; filtered; or pending. */
  #apply({ rule, captures, windows }: Route, message: MqttMessage, slot: number): number {
    rule.matched++;
    try {
      if (windows !== undefined) return this.#count(rule, windows, message, captures);
      const rows = rule.rule.rows(message, captures);
      if (rows.length === 0) return outcomeNumber.filtered;
      rule.passed++;
      for (const sink of rule.sinks) this.#writeRows(sink, message, captures, rows, slot);
    } catch (error) {
      if (MkbError.is(error, 'schema-pending')) {
        rule.matched--;
        rule.rule.undo();
        this.#missing = error.details;
        return pending;
      }
      rule.failed++;
      this.#fail(rule, asMkbError(error), message, captures, slot);
    }
    return outcomeNumber.delivered;
  }

  #count(rule: BoundRule, windows: WindowWriter, message: MqttMessage, captures: Captures): number {
    if (!windows.count(message, captures)) return outcomeNumber.filtered;
    rule.passed++;
    return outcomeNumber.aggregated;
  }

  /** Rows that a sink cannot write are told once, for the first of them: the dead letter is the message, and one of it is enough. */
  #writeRows(sink: BoundSink, message: MqttMessage, captures: Captures, rows: readonly Row[], slot: number): void {
    let failure: MkbError | undefined;
    for (const row of rows) {
      const error = this.#write(sink, message, captures, row, slot);
      failure ??= error;
    }
    if (failure) this.#fail(sink.rule, failure, message, captures, slot);
  }

  /** Returns why the row cannot be written, if it cannot. */
  #write(sink: BoundSink, message: MqttMessage, captures: Captures, row: Row, slot: number): MkbError | undefined {
    const record = this.#draft;
    let topic: Topic;
    try {
      topic = sink.topic ?? this.#producer.topic(sink.sink.topicOf(message, captures, row));
      sink.sink.fill(record, message, captures, row);
    } catch (error) {
      sink.failed++;
      return asMkbError(error);
    }
    if (this.#deadLetterTopic && !sink.sink.passesPayload) this.#settlement.keepPayload(slot, message.payload);
    this.#settlement.hold(slot);
    this.#producer.append(topic, record, (sink.number << this.#slotBits) | slot);
    return undefined;
  }

  /** A message that failed while it is still at hand. */
  #fail(rule: BoundRule, error: MkbError, message: MqttMessage, captures: Captures, slot: number): void {
    this.#settlement.hold(slot);
    this.#giveUp(
      {
        rule: rule.name,
        error,
        message: this.#settlement.recall(slot),
        payload: message.payload,
        key: undefined,
        clientid: clientId(rule, captures),
      },
      slot,
    );
  }

  // --- from the producer

  delivered(tokens: readonly number[]): void {
    const now = performance.now();
    for (const token of tokens) {
      const number = token >>> this.#slotBits;
      const slot = token & this.#mask;
      const sink = this.#sinks[number - 1];
      if (number === deadLetterSink) this.#settlement.release(slot, outcomeNumber.dead_lettered, now);
      else if (sink === undefined) this.rows.letterDelivered();
      else {
        sink.delivered++;
        if (!sink.rule.standsAlone) this.#settlement.release(slot, outcomeNumber.delivered, now);
        else this.rows.delivered();
      }
    }
  }

  failed(token: number, record: Record, error: MkbError): void {
    const number = token >>> this.#slotBits;
    const slot = token & this.#mask;
    if (number === deadLetterSink) {
      this.#deadLetterFailed(slot, record, error);
      return;
    }
    const sink = this.#sinks[number - 1];
    if (sink === undefined) {
      this.rows.letterFailed(record, error);
      return;
    }
    const { rule } = sink;
    sink.failed++;
    if (rule.standsAlone) {
      this.rows.failed(rule, record, error);
      return;
    }
    const message = this.#settlement.recall(slot);
    const captures = this.#routes.of(message.topic).find(route => route.rule === rule)?.captures ?? [];
    const payload = message.payload ?? record.value ?? Buffer.alloc(0);
    this.#giveUp(
      { rule: rule.name, error, message, payload, key: record.key, clientid: clientId(rule, captures) },
      slot,
    );
  }

  settled(): void {
    this.#settlement.acknowledge();
    if (this.#producer.hasRoom) {
      if (this.#paused && this.#hasRoom) this.#resume();
      this.rows.resume();
      this.events.resume();
    }
    this.#options.settled();
  }

  linkChanged(): void {
    this.#options.linkChanged?.();
  }

  problem(error: MkbError): void {
    this.#options.problem(error);
  }

  /** One thing made of the message will never be delivered: it becomes a dead letter, or is dropped. */
  #giveUp(failure: Failure, slot: number): void {
    this.#options.failed(failure.rule, failure.error);
    const reason = dropReason(failure.error);
    if (this.#deadLetterTopic) {
      this.events.raise('message.dead_lettered', () => lossOf(failure, reason));
      this.#producer.append(this.#deadLetterTopic, deadLetter(failure, Date.now()), slot);
    } else {
      this.events.raise('message.dropped', () => lossOf(failure, reason));
      this.#settlement.release(slot, outcomeNumber[reason], performance.now());
    }
  }

  #deadLetterFailed(slot: number, record: Record, error: MkbError): void {
    const shorter = MkbError.is(error, 'kafka-message-too-large') ? shortened(draft(record)) : undefined;
    if (shorter) {
      this.#producer.append(this.#deadLetterTopic!, shorter, slot);
      return;
    }
    this.#options.failed('dead letters', error);
    this.events.raise('message.dropped', () => {
      const message = this.#settlement.recall(slot);
      const payload = message.payload ?? record.value ?? Buffer.alloc(0);
      return lossOf({ error, message, payload }, 'dead_letter_failed');
    });
    this.#settlement.release(slot, outcomeNumber.dead_letter_failed, performance.now());
  }

  get #hasRoom(): boolean {
    return !this.#waiting && this.#producer.hasRoom && !this.#settlement.full;
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pausedAt = performance.now();
    this.#options.source.pause();
  }

  #resume(): void {
    this.#paused = false;
    this.#pausedMs += performance.now() - this.#pausedAt;
    this.#options.source.resume();
  }
}

function clientId(rule: BoundRule, captures: Captures): string | undefined {
  const position = rule.rule.captureNames.indexOf('clientid');
  return position < 0 ? undefined : captures[position];
}

/** How many bits of a token are the slot: a token is a positive 32-bit integer, and the rest of it is the number of a sink. */
export function slotBitsFor(rules: readonly BoundRule[]): number {
  const sinks = rules.reduce((sum, rule) => sum + rule.sinks.length, 0);
  // Two numbers are of dead letters: 0, and the one after the last sink's.
  return Math.min(mostSlotBits, 31 - Math.ceil(Math.log2(sinks + 2)));
}
