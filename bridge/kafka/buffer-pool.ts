/**
 * The memory of record batches: buffers in sizes of powers of two, lent and given back.
 *
 * `lent` is what the producer's memory limit is measured by. A buffer that comes back is kept for the next batch up to `keepBytes`,
 * so that a steady load allocates nothing; what is above that goes to the garbage collector.
 */
export class BufferPool {
  /** Bytes that are lent at this moment, and what batches hold beside their buffers. */
  lent = 0;
  readonly #keepBytes: number;
  #kept = 0;
  readonly #free = new Map<number, Buffer[]>();

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes;
  }

  /** A buffer of at least `size` bytes, its content undefined. */
  take(size: number): Buffer {
    const capacity = 2 ** Math.ceil(Math.log2(Math.max(size, 1024)));
    this.lent += capacity;
    const free = this.#free.get(capacity)?.pop();
    if (!free) return Buffer.allocUnsafeSlow(capacity);
    this.#kept -= capacity;
    return free;
  }

  /** Gives a buffer back. It must not be used afterwards. */
  give(buffer: Buffer): void {
    const capacity = buffer.length;
    this.lent -= capacity;
    if (this.#kept + capacity > this.#keepBytes) return;
    this.#kept += capacity;
    const free = this.#free.get(capacity);
    if (free) free.push(buffer);
    else this.#free.set(capacity, [buffer]);
  }
}
