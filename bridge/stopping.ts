/**
 * The end of a bridge has one deadline for everything: settling what is in flight, committing, leaving the group, DISCONNECT. Whatever side
 * hangs, the process is gone before its supervisor kills it, and the side that does not hang has heard what was delivered.
 */

/** What a stop left behind. */
export interface StopReport {
  /** Messages that were read and are not acknowledged: a broker delivers those of QoS 1 and 2 again. */
  readonly unacknowledged: number;
  /** Records that were read and are not published: they are read again. */
  readonly unpublished: number;
  /** Whether `delivery.shutdownTimeout` ended it: something is left, or a side did not hear the end of it. */
  readonly late: boolean;
}

/** For saying goodbye, milliseconds; less if the whole time is short. */
const longestPartingMs = 1000;

/**
 * Waits for the end of `inOrder`, and no longer than `timeoutMs`. Returns whether it has ended.
 *
 * @param inOrder how long it may wait until everything is settled, and how long a DISCONNECT may take, which is the rest of the time
 */
export async function endedWithin(
  timeoutMs: number,
  inOrder: (settleMs: number, partingMs: number) => Promise<void>,
): Promise<boolean> {
  const partingMs = Math.min(longestPartingMs, timeoutMs / 5);
  const { promise: over, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), timeoutMs);
  const ended = inOrder(timeoutMs - partingMs, partingMs).then(() => true);
  try {
    return await Promise.race([ended, over]);
  } finally {
    clearTimeout(timer);
  }
}
