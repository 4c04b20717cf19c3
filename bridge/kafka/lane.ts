/**
 * A lane is one partition's way to its leader: the batch being filled, the batches that wait, and the one that is under way.
 *
 * At most one batch is unacknowledged. So order holds whatever is retried, and the idempotent sequence is simple: a batch gets its
 * number when it is first sent, keeps it for every attempt, and the next number is known when the batch is settled. What leaves the
 * lane permanently is reported by the producer: delivered, or failed.
 *
 * A number that was sent once belongs to its batch for ever, whatever the broker answered: see final-failures.ts.
 */
import type { BufferPool } from './buffer-pool.ts';
import type { Linger } from './linger.ts';
import type { Link } from './link.ts';
import type { RecordDraft } from './record.ts';
import { type ProducerIdentity, RecordBatch, recordBytes } from './record-batch.ts';
import type { Turn } from './turn.ts';

export class Lane {
  readonly topic: string;
  readonly partition: number;
  /** Node id of the partition's leader; -1 while it has none. */
  leader = -1;
  /** The batch that is next or under way; it keeps its place over all attempts. */
  head: RecordBatch | undefined;
  /** Attempts of `head` that failed, for the backoff. */
  failures = 0;
  /** Not to be sent before this time, milliseconds of the producer's clock. */
  blockedUntil = 0;
  /** How often `head` was sent with the number that it has; 0 while it has none. */
  sends = 0;
  /** What the last batch was numbered with. */
  identity: ProducerIdentity | undefined;
  sequence = 0;
  /** Why the last attempt to send `head` failed; undefined before the first. */
  trouble: string | undefined;
  /** Of a topic that is written to in turn. */
  #turn: Turn | undefined;
  #sending = false;
  #open: RecordBatch | undefined;
  #closed: RecordBatch[] = [];
  #expectedBytes = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Whether `head` is under way at this moment. */
  get sending(): boolean {
    return this.#sending;
  }

