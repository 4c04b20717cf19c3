/**
 * The pipeline as one source sees it: a message goes through its rules, whose rows go to their sinks.
 *
 * Everything from `message` to the sinks' buffers is synchronous. A source is paused while a sink is full that its own rules, or dead letters
 * of its messages, are written to; and while one of its messages waits: for an answer that a rule needs, for room for the next of many rows,
 * or for another turn. Nothing is handed over meanwhile, so order is kept, and other sources go on.
 */

import { asMkbError } from '../../api/errors/as-mkb-error.ts';
import type { MkbError } from '../../api/errors.ts';
import type { Captures, Input, Origin, Row } from '../../rules/rule.ts';
import type { Account } from './account.ts';
import type { BoundRule, BoundSink } from './bound-rule.ts';
import { better, LateMessage } from './late-message.ts';
import { ManyRows } from './many-rows.ts';
import { Oldest } from './oldest.ts';
import { type Outcome, outcomeNumber } from './outcome.ts';
import { Pace } from './pace.ts';
import { Room } from './room.ts';
import type { Settlement } from './settlement.ts';
import type { Shared } from './shared.ts';
import type { Intake, Route, Source, SourceFigures } from './source.ts';
import { isLong, type Wait, Waiting, waitOf } from './waiting.ts';
import { seenSource, type Witness } from './witness.ts';
import { Writing } from './writing.ts';

/** No outcome yet: `#wait` says what the rule waits for, and the source waits with it. */
const pending = -1;
/** As `pending`, but only the rule waits. */
const late = -2;
const noCaptures: Captures = [];

export class PipelineIntake implements Intake, SourceFigures {
  readonly #source: Source;
  /** Who is shown each message: the source, and a witness if there is one. */
  #notes: Pick<Source, 'remember'>;
  /** The source's number in the settlement. */
  readonly #number: number;
  readonly #shared: Shared;
  readonly #settlement: Settlement<Source>;
  readonly #room: Room;
  /** Those that the source feeds, and those that it fed while messages are in them. */
  #rules: readonly BoundRule[];
  readonly #writing: Writing;
  readonly #pace: Pace;
  readonly #oldest: Oldest;
  readonly #waiting = new Waiting();
  /** When the current read began, performance.now(); 0 between reads. */
  #readAt = 0;
  /** Of the message that waits, the rows that its rule is making; and what the rule that was applied last waits for. */
  #many: ManyRows<BoundSink> | undefined;
  #wait: Wait = 'turn';
  /** Whether the wait may be long, so that the rule alone waits: for a schema. */
  #longWait = false;
  /** Whether a message goes on that waited in a line: lines must be emptied even if they are full. */
  #fromLine = false;
  /** Messages since it was last seen whether sinks are full. */
  #unlooked = 0;
  /** The rule that a message waits in, or for, and the message's slot. */
  #waitsIn: BoundRule | undefined;
  #waitingSlot = 0;
  readonly #isFull = () => this.#full;

  constructor(source: Source, rules: readonly BoundRule[], shared: Shared) {
    this.#source = source;
    this.#notes = source;
    this.#rules = rules;
    this.#room = new Room(source, shared, rules);
    this.#shared = shared;
    this.#settlement = shared.settlement;
    this.#number = shared.settlement.add(source);
    this.#writing = new Writing(source, shared);
    this.#pace = new Pace(source);
    const { settlement, letters, slotBits } = shared;
    const ruleOf = (slot: number) =>
      slot === this.#waitingSlot && this.#waitsIn && !this.#waiting.forRoom
        ? this.#waitsIn.name
        : this.#rules.find(({ line }) => line.has(slot))?.name;
    this.#oldest = new Oldest({ settlement, letters, slotBits, number: this.#number, room: this.#room, ruleOf });
  }

