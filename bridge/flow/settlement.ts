/**
 * Messages in flight. Each holds a slot from `begin` until everything that was made of it has an outcome; the worst one decides, its source's
 * account counts it, and the source may acknowledge it.
 *
 * Slots are columns of numbers, so that a message in flight costs no object. A slot is what a record's token carries, and where dead
 * letters find what they must know of a message whose bytes are long gone. Slots are taken in turn, and one that is still held is passed over: a
 * message that waits for a partition without a leader holds its own slot and nobody else's. Messages that come and settle together are neighbours
 * in memory, which matters more than anything else where a hundred thousand are in flight.
 *
 * The surprising case is a message that is withdrawn (a rebalance gave its partition to another member): its source counts it as returned
 * at once, but the slot is free only when all tokens that carry it are back.
 */
import type { Account } from './account.ts';
import { outcomeNumber } from './outcome.ts';

/** What settlement asks of a source. */
export interface Settled {
  readonly account: Account;
  /** The message is safe, or dropped permanently. Sends nothing yet. */
  settle(arrival: number): void;
  /** Sends what may be acknowledged after a group of `settle`. */
  acknowledge(): void;
}

/** What is remembered of a message for its dead letter. */
export interface Remembered {
  /** The source's number of the message. */
  readonly arrival: number;
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Who published it, where that is known. */
  readonly clientid: string | undefined;
  /** What its source keeps of it, if it does. */
  readonly kept: unknown;
}

const firstSize = 1024;
/** What a slot costs in columns, and what is kept beside its bytes. */
const slotBytes = 48;
const keptOverhead = 200;
/** Shorter topics and client ids are shared by the messages that have them. */
const longestShared = 128;
// The state of a slot: flags, the worst outcome so far, and the number of its source.
const qosBits = 3;
const retainBit = 4;
const withdrawnBit = 8;
const outcomeShift = 4;
const outcomeMask = 0x3f;
const sourceShift = 10;

export class Settlement<Source extends Settled = Settled> {
  readonly #mostSlots: number;
  readonly #sources: Source[] = [];
  readonly #accounts: Account[] = [];
  /** Sources of which something was settled since the last `acknowledge`, and the number of the one that was last. */
  readonly #touched = new Set<Source>();
  #lastTouched = -1;
  /** A power of two. */
  #size = 0;
  /** So many slots may be held: a quarter stays free, so that a free one is found soon. */
  #room = 0;
  #held = 0;
  /** Where the next free slot is looked for. */
  #next = 0;
  #states = new Uint32Array(0);
  #arrivals = new Float64Array(0);
  /** Things made of the message that have no outcome, and one for the message itself; 0 for a free slot. */
  #pending = new Uint32Array(0);
  #receivedAt = new Float64Array(0);
  readonly #topics: (string | undefined)[] = [];
  readonly #clientIds: (string | undefined)[] = [];
  readonly #kept: unknown[] = [];
  /** Bytes that each slot keeps, its topic included. */
  #bytes = new Uint32Array(0);
  #keptBytes = 0;

  /** @param slotBits there are at most 2^slotBits slots, as a token has no room for more; three quarters of them are messages in flight at most */
  constructor(slotBits: number) {
    this.#mostSlots = 2 ** slotBits;
    this.#grow(Math.min(firstSize, this.#mostSlots));
  }

  /** Whether as many slots are held as may be: `begin` must not be called. */
  get full(): boolean {
    return this.#held === this.#room && this.#size === this.#mostSlots;
  }

  /** Memory that messages in flight hold here, roughly. */
  get heldBytes(): number {
    return this.#keptBytes + this.#held * slotBytes;
  }

  /** Slots that are held. */
  get held(): number {
    return this.#held;
  }

  /** Things made of all messages in flight that have no outcome, and one for each message whose rules are not through. */
  get pending(): number {
    return this.#pending.reduce((sum, each) => sum + each, 0);
  }

  /** Makes a source known. Returns the number that `begin` takes. */
  add(source: Source): number {
    this.#accounts.push(source.account);
    return this.#sources.push(source) - 1;
  }

