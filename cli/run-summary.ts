/** What became of all messages, as the last line of each bridge of `mkb run`. */
import { milliseconds } from '../demo/terminal/live-line.ts';
import { type FlowTotals, latencyOf } from './flow-meter.ts';

export const summaryLine = (name: string, totals: FlowTotals): string => {
  const { received, delivered, deadLettered, dropped, returned, inFlight, reasons, buckets } = totals;
  const why = reasons.map(([reason, count]) => `${count} ${reason}`).join(', ');
  const parts = [
    `${delivered} delivered`,
    `${deadLettered} dead-lettered`,
    `${dropped} dropped${why && ` (${why})`}`,
    ...(returned > 0 ? [`${returned} returned to the group`] : []),
    `${inFlight} in flight`,
  ];
  const latency = latencyOf(buckets);
  const times = latency ? `; p50 ${milliseconds(latency.p50Ms)}, p99 ${milliseconds(latency.p99Ms)}` : '';
  return `${name}: ${received} received = ${parts.join(' + ')}${times}`;
};
