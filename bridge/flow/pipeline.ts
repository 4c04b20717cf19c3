/**
 * The way of every message, wherever it comes from and goes to: source -> rules -> sinks -> settlement.
 *
 * Each source has an intake (intake.ts), where its messages become rows, and rows are written. What comes back later comes back as tokens: a
 * token is the number of a sink of a rule (0 for dead letters) and the slot of the message in the settlement.
 */
import type { MkbError } from '../../api/errors.ts';
import type { Retry } from '../../network/retry.ts';
import type { EventName, Happening } from '../../rules/events.ts';
import type { ProducerRecord } from '../kafka/record.ts';
import type { BoundRule, BoundSink } from './bound-rule.ts';
import { DeadLetters, type Loss } from './dead-letters.ts';
import type { Fate } from './fate.ts';
import { Fates } from './fates.ts';
import { rulesOf } from './fed-rules.ts';
import { PipelineIntake } from './intake.ts';
import { KeptMessages } from './late-message.ts';
import type { LetterBox } from './letters.ts';
import { outcomeNumber } from './outcome.ts';
import { Retired } from './retired.ts';
import { Settlement } from './settlement.ts';
import type { Shared } from './shared.ts';
import type { SinkHandler } from './sink.ts';
import type { Source } from './source.ts';
import { Targets } from './targets.ts';
import type { ObtainSchema } from './waiting.ts';
import { seeSinks, type Witness } from './witness.ts';

export interface PipelineOptions {
  /** All of them; each sink of a rule has a number of its own, from 1. */
  readonly rules: readonly BoundRule[];
  /** Where permanent failures go; without it they are dropped and counted. */
  readonly letterBox: LetterBox | undefined;
  /** Called with each permanent failure. */
  readonly failed: (rule: string, error: MkbError, loss: Loss) => void;
  /** Something happened that a rule may read as an event. */
  readonly raise: (event: EventName, facts: () => Happening) => void;
  /** Called when a group of messages was settled. */
  readonly settled: () => void;
  /** Gets a schema that a rule misses. */
  readonly obtainSchema?: ObtainSchema;
  /** How much messages may hold that wait for schemas, bytes. */
  readonly maxKeptBytes?: number;
}

/** The most slots that a token has room for: a million messages in flight. */
const mostSlotBits = 20;
const deadLetterSink = 0;
const usualKeptBytes = 64 * 1024 * 1024;

