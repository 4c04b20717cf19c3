/**
 * Asks a target again and again: one round at a time, each with an end.
 *
 * Rounds start an interval apart. The signal of one that takes longer than it may is aborted, and has failed at that moment; the next
 * waits all the same until it has really ended, so that a target that hangs is never asked twice at once.
 */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { MkbError } from '../api/errors.ts';

export interface LoopOptions {
  /** For errors: who is asked. */
  readonly target: string;
  /** From the start of a round to the start of the next, milliseconds. */
  readonly intervalMs: number;
  /** How long a round may take, milliseconds; not longer than the interval. */
  readonly timeoutMs: number;
  /** A round. It ends soon after its signal says so. */
  readonly round: (signal: AbortSignal) => Promise<void>;
  /** A round ended, well or with an error; `collection-timeout` when it took too long. */
  readonly ended: (error: MkbError | undefined, tookMs: number) => void;
}

export class Loop {
  readonly #options: LoopOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends the round that is under way, and starts no other. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const startedAt = performance.now();
      await this.#round(startedAt);
      const leftMs = this.#options.intervalMs - (performance.now() - startedAt);
      await pause(Math.max(leftMs, 1), undefined, { signal }).catch(() => undefined);
    }
  }

  async #round(startedAt: number): Promise<void> {
    const { timeoutMs, round, ended } = this.#options;
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stopping.signal]);
    const work = round(signal).then(() => undefined, asMkbError);
    const error = await Promise.race([work, this.#tooLate(signal)]);
    if (!this.#stopping.signal.aborted) ended(error, performance.now() - startedAt);
    await work;
  }

  /** A round that heeds its signal may say itself what it waited for; for others it is said here. */
  async #tooLate(signal: AbortSignal): Promise<MkbError> {
    await once(signal, 'abort');
    await pause(graceMs, undefined, { ref: false });
    const { target, timeoutMs } = this.#options;
    return new MkbError('collection-timeout', { target, waitedMs: timeoutMs });
  }
}

const graceMs = 100;

const asMkbError = (error: unknown): MkbError =>
  MkbError.is(error) ? error : new MkbError('unexpected', { reason: (error as Error).message }, { cause: error });
