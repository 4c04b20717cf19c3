/**
 * How far a partition has been read, and how far it may be committed: up to the first record that is not settled, whatever came after it.
 *
 * So an offset that Kafka has from us never lies beyond a record that a sink does not have, although sinks confirm in any order.
 * Offsets have gaps (compaction, markers of transactions), so the next one is not always one more: it is wherever reading goes on.
 */

/** A record that was taken. */
export interface TakenRecord {
  readonly offset: bigint;
  settled: boolean;
}

export class Offsets {
  /** The offset to read next. */
  position: bigint;
  /** What Kafka has as the group's offset of this partition; undefined while it has none. */
  committed: bigint | undefined;
  readonly #taken: TakenRecord[] = [];

  /** @param position where reading begins */
  constructor(position: bigint, committed: bigint | undefined) {
    this.position = position;
    this.committed = committed;
  }

  /** A record was read and is to be worked on. */
  take(offset: bigint): TakenRecord {
    const record = { offset, settled: false };
    this.#taken.push(record);
    this.position = offset + 1n;
    return record;
  }

  /** Every record before `position` was taken, or is none that anybody wants. */
  skipTo(position: bigint): void {
    if (position > this.position) this.position = position;
  }

  settle(record: TakenRecord): void {
    record.settled = true;
    while (this.#taken[0]?.settled) this.#taken.shift();
  }

  /** Records that were taken and may not be committed yet. */
  get open(): number {
    return this.#taken.length;
  }

  /** The offset that may be committed: that of the next record to work on after a crash. */
  get safe(): bigint {
    return this.#taken[0]?.offset ?? this.position;
  }
}
