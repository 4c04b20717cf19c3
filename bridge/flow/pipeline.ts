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
import type { BoundOutcome, BoundRule, BoundSink } from './bound-rule.ts';
import { DeadLetters, type Loss } from './dead-letters.ts';
import type { Fate } from './fate.ts';
import { Fates } from './fates.ts';
import { PipelineIntake } from './intake.ts';
import { KeptMessages } from './late-message.ts';
import type { LetterBox } from './letters.ts';
import { outcomeNumber } from './outcome.ts';
import { Settlement } from './settlement.ts';
import type { Shared } from './shared.ts';
import type { SinkHandler } from './sink.ts';
import type { Source } from './source.ts';
import type { ObtainSchema } from './waiting.ts';

export interface PipelineOptions {
  /** All of them; each sink of a rule has the number of its place among all sinks, from 1. */
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
  /** By number, from 1. */
  readonly #targets: readonly (BoundSink | BoundOutcome)[];
  readonly #slotBits: number;
  readonly #mask: number;
  readonly #settlement: Settlement<Source>;
  readonly #letters: DeadLetters;
  readonly #fates: Fates;
  readonly #kept: KeptMessages;
  readonly #shared: Shared;
  readonly #intakes: PipelineIntake[] = [];

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#targets = options.rules.flatMap(rule => rule.targets);
    // A token is a positive 32-bit integer. One number more than there are targets: that of dead letters.
    this.#slotBits = Math.min(mostSlotBits, 31 - Math.ceil(Math.log2(this.#targets.length + 1)));
    this.#mask = 2 ** this.#slotBits - 1;
    this.#settlement = new Settlement<Source>(this.#slotBits);
    this.#kept = new KeptMessages(options.maxKeptBytes ?? usualKeptBytes);
    this.#fates = new Fates(this.#settlement, this.#slotBits);
    this.#letters = new DeadLetters(this.#settlement, options.letterBox, options);
    this.#shared = {
      settlement: this.#settlement,
      letters: this.#letters,
      fates: this.#fates,
      keeps: this.#letters.wanted || options.rules.some(({ events }) => events.includes('message.dropped')),
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
    this.#intakes.push(intake);
    return intake;
  }

  // --- from sinks

  /** Dead letters are retried for ever. */
  retryOf(token: number): Retry | undefined {
    return this.#targets[(token >>> this.#slotBits) - 1]?.retry;
  }

  receivedAt(token: number): number {
    return this.#settlement.receivedAt(token & this.#mask);
  }

  delivered(tokens: readonly number[]): void {
    const now = performance.now();
    for (const token of tokens) {
      const number = token >>> this.#slotBits;
      if (number === deadLetterSink) {
        this.#letters.delivered(token & this.#mask, now);
        continue;
      }
      this.#targets[number - 1]!.delivered++;
      this.#settlement.release(token & this.#mask, outcomeNumber.delivered, now);
    }
  }

  fate(token: number, fate: Fate): void {
    this.#fates.write(this.#targets[(token >>> this.#slotBits) - 1] as BoundSink, token & this.#mask, fate);
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
    const sink = this.#targets[number - 1]!;
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
    for (const { line } of this.#options.rules) line.room();
    for (const intake of this.#intakes) intake.room();
    this.#options.settled();
  }
}
