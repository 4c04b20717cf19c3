/** The batches that are in memory, in order of their ids. Their memory is used again. */
import type { MqttMessage } from '../mqtt/message.ts';
import { Batch, batchHeaderBytes } from './batch.ts';
import { mostRecordBytes } from './message-record.ts';

const standardBytes = 256 * 1024;
/** Batches whose memory is kept for the next. */
const mostKept = 64;

export class MemoryBatches {
  readonly #batches: Batch[] = [];
  readonly #kept: Batch[] = [];
  #bytes = 0;

  /** The oldest are first. */
  at(index: number): Batch | undefined {
    return this.#batches[index];
  }

  /** The one that grows. */
  get last(): Batch | undefined {
    return this.#batches[this.#batches.length - 1];
  }

  /** Memory that they use, without what is free in the last. */
  get usedBytes(): number {
    const { last } = this;
    return last === undefined ? 0 : this.#bytes - (last.capacity - last.end);
  }

  /** The batch that `message` is to be added to as `id`. */
  roomFor(message: MqttMessage, id: number): Batch {
    const { last } = this;
    if (last?.hasRoomFor(message)) return last;
    const needed = batchHeaderBytes + mostRecordBytes(message);
    const size = needed <= standardBytes ? standardBytes : (needed + 7) & ~7;
    const kept = size === standardBytes ? this.#kept.pop() : undefined;
    const batch = (kept ?? new Batch(size)).begin(id);
    this.#bytes += batch.capacity;
    this.#batches.push(batch);
    return batch;
  }

  /** The first that has `id`, or greater ones. */
  with(id: number): Batch | undefined {
    for (const batch of this.#batches) if (batch.nextId > id) return batch;
    return undefined;
  }

  /** The oldest with an id of `from` or above that is not being written. */
  oldestFree(from: number): Batch | undefined {
    return this.#batches.find(batch => batch.nextId > from && (!batch.sealed || batch.safe));
  }

  /** Closes those that are not safe, and returns them. */
  seal(): readonly Batch[] {
    const batches = this.#batches.filter(({ safe }) => !safe);
    for (const batch of batches) batch.sealed = true;
    return batches;
  }

  /** It must not be used any more. */
  remove(batch: Batch): void {
    this.#batches.splice(this.#batches.indexOf(batch), 1);
    this.#bytes -= batch.capacity;
    if (batch.capacity === standardBytes && this.#kept.length < mostKept) this.#kept.push(batch);
  }
}
