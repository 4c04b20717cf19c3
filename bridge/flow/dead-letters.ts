/** What becomes of what will never be delivered: a dead letter, or, without a topic for these, a message that is dropped and counted. */
import { MkbError } from '../../api/errors.ts';
import type { EventName, Happening } from '../../rules/events.ts';
import { draft, type ProducerRecord } from '../kafka/record.ts';
import type { Failing } from './bound-rule.ts';
import { deadLetter, type LetterBox, lossOf, type Remains, shortened } from './letters.ts';
import { dropReason, type Outcome, outcomeNumber } from './outcome.ts';
import type { Settlement } from './settlement.ts';
import type { Source } from './source.ts';
import type { Witness } from './witness.ts';

export interface DeadLetterEvents {
  /** A permanent failure, of a rule or of the dead letters themselves. */
  failed(rule: string, error: MkbError, loss: Loss): void;
  /** @param facts asked only if a rule wants to know */
  raise(event: EventName, facts: () => Happening): void;
}

/** Which message failed, and what became of it. */
export interface Loss {
  /** Of MQTT or Kafka, that it came from; undefined of a row that came from no message. */
  readonly topic: string | undefined;
  /** Dead-lettered, or the reason that it was dropped for. */
  readonly outcome: Outcome;
}

export class DeadLetters {
  readonly #settlement: Settlement<Source>;
  readonly #box: LetterBox | undefined;
  readonly #events: DeadLetterEvents;
  /** How many are under way, by the source of their messages. */
  readonly #underWay = new Map<Source, number>();
  /** Who sees what fails. */
  witness: Witness = {};

  /** @param box undefined without a topic for dead letters */
  constructor(settlement: Settlement<Source>, box: LetterBox | undefined, events: DeadLetterEvents) {
    this.#settlement = settlement;
    this.#box = box;
    this.#events = events;
  }

  /** Whether there is a topic for them. */
  get wanted(): boolean {
    return this.#box !== undefined;
  }

  /**
   * One thing made of the message in `slot`, which is held for it, will never be delivered. A message that was withdrawn leaves no dead letter:
   * another member of the group works on it.
   */
  giveUp(slot: number, { rule, path }: Failing, error: MkbError, record?: ProducerRecord): void {
    const reason = dropReason(error);
    if (this.#settlement.isWithdrawn(slot)) {
      this.#settlement.release(slot, outcomeNumber[reason], performance.now());
      return;
    }
    const failure = { rule: rule.name, version: rule.version, sink: path, error };
    const remains = this.#settlement.sourceOf(slot).remains(this.#settlement.recall(slot), rule, record);
    const outcome = this.#box ? 'dead_lettered' : reason;
    this.#events.failed(rule.name, error, { topic: remains.facts?.topic, outcome });
    const source = this.#settlement.sourceOf(slot);
    this.witness.lost?.({ source, rule: rule.name, sink: path, error, outcome, remains });
    if (this.#box) {
      this.#raise('message.dead_lettered', remains, failure, reason);
      this.#box.write(deadLetter(remains, failure, Date.now()), slot);
      this.#count(slot, 1);
    } else {
      this.#raise('message.dropped', remains, failure, reason);
      this.#settlement.release(slot, outcomeNumber[reason], performance.now());
    }
  }

  delivered(slot: number, now: number): void {
    this.#count(slot, -1);
    this.#settlement.release(slot, outcomeNumber.dead_lettered, now);
  }

  /** Its message was withdrawn, and it is under way no more. */
  dropped(slot: number): void {
    this.#count(slot, -1);
  }

  /** The dead letter itself cannot be delivered. Its bytes are valid during the call. A loss is only what nobody else works on. */
  failed(slot: number, error: MkbError, letter: ProducerRecord): void {
    if (!this.#settlement.isWithdrawn(slot)) {
      const shortens = MkbError.is(error, 'kafka-message-too-large') && this.#box!.whole !== true;
      const shorter = shortens ? shortened(draft(letter)) : undefined;
      if (shorter) {
        this.#box!.write(shorter, slot);
        return;
      }
      this.#reportLoss(slot, error, letter);
    }
    this.#count(slot, -1);
    this.#settlement.release(slot, outcomeNumber.dead_letter_failed, performance.now());
  }

  /** Whether so many are under way, some of the source's own among them, that it should hand nothing more over. */
  fullFor(source: Source): boolean {
    return this.#underWay.has(source) && this.#box!.full;
  }

  hasRoomFor(source: Source): boolean {
    return !this.#underWay.has(source) || this.#box!.hasRoom;
  }

  /** What the dead letter of a message waits for; undefined if none is under way. */
  waiting(slot: number): string | undefined {
    return this.#box?.waiting(token => token === slot);
  }

  /** A group of messages may have failed. */
  readEnd(): void {
    this.#box?.readEnd();
  }

  #count(slot: number, change: 1 | -1): void {
    const source = this.#settlement.sourceOf(slot);
    const count = (this.#underWay.get(source) ?? 0) + change;
    if (count === 0) this.#underWay.delete(source);
    else this.#underWay.set(source, count);
  }

  #reportLoss(slot: number, error: MkbError, letter: ProducerRecord): void {
    const remains = this.#settlement.sourceOf(slot).remains(this.#settlement.recall(slot), undefined, letter);
    this.#events.failed('dead letters', error, { topic: remains.facts?.topic, outcome: 'dead_letter_failed' });
    this.#raise('message.dropped', remains, { rule: undefined, error }, 'dead_letter_failed');
  }

  #raise(event: EventName, { facts }: Remains, failure: Parameters<typeof lossOf>[1], reason: Outcome): void {
    if (facts !== undefined) this.#events.raise(event, () => lossOf(facts, failure, reason));
  }
}
