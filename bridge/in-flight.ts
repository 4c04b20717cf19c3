/** The messages in flight of all sources, and who waits for the end of them. */
import type { Source } from './flow/source.ts';

export class InFlight {
  readonly #sources: () => readonly Source[];
  #none: (() => void) | undefined;

  constructor(sources: () => readonly Source[]) {
    this.#sources = sources;
  }

  get count(): number {
    return this.#sources().reduce((sum, { account }) => sum + account.inFlight, 0);
  }

  /** Messages were settled. */
  settled(): void {
    if (this.#none && this.count === 0) this.#none();
  }

  /** Returns when none is in flight, or after `timeoutMs`. */
  async none(timeoutMs: number): Promise<void> {
    if (this.count === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#none = resolve;
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
  }
}