  /**
   * A message came. It is held until `release`. Throws a RangeError while `full`.
   *
   * @param source its number
   * @param receivedAt when it was read, milliseconds of performance.now()
   * @returns its slot
   */
  begin(source: number, arrival: number, receivedAt: number): number {
    if (this.#held === this.#room) this.#grow(Math.min(this.#size * 2, this.#mostSlots));
    const slot = this.#take();
    this.#accounts[source]!.received++;
    this.#states[slot] = source << sourceShift;
    this.#arrivals[slot] = arrival;
    this.#pending[slot] = 1;
    this.#receivedAt[slot] = receivedAt;
    return slot;
  }

  /** One more thing is made of the message: it is not settled before that has an outcome. */
  hold(slot: number): void {
    this.#pending[slot]!++;
  }

  /** Notes facts of an MQTT message, without an object. */
  note(slot: number, topic: string, qos: number, retain: boolean, clientid?: string): void {
    this.#topics[slot] = topic;
    this.#clientIds[slot] = clientid;
    this.#states[slot]! |= retain ? qos | retainBit : qos;
    if (topic.length > longestShared) this.#count(slot, topic.length);
    if (clientid !== undefined && clientid.length > longestShared) this.#count(slot, clientid.length);
  }

  /**
   * Keeps what a dead letter needs, until the message is settled: the payload, or a message that stays what it is.
   *
   * @param bytes of it that nobody else counts
   */
  keep(slot: number, what: unknown, bytes: number): void {
    this.#kept[slot] = what;
    this.#count(slot, bytes + keptOverhead);
  }

  /** Whether something is kept. */
  keeps(slot: number): boolean {
    return this.#kept[slot] !== undefined;
  }

  recall(slot: number): Remembered {
    const state = this.#states[slot]!;
    return {
      arrival: this.#arrivals[slot]!,
      topic: this.#topics[slot] ?? '',
      qos: state & qosBits,
      retain: (state & retainBit) !== 0,
      clientid: this.#clientIds[slot],
      kept: this.#kept[slot],
    };
  }

  /** Where the message in `slot` came from. */
  sourceOf(slot: number): Source {
    return this.#sources[this.#states[slot]! >>> sourceShift]!;
  }

  /** One of the things made of the message has an outcome; the last one settles it. Call `acknowledge` after a group of these. */
  release(slot: number, outcome: number, now: number): void {
    if (outcome > 0) this.#worsen(slot, outcome);
    const pending = this.#pending[slot]! - 1;
    this.#pending[slot] = pending;
    if (pending > 0) return;
    this.#forget(slot);
    this.#held--;
    if (!this.isWithdrawn(slot)) this.#settle(slot, now);
  }

  /** Another member works on the messages that `isGone` names: they are neither settled nor acknowledged. */
  withdraw(source: number, isGone: (arrival: number) => boolean): void {
    const account = this.#accounts[source]!;
    for (let slot = 0; slot < this.#size; slot++) {
      if (!this.#isOf(source, slot) || !isGone(this.#arrivals[slot]!)) continue;
      this.#states[slot]! |= withdrawnBit;
      account.returned++;
    }
  }

  /** Whether another member works on the message: nothing that is made of it from now on is wanted. */
  isWithdrawn(slot: number): boolean {
    return (this.#states[slot]! & withdrawnBit) !== 0;
  }

  /** The slot of the message that a source has had in flight for longest; undefined while it has none. */
  oldestOf(source: number): number | undefined {
    let oldest: number | undefined;
    for (let slot = 0; slot < this.#size; slot++)
      if (this.#isOf(source, slot) && (oldest === undefined || this.#receivedAt[slot]! < this.#receivedAt[oldest]!))
        oldest = slot;
    return oldest;
  }

  /** Whether something is under way of a message that was read at this time or earlier, those that were withdrawn included. */
  holdsFrom(time: number): boolean {
    for (let slot = 0; slot < this.#size; slot++)
      if (this.#pending[slot]! > 0 && this.#receivedAt[slot]! <= time) return true;
    return false;
  }

  /** When the message in `slot` was read, milliseconds of performance.now(). */
  receivedAt(slot: number): number {
    return this.#receivedAt[slot]!;
  }

  /** Sources may now acknowledge what was settled. */
  acknowledge(): void {
    if (this.#touched.size === 0) return;
    const touched = [...this.#touched];
    this.#touched.clear();
    this.#lastTouched = -1;
    for (const source of touched) source.acknowledge();
  }

  #take(): number {
    const pending = this.#pending;
    const mask = this.#size - 1;
    let slot = this.#next;
    while (pending[slot]! > 0) slot = (slot + 1) & mask;
    this.#next = (slot + 1) & mask;
    this.#held++;
    return slot;
  }

  #count(slot: number, bytes: number): void {
    this.#bytes[slot]! += bytes;
    this.#keptBytes += bytes;
  }

  #forget(slot: number): void {
    const bytes = this.#bytes[slot]!;
    if (bytes === 0) return;
    this.#keptBytes -= bytes;
    this.#bytes[slot] = 0;
    this.#kept[slot] = undefined;
    this.#topics[slot] = undefined;
    this.#clientIds[slot] = undefined;
  }

  #worsen(slot: number, outcome: number): void {
    const state = this.#states[slot]!;
    const change = outcome - ((state >>> outcomeShift) & outcomeMask);
    if (change > 0) this.#states[slot] = state + (change << outcomeShift);
  }

  #settle(slot: number, now: number): void {
    const state = this.#states[slot]!;
    const worst = (state >>> outcomeShift) & outcomeMask;
    const number = state >>> sourceShift;
    const source = this.#sources[number]!;
    const account = this.#accounts[number]!;
    account.settled[worst]!++;
    if (worst === outcomeNumber.delivered) account.histogram.observe(now - this.#receivedAt[slot]!);
    if (number !== this.#lastTouched) {
      this.#touched.add(source);
      this.#lastTouched = number;
    }
    source.settle(this.#arrivals[slot]!);
  }

  #isOf(source: number, slot: number): boolean {
    return this.#pending[slot]! > 0 && this.#states[slot]! >>> sourceShift === source && !this.isWithdrawn(slot);
  }

  #grow(size: number): void {
    if (size === this.#size) throw new RangeError(`More than ${this.#room} messages are in flight.`);
    this.#states = grown(this.#states, new Uint32Array(size));
    this.#arrivals = grown(this.#arrivals, new Float64Array(size));
    this.#pending = grown(this.#pending, new Uint32Array(size));
    this.#receivedAt = grown(this.#receivedAt, new Float64Array(size));
    this.#bytes = grown(this.#bytes, new Uint32Array(size));
    for (let slot = this.#size; slot < size; slot++) {
      this.#topics.push(undefined);
      this.#clientIds.push(undefined);
      this.#kept.push(undefined);
    }
    this.#next = this.#size;
    this.#size = size;
    this.#room = size - Math.floor(size / 4);
  }
}

function grown<Column extends Uint32Array | Float64Array>(old: Column, larger: Column): Column {
  larger.set(old);
  return larger;
}
