/**
 * Copies of what is written and not confirmed by the disk, with `fsync: interval`: it has left memory, since it is acknowledged.
 *
 * When the disk fails to confirm it, the kernel forgets that it was to be written: some file systems give the new bytes until they need the memory, others the old ones at once, and a second
 * fsync says that all is well. So it is neither read back nor confirmed again, but written to another file from here.
 */
import type { Batch } from './batch.ts';

/** What a data file takes. */
export type Sealed = Pick<Batch, 'firstId' | 'nextId' | 'count' | 'firstAt' | 'seal'>;

/** With more than this the disk is asked before the second is over. */
const mostBytes = 8 * 1024 * 1024;

export class Unconfirmed {
  #batches: Sealed[] = [];
  #memory: Buffer | undefined;
  #bytes = 0;

  get batches(): readonly Sealed[] {
    return this.#batches;
  }

  get isFull(): boolean {
    return this.#bytes >= mostBytes;
  }

  add(batch: Sealed): void {
    const sealed = batch.seal();
    const { firstId, nextId, count, firstAt } = batch;
    const copy = this.#copy(sealed);
    this.#bytes += sealed.length;
    this.#batches.push({ firstId, nextId, count, firstAt, seal: () => copy });
  }

  /** All of it is on the disk. */
  clear(): void {
    this.#batches = [];
    this.#bytes = 0;
  }

  #copy(bytes: Buffer): Buffer {
    if (this.#bytes + bytes.length > mostBytes) return Buffer.from(bytes);
    this.#memory ??= Buffer.allocUnsafeSlow(mostBytes);
    const copy = this.#memory.subarray(this.#bytes, this.#bytes + bytes.length);
    bytes.copy(copy);
    return copy;
  }
}
