import { MkbError } from '../../api/errors.ts';

/** `socket.request.max.bytes` of Kafka's brokers. */
const MAX_FRAME_BYTES = 100 * 1024 * 1024;

/**
 * Cuts a TCP stream into requests: four bytes of length, then the request.
 *
 * Each request gets a buffer of its own, because batches of it stay in the log as views: memory that a client's other requests
 * share would be kept with them.
 */
export class FrameReader {
  readonly #length = Buffer.alloc(4);
  #lengthBytes = 0;
  #frame: Buffer | undefined;
  #frameBytes = 0;

  /** Requests that are complete with this chunk. Throws `embedded-frame-invalid` for a length that cannot be. */
  *push(chunk: Buffer): Generator<Buffer> {
    let position = 0;
    while (position < chunk.length) {
      if (this.#frame === undefined) {
        const copied = chunk.copy(this.#length, this.#lengthBytes, position);
        position += copied;
        this.#lengthBytes += copied;
        if (this.#lengthBytes === 4) this.#frame = this.#begin();
      } else {
        const copied = chunk.copy(this.#frame, this.#frameBytes, position);
        position += copied;
        this.#frameBytes += copied;
        if (this.#frameBytes === this.#frame.length) yield this.#finish(this.#frame);
      }
    }
  }

  #begin(): Buffer {
    const bytes = this.#length.readInt32BE();
    // A header is never shorter than ten bytes. Text of another protocol gives a length in the millions.
    if (bytes < 10 || bytes > MAX_FRAME_BYTES) throw new MkbError('embedded-frame-invalid', { bytes });
    return Buffer.allocUnsafeSlow(bytes);
  }

  #finish(frame: Buffer): Buffer {
    this.#frame = undefined;
    this.#frameBytes = 0;
    this.#lengthBytes = 0;
    return frame;
  }
}