  /**
   * The source feeds other rules from now on.
   *
   * @param before those that it fed and that may have messages
   */
  use(rules: readonly BoundRule[], before: readonly BoundRule[]): void {
    this.#rules = [...rules, ...before];
    this.#room.use(rules);
  }

  show({ came }: Witness): void {
    this.#notes = seenSource(this.#source, came);
  }

  // --- figures

  get name(): Source['name'] {
    return this.#source.name;
  }

  get account(): Account {
    return this.#source.account;
  }

  get pausedSeconds(): number {
    return this.#pace.pausedSeconds;
  }

  get oldestSeconds(): number {
    return this.#oldest.seconds;
  }

  get standstill(): string | undefined {
    const { wait, seconds } = this.#oldest;
    if (wait === undefined) return undefined;
    return `the oldest message in flight from ${this.name} (${this.account.inFlight} in all) came ${Math.floor(seconds)} s ago: it waits for ${wait}`;
  }

  // --- from the source

  get waiting(): boolean {
    return this.#waiting.active;
  }

  message(message: Input, arrival: number, routes: readonly Route[]): void {
    const slot = this.#begin(message, arrival);
    const outcome = routes.length === 0 ? outcomeNumber.no_rule : outcomeNumber.filtered;
    this.#applyFrom(0, routes, message, slot, outcome);
    this.#pauseNowAndThen();
  }

  drop(message: Input, arrival: number, outcome: Outcome): void {
    this.#settlement.release(this.#begin(message, arrival), outcomeNumber[outcome], this.#readAt);
  }

  refuse(message: Input, arrival: number, routes: readonly Route[], error: MkbError): void {
    const slot = this.#begin(message, arrival);
    for (const { rule } of routes) {
      rule.matched++;
      rule.failed++;
      this.#writing.fail({ rule }, error, message, slot);
    }
    this.#settlement.release(slot, outcomeNumber.delivered, this.#readAt);
    this.#pauseIfFull();
  }

  row(rule: BoundRule, origin: Origin, row: Row): void {
    const slot = this.#begin(origin, 0);
    for (const sink of rule.sinks) this.#writing.rows(sink, origin, noCaptures, [row], slot);
    this.#settlement.release(slot, outcomeNumber.delivered, this.#readAt);
    this.#pauseIfFull();
  }

  failure(rule: BoundRule, origin: Origin, error: MkbError): void {
    const slot = this.#begin(origin, 0);
    this.#writing.fail({ rule }, error, origin, slot);
    this.#settlement.release(slot, outcomeNumber.delivered, this.#readAt);
  }

  readEnd(): void {
    this.#readAt = 0;
    const { starved } = this.#source;
    for (const sink of this.#room.sinks) {
      if (starved) sink.sendNow();
      else sink.readEnd();
    }
    this.#shared.letters.readEnd();
    this.#shared.fates.readEnd();
    this.#settlement.acknowledge();
    this.#pauseIfFull();
  }

