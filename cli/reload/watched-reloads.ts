/**
 * Reloads when files change, and again while a change that is right cannot be taken: nobody changes the file once more because a broker was down. The pauses
 * double, up to a minute.
 */
import { FileWatch } from '../../bridge/tables/file-watch.ts';
import type { ReloadReport } from './reloads.ts';

const firstMs = 1000;
const longestMs = 60_000;

export class WatchedReloads {
  readonly #watch: FileWatch;
  readonly #reload: () => Promise<ReloadReport>;
  #timer: NodeJS.Timeout | undefined;
  /** How often a file has changed. */
  #changes = 0;
  #closed = false;

  /** @param files as those of `FileWatch` */
  constructor(files: readonly string[], reload: () => Promise<ReloadReport>) {
    this.#reload = reload;
    this.#watch = new FileWatch(files, () => void this.#take(++this.#changes, firstMs));
  }

  start(): Promise<void> {
    return this.#watch.start();
  }

  close(): void {
    this.#closed = true;
    this.#watch.close();
    clearTimeout(this.#timer);
  }

  /** @param change the number of the change that this is for */
  async #take(change: number, pauseMs: number): Promise<void> {
    clearTimeout(this.#timer);
    const { ok, mayPass = false } = await this.#reload();
    if (ok || !mayPass || this.#closed || change !== this.#changes) return;
    this.#timer = setTimeout(() => void this.#take(change, Math.min(2 * pauseMs, longestMs)), pauseMs);
  }
}
