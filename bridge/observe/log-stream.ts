/**
 * Where log lines go: to a stream that somebody reads, sooner or later or never.
 *
 * A pipe that nobody reads is full after 64 KiB, and a synchronous write to it stops the process: no message moves any more, because of a
 * line about one. So lines wait in memory, so many bytes at most; those that find no room are dropped, and how many is said as soon
 * as there is room again. A reader that has gone away costs lines and nothing else.
 */
import type { Writable } from 'node:stream';

/** What may wait, bytes: a thousand lines or more. */
const limitBytes = 1024 * 1024;

export class LogStream {
  readonly #stream: Writable;
  readonly #onDropped: (dropped: number) => void;
  #dropped = 0;

  /**
   * @param stream one that does not block, as `process.stderr` does not for a pipe
   * @param onDropped called with how many lines were dropped, when there is room again
   */
  constructor(stream: Writable, onDropped: (dropped: number) => void) {
    this.#stream = stream;
    this.#onDropped = onDropped;
  }

  write(line: string): void {
    if (this.#stream.writableLength > limitBytes) {
      if (this.#dropped++ === 0) this.#stream.once('drain', this.#say);
      return;
    }
    this.#stream.write(line);
  }

  readonly #say = (): void => {
    const dropped = this.#dropped;
    this.#dropped = 0;
    this.#onDropped(dropped);
  };
}
