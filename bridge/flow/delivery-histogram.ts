/**
 * How long messages take, counted per bucket without an object or a label look-up per message. metrics.ts shows it to Prometheus as
 * a classic histogram.
 */

/** Upper bounds in seconds. From a batch that did not wait to a broker that was down for half an hour. */
export const deliveryBuckets: readonly number[] = [
  0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 300, 1800,
];

const boundsMs = Float64Array.from(deliveryBuckets, seconds => seconds * 1000);

export class DeliveryHistogram {
  /** Messages by bucket; the last is for those above every bound. Not cumulative. */
  readonly counts = new Float64Array(boundsMs.length + 1);
  /** Seconds of all messages together. */
  sumSeconds = 0;

  /** Counts one message that took this many milliseconds. */
  observe(milliseconds: number): void {
    let bucket = 0;
    while (bucket < boundsMs.length && milliseconds > boundsMs[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sumSeconds += milliseconds / 1000;
  }
}
