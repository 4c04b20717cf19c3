import { MkbError } from '../../api/errors.ts';

/** What work failed with. A fault of ours is an error of the table too, so that people can read it. */
export const failureFrom = (error: unknown): MkbError =>
  MkbError.is(error)
    ? error
    : new MkbError('unexpected', { reason: error instanceof Error ? error.message : String(error) }, { cause: error });

/** @throws what is nothing to report to people: a stop, and what we knew that was old by a moment, which is over when it is retried */
export function failureOf(error: unknown, signal: AbortSignal): MkbError {
  signal.throwIfAborted();
  if (isMomentary(error)) throw error;
  return failureFrom(error);
}

/** What we knew was old by a moment, which is over when it is retried: nothing to report to people. */
export const isMomentary = (error: unknown): boolean =>
  MkbError.is(error, 'kube-conflict') || MkbError.is(error, 'kube-cache-behind');

/** What work failed with; undefined when it did not. */
export async function failed(work: Promise<void>, signal: AbortSignal): Promise<MkbError | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return failureOf(error, signal);
  }
}
