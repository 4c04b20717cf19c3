/**
 * Messages in flight, and the account of all that came: received = delivered + dead-lettered + dropped + in flight, at every moment.
 *
 * A message holds a slot from `begin` until everything that was made of it has an outcome; the worst one decides, and the source is told
 * that it may be acknowledged. Slots are columns of numbers indexed by arrival number, so that a message in flight costs no object. The
 * slot is also what a record's token says, and where dead letters find what they must know of a message whose bytes are long gone.
 */
import type { DeliveryHistogram } from './delivery-histogram.ts';
import { type Outcome, outcomeNumber, outcomes } from './outcome.ts';

/** Who is told that a message is safe. The session is one. */
export interface Acknowledger {
  settle(arrival: number): void;
  /** Sends what may be acknowledged after a group of `settle`. */
  acknowledge(): void;
}

/** What is remembered of a message for its dead letter. */
export interface Remembered {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Its payload; undefined if the record holds the same bytes. */
  readonly payload: Buffer | undefined;
}

export class Settlement {
  /** Messages that came, all of them. */
  received = 0;
  /** Messages by what became of them, indexed by outcome number. */
  readonly settled = new Float64Array(outcomes.length);
  readonly #mask: number;
  readonly #source: Acknowledger;
  readonly #histogram: DeliveryHistogram;
  readonly #arrivals: Float64Array;
  /** Records without outcome, and one for the message itself; FOREACH makes as many as a payload has elements. */
  readonly #pending: Uint32Array;
  readonly #worst: Uint8Array;
  readonly #receivedAt: Float64Array;
  readonly #flags: Uint8Array;
  readonly #topics: (string | undefined)[];
  readonly #payloads: (Buffer | undefined)[];

  /**
   * @param capacity a power of two, no less than the messages that the source lets be unsettled at once
   * @param source is told of each message that is settled
   * @param histogram gets the time from receipt to settlement of each message delivered
   */
  constructor(capacity: number, source: Acknowledger, histogram: DeliveryHistogram) {
    this.#mask = capacity - 1;
    this.#source = source;
    this.#histogram = histogram;
    this.#arrivals = new Float64Array(capacity);
    this.#pending = new Uint32Array(capacity);
    this.#worst = new Uint8Array(capacity);
    this.#receivedAt = new Float64Array(capacity);
    this.#flags = new Uint8Array(capacity);
    this.#topics = new Array(capacity).fill(undefined);
    this.#payloads = new Array(capacity).fill(undefined);
  }

  /** Messages that have no outcome yet. */
  get inFlight(): number {
    let settled = 0;
    for (const count of this.settled) settled += count;
    return this.received - settled;
  }

  count(outcome: Outcome): number {
    return this.settled[outcomeNumber[outcome]]!;
  }

  /**
   * A message came. It is held until `release`.
   *
   * @param receivedAt when it was read, milliseconds of performance.now()
   * @returns its slot
   */
  begin(arrival: number, topic: string, qos: number, retain: boolean, receivedAt: number): number {
    const slot = arrival & this.#mask;
    this.received++;
    this.#arrivals[slot] = arrival;
    this.#pending[slot] = 1;
    this.#worst[slot] = 0;
    this.#receivedAt[slot] = receivedAt;
    this.#flags[slot] = retain ? qos | 4 : qos;
    this.#topics[slot] = topic;
    return slot;
  }

  /** One more record is made of the message: it is not settled before that has an outcome. */
  hold(slot: number): void {
    this.#pending[slot]!++;
  }

  /** Keeps a copy of the payload for a dead letter, where no record holds the same bytes. */
  keepPayload(slot: number, payload: Buffer): void {
    this.#payloads[slot] ??= Buffer.from(payload);
  }

  /** What a dead letter says of the message. */
  recall(slot: number): Remembered {
    const flags = this.#flags[slot]!;
    return { topic: this.#topics[slot]!, qos: flags & 3, retain: (flags & 4) !== 0, payload: this.#payloads[slot] };
  }

  /** One of the things made of the message has an outcome; the last one settles it. Tell `acknowledge` after a group of these. */
  release(slot: number, outcome: number, now: number): void {
    if (outcome > this.#worst[slot]!) this.#worst[slot] = outcome;
    const pending = this.#pending[slot]! - 1;
    this.#pending[slot] = pending;
    if (pending > 0) return;
    const worst = this.#worst[slot]!;
    this.settled[worst]!++;
    this.#payloads[slot] = undefined;
    if (worst === outcomeNumber.delivered) this.#histogram.observe(now - this.#receivedAt[slot]!);
    this.#source.settle(this.#arrivals[slot]!);
  }

  /** The source may now acknowledge what was settled. */
  acknowledge(): void {
    this.#source.acknowledge();
  }
}
