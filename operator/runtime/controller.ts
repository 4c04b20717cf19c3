/**
 * Works through a queue with a function that makes one thing right: `reconcile(key)`.
 *
 * It may be called at any time, for any reason and again; what it throws decides what comes next. A permanent error is not retried,
 * for only a change can fix it, and a change adds the key again. Anything else is, after a pause. What is no error of the table is a fault
 * in the program: it is counted as a panic and retried, and the other keys do not suffer from it.
 *
 * A reconcile has a time limit, after which its signal is aborted, and so it is when the controller stops. One that goes on nevertheless is
 * abandoned after a grace: its worker turns to other keys, or ends. Its key stays taken until it has ended, since a key is never worked
 * on twice at once; `workqueue_longest_running_processor_seconds` shows it.
 */
import { MkbError } from '../../api/errors.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Log } from './log.ts';
import { retryAfterMs } from './status-error.ts';
import type { WorkQueue } from './work-queue.ts';

export interface ReconcileResult {
  /** Look again after this, although nothing may have changed. */
  readonly requeueAfterMs?: number;
}

export type ReconcileOutcome = 'success' | 'error' | 'requeue_after';

/** What is measured of a controller; see metrics.ts. */
export interface ControllerMetrics {
  /** How many workers work. */
  active(workers: number): void;
  /** A reconcile has ended. */
  reconciled(outcome: ReconcileOutcome, seconds: number): void;
  /** It ended with an error that is not retried. */
  terminal(): void;
  /** It ended with an error that is none of the table. */
  panicked(): void;
  /** Its time was over. */
  timedOut(): void;
  /** It went on although its signal had been aborted. */
  abandoned(): void;
}

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  /** Makes right what the key names. Its signal is aborted when the time is over and when the controller stops. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined>;
  readonly log: Log;
  readonly metrics?: ControllerMetrics;
  readonly clock?: Clock;
  /** How many keys are worked on at once. */
  readonly concurrency?: number;
  /** The time limit of one reconcile. */
  readonly timeoutMs?: number;
  /** How long a reconcile may go on after its signal has been aborted. */
  readonly graceMs?: number;
}

/** Works until the signal is aborted and the last reconcile has ended, or been abandoned. Never rejects. */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue, metrics, concurrency = 4 } = options;
  let active = 0;
  const worker = async () => {
    for (;;) {
      const key = await queue.get(signal);
      if (key === undefined) return;
      metrics?.active(++active);
      await work(key, options, signal);
      metrics?.active(--active);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Reconciles a key. Returns when that has ended, or goes on without being waited for. */
async function work(key: string, options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { name, log, metrics, timeoutMs = 120_000 } = options;
  const limit = new Limit(options.clock ?? systemClock, options.graceMs ?? 10_000, signal);
  limit.start(timeoutMs, () => {
    metrics?.timedOut();
    return new MkbError('reconcile-timeout', { controller: name, key, limitMs: timeoutMs });
  });
  const ended = reconcileOnce(key, options, limit.signal, signal).finally(() => {
    limit.end();
    options.queue.done(key);
  });
  const abandoned = await Promise.race([ended.then(() => false), limit.graceOver.then(() => true)]);
  if (!abandoned) return;
  metrics?.abandoned();
  log.error({ controller: name, key }, 'a reconcile does not heed its signal; it goes on without a worker');
}

/** One reconcile, and what follows from how it ends. Never rejects. */
async function reconcileOnce(
  key: string,
  options: ControllerOptions,
  limit: AbortSignal,
  stop: AbortSignal,
): Promise<void> {
  const { queue, metrics, reconcile, clock = systemClock } = options;
  const startedAt = clock.now();
  const ended = (outcome: ReconcileOutcome) => metrics?.reconciled(outcome, (clock.now() - startedAt) / 1000);
  try {
    const result = await reconcile(key, limit);
    queue.forget(key);
    if (result?.requeueAfterMs === undefined) return ended('success');
    queue.addAfter(key, result.requeueAfterMs, 'resync');
    ended('requeue_after');
  } catch (error) {
    // Whoever works next begins again.
    if (stop.aborted) return;
    ended('error');
    failed(key, limit.aborted ? limit.reason : error, options);
  }
}

function failed(key: string, error: unknown, { name, queue, metrics, log }: ControllerOptions): void {
  const fields = { controller: name, key, err: error };
  if (!MkbError.is(error)) {
    metrics?.panicked();
    queue.addRateLimited(key);
    log.error(fields, 'a fault in the program: reconciling failed; it is retried');
  } else if (error.kind === 'permanent') {
    metrics?.terminal();
    queue.forget(key);
    log.error(fields, 'cannot be reconciled until something changes');
  } else {
    queue.addRateLimited(key, retryAfterMs(error));
    log.warn(fields, 'reconciling failed; it is retried');
  }
}

/** A signal that is aborted when a time is over, and with the outer one; and after that, when the grace is over. */
class Limit {
  readonly #clock: Clock;
  readonly #graceMs: number;
  readonly #outer: AbortSignal;
  readonly #own = new AbortController();
  readonly #graceOver = Promise.withResolvers<void>();
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, graceMs: number, outer: AbortSignal) {
    this.#clock = clock;
    this.#graceMs = graceMs;
    this.#outer = outer;
  }

  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /** Settles when a grace after the abort nobody has called `end`. */
  get graceOver(): Promise<void> {
    return this.#graceOver.promise;
  }

  start(limitMs: number, reason: () => unknown): void {
    this.#cancel = this.#clock.after(limitMs, () => this.#abort(reason()));
    if (this.#outer.aborted) this.#stop();
    else this.#outer.addEventListener('abort', this.#stop);
  }

  end(): void {
    this.#cancel();
    this.#outer.removeEventListener('abort', this.#stop);
  }

  readonly #stop = () => this.#abort(this.#outer.reason);

  #abort(reason: unknown): void {
    this.end();
    this.#own.abort(reason);
    this.#cancel = this.#clock.after(this.#graceMs, () => this.#graceOver.resolve());
  }
}
