/** What becomes of what will never be delivered: a dead letter, or, without a topic for these, a message that is dropped and counted. */
import { MkbError } from '../../api/errors.ts';
import type { Producer } from '../kafka/producer.ts';
import { draft, type Record } from '../kafka/record.ts';
import type { Topic } from '../kafka/topic.ts';
import type { EventFeed } from './event-feed.ts';
import { deadLetter, type Failure, lossOf, shortened } from './letters.ts';
import { dropReason, outcomeNumber } from './outcome.ts';
import type { Settlement } from './settlement.ts';

export class DeadLetters {
  readonly #settlement: Settlement;
  readonly #events: EventFeed;
  readonly #told: (rule: string, error: MkbError) => void;
  #producer!: Producer;
  #topic: Topic | undefined;

  /** @param told called with each permanent failure */
  constructor(settlement: Settlement, events: EventFeed, told: (rule: string, error: MkbError) => void) {
    this.#settlement = settlement;
    this.#events = events;
    this.#told = told;
  }

  use(producer: Producer, topic: Topic | undefined): void {
    this.#producer = producer;
    this.#topic = topic;
  }

  /** Whether there is a topic for them. */
  get wanted(): boolean {
    return this.#topic !== undefined;
  }

  /** One thing made of the message in `slot` will never be delivered. */
  giveUp(failure: Failure, slot: number): void {
    this.#told(failure.rule, failure.error);
    const reason = dropReason(failure.error);
    if (this.#topic) {
      this.#events.raise('message.dead_lettered', () => lossOf(failure, reason));
      this.#producer.append(this.#topic, deadLetter(failure, Date.now()), slot);
    } else {
      this.#events.raise('message.dropped', () => lossOf(failure, reason));
      this.#settlement.release(slot, outcomeNumber[reason], performance.now());
    }
  }

  /** The dead letter itself cannot be delivered. Its bytes are valid during the call. */
  failed(slot: number, record: Record, error: MkbError): void {
    const shorter = MkbError.is(error, 'kafka-message-too-large') ? shortened(draft(record)) : undefined;
    if (shorter) {
      this.#producer.append(this.#topic!, shorter, slot);
      return;
    }
    this.#told('dead letters', error);
    this.#events.raise('message.dropped', () => {
      const message = this.#settlement.recall(slot);
      const payload = message.payload ?? record.value ?? Buffer.alloc(0);
      return lossOf({ error, message, payload }, 'dead_letter_failed');
    });
    this.#settlement.release(slot, outcomeNumber.dead_letter_failed, performance.now());
  }
}
