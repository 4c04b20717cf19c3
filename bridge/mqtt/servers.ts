/**
 * Which server to try next, and when.
 *
 * Several urls are several doors to one broker. A round tries each once, without pauses between: the next may well be open. The pause
 * after a round grows with each that failed, with jitter, so that a thousand clients of a broker that came back do not return
 * together. It starts small again only after a connection that lived as long as the largest pause: a server that takes every client in
 * and throws it out at once is not hammered.
 */
import { backoffMs } from '../../network/backoff.ts';

export class Servers {
  readonly #urls: readonly URL[];
  readonly #minDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #random: () => number;
  #index = 0;
  #triedInRound = 0;
  #failedRounds = 0;

  constructor(urls: readonly URL[], delays: { minDelayMs: number; maxDelayMs: number }, random: () => number) {
    this.#urls = urls;
    this.#minDelayMs = delays.minDelayMs;
    this.#maxDelayMs = delays.maxDelayMs;
    this.#random = random;
  }

  get current(): URL {
    return this.#urls[this.#index] as URL;
  }

  /** The current server could not be used. Turns to the next; returns the milliseconds to wait before it is tried. */
  failed(): number {
    this.#index = (this.#index + 1) % this.#urls.length;
    this.#triedInRound++;
    if (this.#triedInRound < this.#urls.length) return 0;
    return this.#pause();
  }

  /** A connection to the current server was lost after `livedMs`. It is the first to be tried again; returns the milliseconds to wait. */
  lost(livedMs: number): number {
    if (livedMs >= this.#maxDelayMs) this.#failedRounds = 0;
    return this.#pause();
  }

  /** What was wrong was not the server: pauses start small again. */
  explained(): void {
    this.#failedRounds = 0;
  }

  /**
   * The server named others (MQTT 5, 4.13: a list of HOST or HOST:PORT, separated by spaces). One that is configured is tried next;
   * one that is not would get our password, so it is not.
   */
  prefer(reference: string): void {
    for (const name of reference.split(' ')) {
      const index = this.#urls.findIndex(url => name !== '' && (url.host === name || url.hostname === name));
      if (index >= 0) {
        this.#index = index;
        return;
      }
    }
  }

  #pause(): number {
    this.#triedInRound = 0;
    this.#failedRounds++;
    return backoffMs(this.#failedRounds, this.#minDelayMs, this.#maxDelayMs, this.#random);
  }
}