  withdrawn(isGone: (arrival: number) => boolean): void {
    this.#settlement.withdraw(this.#number, isGone);
    const mask = 2 ** this.#shared.slotBits - 1;
    for (const sink of this.#room.sinks) sink.withdraw(token => this.#settlement.isWithdrawn(token & mask));
    for (const rule of this.#rules) rule.line.sweep();
    this.#shared.tokensBack();
  }

  hasRoom(): boolean {
    this.#pauseIfFull();
    return !this.#pace.paused;
  }

  // --- from the pipeline

  /** Tokens came back: there may be room again. */
  room(): void {
    if (!this.#room.free) return;
    if (!this.#waiting.active) this.#pace.resume();
    this.#waiting.room();
  }

  get #full(): boolean {
    return this.#room.isFull(this.#fromLine);
  }

  /** What a sink holds is a sum that is not worth forming for each of a hundred thousand messages a second. */
  #pauseNowAndThen(): void {
    if (this.#settlement.full || ++this.#unlooked >= this.#room.messagesBetweenLooks) this.#pauseIfFull();
  }

  #pauseIfFull(): void {
    this.#unlooked = 0;
    if (this.#full) this.#pace.pause();
  }

  #begin(message: Origin, arrival: number): number {
    if (this.#readAt === 0) this.#readAt = performance.now();
    const slot = this.#settlement.begin(this.#number, arrival, this.#readAt);
    this.#notes.remember(message, slot, this.#settlement);
    return slot;
  }

  // --- rules

  /**
   * Applies the rules of a message from one of them on.
   *
   * @param before what those before it made
   * @param resumed of a message that waited: it stays what it is
   */
  #applyFrom(
    first: number,
    routes: readonly Route[],
    given: Input,
    slot: number,
    before: number,
    resumed?: { readonly many: ManyRows<BoundSink> | undefined; readonly late: LateMessage | undefined },
  ): void {
    let message = given;
    let copied = resumed !== undefined;
    let lateMessage = resumed?.late;
    let outcome = before;
    for (let at = first; at < routes.length; at++) {
      const route = routes[at]!;
      if (route.rule.foreach && !copied) {
        message = this.#source.copy(message);
        copied = true;
      }
      const made = this.#applyRoute(route, message, slot, at === first ? resumed?.many : undefined);
      if (made >= 0) {
        outcome = better(outcome, made);
        continue;
      }
      if (!copied) message = this.#source.copy(message);
      copied = true;
      if (made === pending) {
        this.#hold(at, routes, message, slot, outcome, lateMessage);
        return;
      }
      lateMessage ??= new LateMessage(message, slot, this.#source.bytesOf(message), this.#shared.kept);
      this.#joinLine(route, lateMessage);
    }
    if (lateMessage !== undefined) this.#through(lateMessage, outcome);
    else this.#settlement.release(slot, outcome, this.#readAt);
  }

  /** Returns what the rule made of the message: delivered for anything, be it only a failure; aggregated; filtered; pending or late. */
  #applyRoute(route: Route, message: Input, slot: number, many: ManyRows<BoundSink> | undefined): number {
    const { rule } = route;
    if (!rule.line.empty) return late;
    if (rule.isBusyFor(this)) {
      this.#wait = () => rule.given(this).then(() => true);
      return pending;
    }
    return this.#applyNow(route, message, slot, many);
  }

  #applyNow(route: Route, message: Input, slot: number, many: ManyRows<BoundSink> | undefined): number {
    if (!route.rule.foreach) return this.#apply(route, message, slot);
    this.#many = many ?? this.#beginMany(route, message);
    const made = this.#applyMany(route, message, slot, this.#many);
    if (made >= 0) this.#many = undefined;
    return made;
  }

  /** The rule goes on with the message later, behind those that wait for it already; the others need not. */
  #joinLine(route: Route, message: LateMessage): void {
    const { rule } = route;
    const { slot } = message;
    let many = this.#many;
    this.#many = undefined;
    message.waits();
    const isGone = () => this.#settlement.isWithdrawn(slot);
    const goOn = () => {
      let made: number = outcomeNumber.filtered;
      this.#readAt = performance.now();
      this.#fromLine = true;
      if (isGone()) rule.rule.forget();
      else if (this.#full) made = this.#pendingFor('room');
      else made = this.#applyNow(route, message.message, slot, many);
      this.#fromLine = false;
      if (made >= 0) {
        this.#through(message, made);
        return undefined;
      }
      many = this.#many ?? many;
      this.#many = undefined;
      return this.#wait;
    };
    const { wentOn } = this;
    rule.line.join(
      {
        slot,
        wentOn,
        goOn,
        get isGone() {
          return isGone();
        },
      },
      this.#wait,
    );
  }

  #through(message: LateMessage, made: number): void {
    if (message.through(made)) this.#settlement.release(message.slot, message.outcome, this.#readAt);
  }

