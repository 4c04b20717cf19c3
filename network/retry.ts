/**
 * How long what may pass is retried: `delivery.retry`, and `retry` of a sink, which says it field by field for that sink alone.
 *
 * An attempt counts when somebody answered that it will not do now. A broker that does not answer has refused nothing.
 */
import type { RetrySection } from '../api/schema/retry.ts';
import { durationMs } from '../api/units.ts';

export interface Retry {
  /** From receipt, milliseconds; Infinity is for ever. */
  readonly maxAgeMs: number;
  /** Infinity is without end. */
  readonly maxAttempts: number;
  /** Undefined for the usual pauses. */
  readonly backoff: { readonly minDelayMs: number; readonly maxDelayMs: number } | undefined;
}

/** @param own of the sink; undefined if it has none */
export function retryOf(ofBridge: RetrySection, own: RetrySection | undefined): Retry {
  const { maxAge, maxAttempts, backoff } = { ...ofBridge, ...own };
  return {
    maxAgeMs: maxAge === undefined ? Number.POSITIVE_INFINITY : durationMs(maxAge),
    maxAttempts: maxAttempts ?? Number.POSITIVE_INFINITY,
    backoff: backoff && { minDelayMs: durationMs(backoff.minDelay), maxDelayMs: durationMs(backoff.maxDelay) },
  };
}

/** The shortest age at which one of them gives up, milliseconds: Infinity with limits of attempts alone, undefined without any. */
export function shortestAge(retries: readonly Retry[]): number | undefined {
  const limited = retries.filter(
    ({ maxAgeMs, maxAttempts }) => Math.min(maxAgeMs, maxAttempts) < Number.POSITIVE_INFINITY,
  );
  if (limited.length === 0) return undefined;
  return limited.reduce((least, { maxAgeMs }) => Math.min(least, maxAgeMs), Number.POSITIVE_INFINITY);
}

/** Which limit is over, in words that follow "could not be delivered"; undefined while none is. */
export function limitOver({ maxAgeMs, maxAttempts }: Retry, ageMs: number, attempts: number): string | undefined {
  if (attempts >= maxAttempts)
    return `in ${maxAttempts === 1 ? '1 attempt' : `${maxAttempts} attempts`} (retry.maxAttempts)`;
  return ageMs > maxAgeMs ? `within ${maxAgeMs / 1000} s (retry.maxAge)` : undefined;
}
