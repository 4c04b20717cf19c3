/** Quantiles out of a histogram: the bucket is counted, the place inside it is a guess by proportion, as Prometheus makes it. */
import { deliveryBuckets } from '../flow/delivery-histogram.ts';

/**
 * The time that a share of the messages took at most.
 *
 * @param counts messages by bucket, not cumulative; the last is for those above every bound
 * @param share 0.5 for the median
 * @param bounds of the buckets, seconds
 * @returns milliseconds; undefined without messages
 */
export const quantileMs = (
  counts: ArrayLike<number>,
  share: number,
  bounds: readonly number[] = deliveryBuckets,
): number | undefined => {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = share * total;
  let below = 0;
  for (let bucket = 0; bucket < bounds.length; bucket++) {
    const count = counts[bucket]!;
    if (count > 0 && below + count >= rank) return 1000 * within(bounds, bucket, (rank - below) / count);
    below += count;
  }
  // Beyond every bound: at least the last one.
  return 1000 * (bounds.at(-1) ?? 0);
};

const within = (bounds: readonly number[], bucket: number, share: number): number => {
  const low = bucket === 0 ? 0 : bounds[bucket - 1]!;
  return low + (bounds[bucket]! - low) * share;
};
