/**
 * Works through a queue with a function that makes one thing right: `reconcile(key)`.
 *
 * It may be called at any time, for any reason and again; what it throws decides what comes next. A permanent error is not tried again,
 * for only a change can mend it, and a change adds the key anew. Anything else is, after a pause. A reconcile has a time limit, after
 * which its signal is aborted; one that does not heed it keeps its worker until it ends, which `unfinished_work_seconds` shows.
 */
import { MkbError } from '../../api/errors.ts';
import type { Log } from './log.ts';
import type { WorkQueue } from './work-queue.ts';

export interface ReconcileResult {
  /** Look again after this, although nothing may have changed. */
  readonly requeueAfterMs?: number;
}

export type ReconcileOutcome = 'success' | 'error' | 'requeue_after';

/** What is told about a controller; see metrics.ts. */
export interface ControllerMetrics {
  reconciled(outcome: ReconcileOutcome, seconds: number): void;
  terminal(): void;
  timedOut(): void;
  active(workers: number): void;
}

export interface ControllerOptions {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<ReconcileResult | undefined>;
  readonly log: Log;
  readonly metrics?: ControllerMetrics;
  /** How many keys are worked on at once. */
  readonly concurrency?: number;
  /** The time limit of one reconcile. */
  readonly timeoutMs?: number;
}

/** Works until the signal is aborted and the last reconcile has ended. Never rejects. */
export async function runController(options: ControllerOptions, signal: AbortSignal): Promise<void> {
  let active = 0;
  const worker = async () => {
    for (;;) {
      const key = await options.queue.get(signal);
      if (key === undefined) return;
      options.metrics?.active(++active);
      await work(key, options, signal);
      options.metrics?.active(--active);
      options.queue.done(key);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? 4 }, worker));
}

async function work(key: string, options: ControllerOptions, signal: AbortSignal): Promise<void> {
  const { queue, metrics, name, log, timeoutMs = 120_000 } = options;
  const startedAt = performance.now();
  const limit = AbortSignal.timeout(timeoutMs);
  const ended = (outcome: ReconcileOutcome) => metrics?.reconciled(outcome, (performance.now() - startedAt) / 1000);
  try {
    const result = await options.reconcile(key, AbortSignal.any([signal, limit]));
    queue.forget(key);
    if (result?.requeueAfterMs === undefined) ended('success');
    else {
      queue.addAfter(key, result.requeueAfterMs, 'resync');
      ended('requeue_after');
    }
  } catch (error) {
    if (signal.aborted) return;
    ended('error');
    if (limit.aborted) metrics?.timedOut();
    if (MkbError.is(error) && error.kind === 'permanent') {
      metrics?.terminal();
      queue.forget(key);
      log.error({ controller: name, key, err: error }, 'cannot be reconciled until something changes');
    } else {
      queue.addRateLimited(key);
      log.warn({ controller: name, key, err: error }, 'reconciling failed; it is tried again');
    }
  }
}