  set sending(sending: boolean) {
    if (this.#turn && sending !== this.#sending) this.#turn.underWay += sending ? 1 : -1;
    this.#sending = sending;
  }

  get turn(): Turn | undefined {
    return this.#turn;
  }

  /** From now on its batches take turns with those of other lanes, and wait for no more records. */
  take(turn: Turn): void {
    this.#turn = turn;
    if (this.#sending) turn.underWay++;
  }

  /**
   * Adds a record to the batch that is open.
   *
   * @returns whether a batch became full by it
   */
  append(record: RecordDraft, token: number, now: () => number, batchBytes: number, pool: BufferPool): boolean {
    let closed = false;
    if (this.#open && this.#open.bytes + recordBytes(record) > batchBytes) {
      this.close();
      closed = true;
    }
    if (!this.#open) {
      this.#open = new RecordBatch(pool, this.#expectedBytes);
      this.#open.since = now();
    }
    this.#open.append(record, token);
    if (this.#open.bytes < batchBytes) return closed;
    this.close();
    return true;
  }

  /** Ends the batch that is being filled: it waits for nothing more. */
  close(): void {
    if (!this.#open) return;
    this.#expectedBytes = this.#open.bytes;
    this.#closed.push(this.#open);
    this.#open = undefined;
  }

  get empty(): boolean {
    return !(this.head || this.#open || this.#closed.length > 0);
  }

  /** When the record came that has waited longest, in the producer's time; Infinity while there is none. */
  get oldest(): number {
    return (this.head ?? this.#closed[0] ?? this.#open)?.since ?? Number.POSITIVE_INFINITY;
  }

  /** Records that it holds. */
  get count(): number {
    let count = (this.head?.count ?? 0) + (this.#open?.count ?? 0);
    for (const batch of this.#closed) count += batch.count;
    return count;
  }

  /** Whether it holds a record whose token `isOf` names. */
  holds(isOf: (token: number) => boolean): boolean {
    return [this.head, ...this.#closed, this.#open].some(batch => batch?.tokens.some(isOf));
  }

  /** When the next batch may be sent, in the producer's time; Infinity while there is none or one is under way. */
  dueAt(linger: Pick<Linger, 'dueAt'>, leader: Link | undefined): number {
    if (this.#sending || this.#turn?.taken) return Number.POSITIVE_INFINITY;
    if (this.head || this.#closed.length > 0) return this.blockedUntil;
    if (this.#open) {
      const { since } = this.#open;
      return Math.max(this.blockedUntil, this.#turn ? since : linger.dueAt(since, leader));
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Of the next batch, if it is one that more records may come into; else 0. */
  get openBytes(): number {
    return this.head || this.#closed.length > 0 || this.#turn ? 0 : (this.#open?.bytes ?? 0);
  }

  /** The batch to send now. Call when `dueAt` has come. */
  next(): RecordBatch {
    if (!this.head) {
      if (this.#closed.length === 0) this.close();
      this.head = this.#closed.shift()!;
    }
    return this.head;
  }

  /** Whether `head` was sent before and so must keep its number. */
  get numbered(): boolean {
    return this.sends > 0;
  }

  /** Gives `head` its place in the producer's sequence, unless it has one from an earlier attempt. Call when it is sent. */
  number(identity: ProducerIdentity | undefined): { identity: ProducerIdentity | undefined; sequence: number } {
    if (!this.numbered && this.identity !== identity) {
      this.identity = identity;
      this.sequence = 0;
    }
    this.sends++;
    return { identity: this.identity, sequence: this.sequence };
  }

  /** Takes `head`'s number back, so that the next attempt gets one of a new producer id. */
  unnumber(): void {
    this.sends = 0;
    this.identity = undefined;
  }

  /**
   * `head` is settled; the lane goes on to the next.
   *
   * @param written whether the broker has it, and so has counted its sequence numbers
   */
  settleHead(written: boolean): RecordBatch {
    const batch = this.head!;
    if (written) this.sequence = (this.sequence + batch.count) % 2 ** 31;
    this.head = undefined;
    this.sending = false;
    this.sends = 0;
    this.failures = 0;
    this.trouble = undefined;
    this.blockedUntil = 0;
    return batch;
  }

  /** Puts `parts` in `head`'s place, in order: what became of a batch that was too large. */
  replaceHead(parts: RecordBatch[]): RecordBatch {
    const batch = this.settleHead(false);
    this.#closed = [...parts, ...this.#closed];
    return batch;
  }

  /** Ends the batch that is being filled if its first record came before `time`, so that batches that wait are of one age. */
  closeBefore(time: number): void {
    if (this.#open && this.#open.since < time) this.close();
  }

  /** Kafka says that nothing can be written to the partition now, by any record. */
  refused(): void {
    this.close();
    for (const batch of this.#waiting) batch.refusals++;
  }

  /**
   * Puts what `sift` makes of each batch in its place, oldest first, but for the one that is being filled; undefined takes it out. Not to be called
   * while one is under way.
   */
  sift(sift: (batch: RecordBatch) => RecordBatch | undefined): void {
    const { head } = this;
    const kept = head && sift(head);
    if (kept !== head) this.settleHead(false);
    this.#closed = this.#closed.flatMap(batch => sift(batch) ?? []);
    if (kept && kept !== head) this.#closed.unshift(kept);
  }

  get #waiting(): readonly RecordBatch[] {
    return this.head ? [this.head, ...this.#closed] : this.#closed;
  }

  /** Forgets all records. Returns their tokens. */
  discard(): number[] {
    return this.drain().flatMap(batch => {
      batch.release();
      return batch.tokens;
    });
  }

  /** Takes every batch out, oldest first: the lane has lost its topic. What comes after is counted from the beginning. */
  drain(): RecordBatch[] {
    this.close();
    const batches = this.head ? [this.settleHead(false), ...this.#closed] : this.#closed;
    this.#closed = [];
    this.identity = undefined;
    return batches;
  }
}
