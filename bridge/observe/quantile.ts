/** Quantiles out of a histogram: the bucket is counted, the place inside it is a guess by proportion, as Prometheus makes it. */
import { deliveryBuckets } from '../flow/delivery-histogram.ts';

/**
 * The time that a share of the messages took at most.
 *
 * @param counts messages by bucket of `deliveryBuckets`, not cumulative; the last is for those above every bound
 * @param share 0.5 for the median
 * @returns milliseconds; undefined without messages
 */
export const quantileMs = (counts: ArrayLike<number>, share: number): number | undefined => {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const rank = share * total;
  let below = 0;
  for (let bucket = 0; bucket < deliveryBuckets.length; bucket++) {
    const count = counts[bucket]!;
    if (count > 0 && below + count >= rank) return 1000 * within(bucket, (rank - below) / count);
    below += count;
  }
  // Beyond every bound: at least the last one.
  return 1000 * deliveryBuckets.at(-1)!;
};

const within = (bucket: number, share: number): number => {
  const low = bucket === 0 ? 0 : deliveryBuckets[bucket - 1]!;
  return low + (deliveryBuckets[bucket]! - low) * share;
};