  #pendingFor(wait: Wait): number {
    this.#wait = wait;
    return pending;
  }

  /** Messages that waited have gone on. */
  readonly wentOn = (): void => {
    this.readEnd();
    if (!this.#waiting.active && this.#room.free) this.#pace.resume();
    this.#shared.settled();
  };

  /** Nothing else is handed over before the rule has what it waits for; then the message goes on with that rule. */
  #hold(
    at: number,
    routes: readonly Route[],
    message: Input,
    slot: number,
    outcome: number,
    before?: LateMessage,
  ): void {
    const many = this.#many;
    const { rule } = routes[at]!;
    this.#many = undefined;
    this.#pace.pause();
    if (!rule.isBusyFor(this)) rule.hold(this);
    this.#waitsIn = rule;
    this.#waitingSlot = slot;
    this.#waiting.begin(this.#wait, () => {
      this.#readAt = performance.now();
      this.#waitsIn = undefined;
      if (this.#settlement.isWithdrawn(slot)) this.#forget(rule, slot, before);
      else this.#applyFrom(at, routes, message, slot, outcome, { many, late: before });
      if (this.#waitsIn !== rule) rule.letGo(this);
      this.wentOn();
    });
  }

  /** Another member has the message by now. */
  #forget(rule: BoundRule, slot: number, message: LateMessage | undefined): void {
    rule.rule.forget();
    if (message !== undefined) this.#through(message, outcomeNumber.filtered);
    else this.#settlement.release(slot, outcomeNumber.filtered, this.#readAt);
  }

  #apply({ rule, captures }: Route, message: Input, slot: number): number {
    rule.matched++;
    try {
      if (rule.counter !== undefined) return this.#count(rule, message, captures);
      const rows = rule.rule.rows(message, captures);
      if (rows.length === 0) return outcomeNumber.filtered;
      rule.passed++;
      for (const sink of rule.sinks) this.#writing.rows(sink, message, captures, rows, slot);
    } catch (error) {
      if (this.#mustWait(rule, error)) {
        rule.matched--;
        return this.#longWait ? late : pending;
      }
      rule.failed++;
      this.#writing.fail({ rule }, asMkbError(error), message, slot);
    }
    return outcomeNumber.delivered;
  }

  #count(rule: BoundRule, message: Input, captures: Captures): number {
    if (!rule.counter!.count(message, captures)) return outcomeNumber.filtered;
    rule.passed++;
    return outcomeNumber.aggregated;
  }

  #beginMany({ rule, captures }: Route, message: Input): ManyRows<BoundSink> {
    rule.matched++;
    return new ManyRows(rule.rule.cursor(message, captures), rule.sinks);
  }

  /** As `#apply`, for rows of which some may be written already. */
  #applyMany({ rule, captures }: Route, message: Input, slot: number, many: ManyRows<BoundSink>): number {
    let failed = false;
    try {
      const wait = many.write(this.#isFull, (sink, row) => this.#writing.row(sink, message, captures, row, slot));
      this.#wait = wait ?? this.#wait;
      if (wait !== undefined) return pending;
    } catch (error) {
      if (this.#mustWait(rule, error)) return this.#longWait ? late : pending;
      failed = true;
      rule.failed++;
      this.#writing.fail({ rule }, asMkbError(error), message, slot);
    }
    for (const [sink, failure] of many.failures) this.#writing.fail(sink, failure, message, slot);
    if (many.any) rule.passed++;
    return many.any || failed ? outcomeNumber.delivered : outcomeNumber.filtered;
  }

  /** Whether that is why a rule threw; it will be tried for the same message again. */
  #mustWait(rule: BoundRule, error: unknown): boolean {
    const wait = waitOf(error, this.#shared.obtainSchema);
    if (wait === undefined) return false;
    rule.rule.undo();
    this.#wait = wait;
    this.#longWait = isLong(error);
    return true;
  }
}