export class Pipeline implements SinkHandler {
  readonly #options: PipelineOptions;
  readonly #targets: Targets;
  #rules: readonly BoundRule[];
  readonly #retired = new Retired();
  readonly #slotBits: number;
  readonly #mask: number;
  readonly #settlement: Settlement<Source>;
  readonly #letters: DeadLetters;
  readonly #fates: Fates;
  readonly #kept: KeptMessages;
  readonly #shared: Shared;
  readonly #intakes = new Map<Source, PipelineIntake>();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#rules = options.rules;
    const count = options.rules.reduce((sum, { targets }) => sum + targets.length, 0);
    // A token is a positive 32-bit integer. One number more than there are targets, that of dead letters, and as many again for those of the next document.
    this.#slotBits = Math.min(mostSlotBits, 31 - Math.ceil(Math.log2(2 * count + 1)));
    this.#targets = new Targets(2 ** (31 - this.#slotBits) - 1);
    for (const rule of options.rules) this.#targets.add(rule);
    this.#mask = 2 ** this.#slotBits - 1;
    this.#settlement = new Settlement<Source>(this.#slotBits);
    this.#kept = new KeptMessages(options.maxKeptBytes ?? usualKeptBytes);
    this.#fates = new Fates(this.#settlement, this.#slotBits);
    this.#letters = new DeadLetters(this.#settlement, options.letterBox, options);
    this.#shared = {
      settlement: this.#settlement,
      letters: this.#letters,
      fates: this.#fates,
      keeps: this.#keeps,
      slotBits: this.#slotBits,
      obtainSchema: options.obtainSchema,
      kept: this.#kept,
      tokensBack: () => this.settled(),
      settled: options.settled,
    };
  }

  /** Memory that messages in flight hold beside what sinks hold, roughly. */
  get heldBytes(): number {
    return this.#settlement.heldBytes;
  }

  /** As `Settlement.pending`. */
  get pending(): number {
    return this.#settlement.pending;
  }

  /** Messages that wait for schemas, bytes. */
  get keptBytes(): number {
    return this.#kept.bytes;
  }

  /** Where a source hands its messages over. @param rules those that it feeds */
  intake(source: Source, rules: readonly BoundRule[]): PipelineIntake {
    const intake = new PipelineIntake(source, rules, this.#shared);
    this.#intakes.set(source, intake);
    return intake;
  }

  /** Shows messages on their way to a witness from now on; to nobody with an empty one. */
  show(witness: Witness): void {
    this.#letters.witness = witness;
    for (const intake of this.#intakes.values()) intake.show(witness);
    for (const rule of [...this.#rules, ...this.#retired.rules]) seeSinks(rule, witness);
  }

  /** Whether a dead letter, or an event, may need what no record holds. */
  get #keeps(): boolean {
    return this.#letters.wanted || this.#rules.some(({ events }) => events.includes('message.dropped'));
  }

  // --- other rules

  /** The first of so many numbers in a row that no token carries; undefined if there are not as many, or not before more is delivered. */
  numbersFor(count: number): number | undefined {
    this.forget();
    return this.#targets.room(count);
  }

  /** What comes from now on goes through these rules; those before it, which are not among them, finish what they have begun. */
  use(rules: readonly BoundRule[]): void {
    const gone = this.#rules.filter(rule => !rules.includes(rule));
    this.#retired.add(gone, performance.now());
    for (const rule of rules) {
      this.#targets.add(rule);
      if (!this.#rules.includes(rule)) seeSinks(rule, this.#letters.witness);
    }
    this.#rules = rules;
    this.#shared.keeps = this.#keeps;
    this.#feed();
    for (const intake of this.#intakes.values()) intake.room();
  }

  /** Forgets rules of which nothing is under way any more. Returns whether there are others. */
  forget(): boolean {
    const gone = this.#retired.take(performance.now(), time => this.#settlement.holdsFrom(time));
    for (const rule of gone) this.#targets.remove(rule);
    if (gone.length > 0) this.#feed();
    return this.#retired.rules.length > 0;
  }

  #feed(): void {
    for (const [source, intake] of this.#intakes)
      intake.use(rulesOf(source, this.#rules), rulesOf(source, this.#retired.rules));
  }

  // --- from sinks

  /** Dead letters are retried for ever. */
  retryOf(token: number): Retry | undefined {
    return this.#targets.at(token >>> this.#slotBits)?.retry;
  }

  receivedAt(token: number): number {
    return this.#settlement.receivedAt(token & this.#mask);
  }

  delivered(tokens: readonly number[]): void {
    const now = performance.now();
    this.#observe(tokens[0], now);
    for (const token of tokens) {
      const number = token >>> this.#slotBits;
      if (number === deadLetterSink) {
        this.#letters.delivered(token & this.#mask, now);
        continue;
      }
      this.#targets.at(number)!.delivered++;
      this.#settlement.release(token & this.#mask, outcomeNumber.delivered, now);
    }
  }

  /** One of a group stands for all of it: the account of the source has each. */
  #observe(token: number | undefined, now: number): void {
    const sink = token === undefined ? undefined : this.#targets.at(token >>> this.#slotBits);
    if (sink && 'latency' in sink) sink.latency.observe(now - this.receivedAt(token!));
  }

  fate(token: number, fate: Fate): void {
    this.#fates.write(this.#targets.at(token >>> this.#slotBits) as BoundSink, token & this.#mask, fate);
  }

  unheard(token: number): void {
    this.#settlement.sourceOf(token & this.#mask).account.unheard++;
  }

  failed(token: number, error: MkbError, record?: ProducerRecord): void {
    const number = token >>> this.#slotBits;
    const slot = token & this.#mask;
    if (number === deadLetterSink) {
      this.#letters.failed(slot, error, record!);
      return;
    }
    const sink = this.#targets.at(number)!;
    if ('box' in sink && this.#fates.again(sink, token, error, record)) return;
    sink.failed++;
    this.#letters.giveUp(slot, sink, error, record);
  }

  expired(token: number): void {
    this.#settlement.release(token & this.#mask, outcomeNumber.expired, performance.now());
  }

  dropped(token: number): void {
    if (token >>> this.#slotBits === deadLetterSink) this.#letters.dropped(token & this.#mask);
    this.#settlement.release(token & this.#mask, outcomeNumber.filtered, performance.now());
  }

  settled(): void {
    this.#letters.readEnd();
    this.#fates.readEnd();
    this.#settlement.acknowledge();
    for (const { line } of this.#rules) line.room();
    for (const { line } of this.#retired.rules) line.room();
    for (const intake of this.#intakes.values()) intake.room();
    this.#options.settled();
  }
}
