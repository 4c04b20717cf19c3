/**
 * A message's way from the source to Kafka: its topic's rules, their rows, the sinks' records, and the account of what became of each.
 *
 * Everything from `message` to the record batch is synchronous. What comes back later comes back as tokens (tokens.ts). Back-pressure has one
 * place: when the producer holds more than it may, the source is paused, and it is resumed when there is room. It is also paused while a
 * message cannot go on (waiting.ts): for want of a schema or of an answer of jq, with which its rule begins again, or in the middle of the
 * many rows of FOREACH. Nothing comes between.
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
import { DeadLetters } from './dead-letters.ts';
import { EventFeed } from './event-feed.ts';
import { ManyRows } from './many-rows.ts';
import { outcomeNumber } from './outcome.ts';
import { Pace } from './pace.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { type Route, Routes } from './routes.ts';
import type { Settlement } from './settlement.ts';
import { rowToken, Tokens } from './tokens.ts';
import { type Wait, Waiting, waitOf } from './waiting.ts';
import { WindowRows } from './window-rows.ts';
import type { WindowWriter } from './window-writer.ts';

const noRoutes: readonly Route[] = [];
/** No outcome yet: `#wait` says what the rule waits for. */
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
  readonly #slotBits: number;
  readonly #sinks: readonly BoundSink[];
  readonly #routes: Routes;
  readonly #draft: RecordDraft = draft();
  #producer!: Producer;
  readonly #letters: DeadLetters;
  readonly #tokens: Tokens;
  /** When the current read began, performance.now(); 0 between reads. */
  #readAt = 0;
  readonly #pace: Pace;
  /** The message that cannot go on; the source is paused meanwhile. */
  readonly #waiting = new Waiting();
  /** Of the message that waits, the rows that its rule is making; and what the rule that was applied last waits for. */
  #many: ManyRows<BoundSink> | undefined;
  #wait: Wait = 'turn';
  readonly #isFull = () => this.#producer.full;

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#settlement = options.settlement;
    this.#source = options.settlement.add(options.source);
    this.#pace = new Pace(options.source);
    this.#slotBits = options.slotBits;
    this.#sinks = options.rules.flatMap(rule => rule.sinks);
    for (const { sink, rule } of this.#sinks) sink.noticed = warning => options.noticed?.(rule.name, warning);
    const { clock = systemClock } = options;
    this.rows = new WindowRows({
      rules: options.rules,
      clock,
      token: sink => rowToken(sink, this.#sinks.length, this.#slotBits),
      failed: options.failed,
      obtainSchema: options.obtainSchema,
    });
    this.events = new EventFeed(options.rules, this.rows, clock);
    this.#letters = new DeadLetters(this.#settlement, this.events, options.failed);
    this.#routes = new Routes(options.rules, options.ownerOf ?? (() => 0), rule => this.rows.writer(rule));
    this.#tokens = new Tokens({
      sinks: this.#sinks,
      slotBits: options.slotBits,
      settlement: this.#settlement,
      rows: this.rows,
      letters: this.#letters,
      routes: this.#routes,
    });
  }

  /** The producer that this pipeline is the handler of. Call once, before the first message. */
  use(producer: Producer): void {
    this.#producer = producer;
    producer.alsoHeld = () => this.#settlement.heldBytes + this.events.queuedBytes;
    const { deadLetterTopic } = this.#options;
    const letters = deadLetterTopic === undefined ? undefined : producer.topic(deadLetterTopic, true);
    for (const sink of this.#sinks)
      if (sink.sink.constantTopic !== undefined) sink.topic = producer.topic(sink.sink.constantTopic, true);
    this.#letters.use(producer, letters);
    this.rows.use(producer, letters);
  }

  /** Kafka topics that sinks always write to. */
  get constantTopics(): readonly string[] {
    return this.#sinks.flatMap(({ sink }) => sink.constantTopic ?? []);
  }

  /** Seconds for which reading was held back because Kafka did not keep up, or a message had to wait. */
  get pausedSeconds(): number {
    return this.#pace.pausedSeconds;
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
    if (this.#producer.full || this.#settlement.full) this.#pace.pause();
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

  /**
   * Applies the rules of a message from one of them on.
   *
   * @param before what those before it made
   * @param isCopy whether the message stays what it is
   * @param many of the first rule, when it goes on with its rows
   */
  #applyFrom(
    first: number,
    routes: readonly Route[],
    given: MqttMessage,
    slot: number,
    before: number,
    isCopy = false,
    many?: ManyRows<BoundSink>,
  ): void {
    let message = given;
    let outcome = before;
    for (let at = first; at < routes.length; at++) {
      const route = routes[at]!;
      if (route.rule.rule.foreach && !isCopy) {
        message = message.copy();
        isCopy = true;
      }
      const made = this.#applyRoute(route, message, slot, at === first ? many : undefined);
      if (made === pending) {
        this.#hold(at, routes, isCopy ? message : message.copy(), slot, outcome);
        return;
      }
      // Something made of it says more than that it was counted, and that more than nothing.
      if (made === outcomeNumber.delivered || outcome === outcomeNumber.filtered) outcome = made;
    }
    this.#settlement.release(slot, outcome, this.#readAt);
  }

  /** Returns what the rule made of the message: delivered for anything, be it only a failure; aggregated; filtered; or pending. */
  #applyRoute(route: Route, message: MqttMessage, slot: number, many: ManyRows<BoundSink> | undefined): number {
    if (!route.rule.rule.foreach) return this.#apply(route, message, slot);
    this.#many = many ?? this.#begin(route, message);
    const made = this.#applyMany(route, message, slot, this.#many);
    if (made !== pending) this.#many = undefined;
    return made;
  }

  /** Nothing else is handed over before the rule has what it waits for; then the message goes on with that rule. */
  #hold(at: number, routes: readonly Route[], message: MqttMessage, slot: number, outcome: number): void {
    const many = this.#many;
    this.#many = undefined;
    this.#pace.pause();
    this.#waiting.begin(this.#wait, () => {
      this.#readAt = performance.now();
      this.#applyFrom(at, routes, message, slot, outcome, true, many);
      this.readEnd();
      if (this.#hasRoom) this.#pace.resume();
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

  #apply({ rule, captures, windows }: Route, message: MqttMessage, slot: number): number {
    rule.matched++;
    try {
      if (windows !== undefined) return this.#count(rule, windows, message, captures);
      const rows = rule.rule.rows(message, captures);
      if (rows.length === 0) return outcomeNumber.filtered;
      rule.passed++;
      for (const sink of rule.sinks) this.#writeRows(sink, message, captures, rows, slot);
    } catch (error) {
      if (this.#mustWait(rule, error)) {
        rule.matched--;
        return pending;
      }
      rule.failed++;
      this.#fail(rule, asMkbError(error), message, captures, slot);
    }
    return outcomeNumber.delivered;
  }

  #begin({ rule, captures }: Route, message: MqttMessage): ManyRows<BoundSink> {
    rule.matched++;
    return new ManyRows(rule.rule.cursor(message, captures), rule.sinks);
  }

  /** As `#apply`, for rows of which some may be written already. */
  #applyMany({ rule, captures }: Route, message: MqttMessage, slot: number, many: ManyRows<BoundSink>): number {
    let failed = false;
    try {
      const wait = many.write(this.#isFull, (sink, row) => this.#write(sink, message, captures, row, slot));
      this.#wait = wait ?? this.#wait;
      if (wait !== undefined) return pending;
    } catch (error) {
      if (this.#mustWait(rule, error)) return pending;
      failed = true;
      rule.failed++;
      this.#fail(rule, asMkbError(error), message, captures, slot);
    }
    for (const failure of many.failures.values()) this.#fail(rule, failure, message, captures, slot);
    if (many.any) rule.passed++;
    return many.any || failed ? outcomeNumber.delivered : outcomeNumber.filtered;
  }

  /** Whether that is why a rule threw; it will be tried for the same message again. */
  #mustWait(rule: BoundRule, error: unknown): boolean {
    const wait = waitOf(error, this.#options.obtainSchema);
    if (wait === undefined) return false;
    rule.rule.undo();
    this.#wait = wait;
    return true;
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
    if (this.#letters.wanted && !sink.sink.passesPayload) this.#settlement.keepPayload(slot, message.payload);
    this.#settlement.hold(slot);
    this.#producer.append(topic, record, (sink.number << this.#slotBits) | slot);
    return undefined;
  }

  /** A message that failed while it is still at hand. */
  #fail(rule: BoundRule, error: MkbError, message: MqttMessage, captures: Captures, slot: number): void {
    this.#settlement.hold(slot);
    this.#letters.giveUp(
      {
        rule: rule.name,
        error,
        message: this.#settlement.recall(slot),
        payload: message.payload,
        key: undefined,
        clientid: rule.clientIdOf(captures),
      },
      slot,
    );
  }

  // --- from the producer

  delivered(tokens: readonly number[]): void {
    this.#tokens.delivered(tokens);
  }

  failed(token: number, record: Record, error: MkbError): void {
    this.#tokens.failed(token, record, error);
  }

  settled(): void {
    this.#settlement.acknowledge();
    if (this.#producer.hasRoom) {
      if (this.#hasRoom) this.#pace.resume();
      this.#waiting.room();
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

  get #hasRoom(): boolean {
    return !this.#waiting.active && this.#producer.hasRoom && !this.#settlement.full;
  }
}
