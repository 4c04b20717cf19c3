/**
 * How long to wait before attempt number `attempt` (0 is the first retry): exponential, with full jitter, so that a thousand
 * clients of a broker that came back do not all return in the same second.
 *
 * @returns milliseconds, between `minMs` and `maxMs`
 */
export function backoffMs(attempt: number, minMs: number, maxMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(attempt, 30));
  return minMs + random() * Math.max(0, ceiling - minMs);
}
