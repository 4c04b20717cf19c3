/**
 * The order in which a process of controllers begins and ends: read everything, wait until we lead, work; then stop the work, give the Lease
 * back, and stop reading. Watches run in every replica, so that one that takes over knows everything at once.
 */
import type { LeaderElection } from './leader-election.ts';

export interface Lifecycle {
  /** Watches, until the signal is aborted. */
  readonly watch: (signal: AbortSignal) => Promise<void>;
  /** Settles when everything has been read once. */
  readonly synced: () => Promise<void>;
  /** Controllers, until the signal is aborted. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Undefined when no other process can be there. */
  readonly election: Pick<LeaderElection, 'run'> | undefined;
}

/**
 * Runs until the signal is aborted (`stopped`), or until another process may lead (`lost`): then this one must end, with an exit code other
 * than 0, so that it is started again.
 *
 * @throws what a watch or the work throws, after everything has been stopped
 */
export async function runLifecycle(parts: Lifecycle, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  const stopping = new AbortController();
  const watching = new AbortController();
  const stop = () => stopping.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  // Work on what is not watched any more would be work on the past.
  const watches = parts.watch(watching.signal).finally(() => stopping.abort());
  watches.catch(() => undefined);
  try {
    await Promise.race([parts.synced(), aborted(stopping.signal)]);
    return stopping.signal.aborted ? 'stopped' : await lead(parts, stopping.signal);
  } finally {
    signal.removeEventListener('abort', stop);
    watching.abort();
    await watches;
  }
}

async function lead({ work, election }: Lifecycle, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  if (election) return election.run(work, signal);
  await work(signal);
  return 'stopped';
}

async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return;
  signal.addEventListener('abort', () => resolve(), { once: true });
  await promise;
}
