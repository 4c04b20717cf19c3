/** The source is paused while there is no room for more, or while a message waits; and resumed when neither is so any more. */
import type { Source } from './source.ts';

export class Pace {
  readonly #source: Pick<Source, 'pause' | 'resume'>;
  #paused = false;
  #pausedMs = 0;
  #pausedAt = 0;

  constructor(source: Pick<Source, 'pause' | 'resume'>) {
    this.#source = source;
  }

  /** Seconds for which the source was paused. */
  get pausedSeconds(): number {
    return (this.#pausedMs + (this.#paused ? performance.now() - this.#pausedAt : 0)) / 1000;
  }

  get paused(): boolean {
    return this.#paused;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pausedAt = performance.now();
    this.#source.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#pausedMs += performance.now() - this.#pausedAt;
    this.#source.resume();
  }
}
