/**
 * Looks at the sizes of a broker's answers before the library does. A negative size throws in its socket listener, out of reach, and ends the
 * process; of a size that is too large it keeps all that comes until the request's time is over.
 */
import type { Socket } from 'node:net';

/** Largest answer that is waited for. What is asked for is far smaller, but a record that is larger comes whole. */
const largestAnswer = 1024 * 1024 * 1024;
const sizeBytes = 4;

/** Destroys the socket at the first size that cannot be one. Call between two answers, when the library listens already. */
export function guardFrames(socket: Socket): void {
  const sizes = new Sizes();
  for (const listener of socket.listeners('data') as ((chunk: Buffer) => void)[]) {
    socket.removeListener('data', listener);
    socket.on('data', (chunk: Buffer) => {
      const wrong = sizes.wrongIn(chunk);
      if (wrong === undefined) listener(chunk);
      else socket.destroy(new Error(`an answer claims to be of ${wrong} bytes`));
    });
  }
}

/** Follows a stream of answers, each behind its size in four bytes. */
class Sizes {
  readonly #size = Buffer.alloc(sizeBytes);
  /** Bytes of the size that have come. */
  #known = 0;
  /** Bytes of the answer that are still to come. */
  #left = 0;

  /** The first size in the chunk that cannot be one; undefined if there is none. */
  wrongIn(chunk: Buffer): number | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#left > 0) {
        const taken = Math.min(this.#left, chunk.length - at);
        this.#left -= taken;
        at += taken;
        continue;
      }
      this.#size[this.#known++] = chunk[at++]!;
      if (this.#known < sizeBytes) continue;
      this.#known = 0;
      this.#left = this.#size.readInt32BE(0);
      if (this.#left <= 0 || this.#left > largestAnswer) return this.#left;
    }
    return undefined;
  }
}
