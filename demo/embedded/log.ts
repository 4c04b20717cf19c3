/**
 * One partition's log: whole batches in the order of their offsets, the oldest dropped when the log grows too large or too old.
 *
 * Retention counts the bytes of batches, not of segments as Kafka does, and acts when a batch is appended. The newest batch always
 * stays, so a log may exceed its limit by one batch.
 */
import type { RecordBatch } from './batch.ts';
import { recordsOf } from './records.ts';
import { ProducerSequences } from './sequences.ts';

export interface Retention {
  /** Bytes a partition keeps; negative for no limit. */
  readonly bytes: number;
  /** Milliseconds a batch is kept, by its largest timestamp; negative for no limit. */
  readonly ms: number;
}

/** What became of a batch. */
export interface Appended {
  readonly error: number;
  /** Where the batch begins, or its first copy does; -1 with an error. */
  readonly baseOffset: number;
  /** False with an error, and for a copy of a batch that was appended before. */
  readonly appended: boolean;
}

export class PartitionLog {
  readonly sequences = new ProducerSequences();
  readonly #batches: RecordBatch[] = [];
  #bytes = 0;
  #startOffset = 0;
  #endOffset = 0;

  /** The first offset that can be read. */
  get startOffset(): number {
    return this.#startOffset;
  }

  /** The offset that the next record gets; also the high watermark, because what is appended is committed. */
  get endOffset(): number {
    return this.#endOffset;
  }

  /** Bytes of all batches kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Every batch kept, oldest first. */
  get batches(): readonly RecordBatch[] {
    return this.#batches;
  }

  /**
   * Appends one checked batch: its base offset and leader epoch are written into its bytes, which the log keeps.
   *
   * @param now milliseconds since 1970, for retention by time
   */
  append(batch: RecordBatch, leaderEpoch: number, retention: Retention, now: number): Appended {
    const verdict = this.sequences.judge(batch);
    if (verdict !== undefined) {
      const error = 'error' in verdict ? verdict.error : 0;
      return { error, baseOffset: 'error' in verdict ? -1 : verdict.duplicateOf, appended: false };
    }
    batch.place(this.#endOffset, leaderEpoch);
    this.sequences.remember(batch);
    this.#batches.push(batch);
    this.#bytes += batch.bytes.length;
    this.#endOffset = batch.lastOffset + 1;
    this.#retain(retention, now);
    return { error: 0, baseOffset: batch.baseOffset, appended: true };
  }

  /**
   * Whole batches from the one that holds `offset` on, at most `maxBytes` of them.
   *
   * @param oversize whether the first batch is given although it is larger than `maxBytes`, so that a reader always gets on (KIP-74)
   */
  read(offset: number, maxBytes: number, oversize: boolean): RecordBatch[] {
    const found: RecordBatch[] = [];
    let bytes = 0;
    for (let i = this.#indexOf(offset); i < this.#batches.length; i++) {
      const batch = this.#batches[i]!;
      bytes += batch.bytes.length;
      if (bytes > maxBytes && !(oversize && found.length === 0)) break;
      found.push(batch);
    }
    return found;
  }

  /** The first record whose timestamp is at least `timestamp`, in milliseconds since 1970. */
  find(timestamp: number): { offset: number; timestamp: number } | undefined {
    for (const batch of this.#batches) {
      if (batch.maxTimestamp < timestamp) continue;
      const record = recordsOf(batch).find(each => each.timestamp >= timestamp);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  /** The record with the largest timestamp (KIP-734). */
  newest(): { offset: number; timestamp: number } | undefined {
    const timestamp = this.#batches.reduce((max, batch) => Math.max(max, batch.maxTimestamp), -1);
    return timestamp < 0 ? undefined : this.find(timestamp);
  }

  /** Index of the batch that holds `offset`, by halving. */
  #indexOf(offset: number): number {
    let low = 0;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#batches[middle]!.lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #retain(retention: Retention, now: number): void {
    let drop = 0;
    while (drop < this.#batches.length - 1) {
      const oldest = this.#batches[drop]!;
      const tooLarge = retention.bytes >= 0 && this.#bytes > retention.bytes;
      const tooOld = retention.ms >= 0 && oldest.maxTimestamp < now - retention.ms;
      if (!tooLarge && !tooOld) break;
      this.#bytes -= oldest.bytes.length;
      drop += 1;
    }
    if (drop === 0) return;
    this.#batches.splice(0, drop);
    this.#startOffset = this.#batches[0]!.baseOffset;
  }
}
