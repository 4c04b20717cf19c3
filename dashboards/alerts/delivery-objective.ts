/**
 * The objective for delivery: everything made of 99.9 % of a month's messages, of each source, is delivered within 1 s of reading them.
 *
 * Its alerts watch how fast the budget of slow messages is used up, each over a long window, so that a moment does not wake anybody, and a
 * short one, so that the alert ends when the trouble does (Google's SRE Workbook, chapter 5, "Multiwindow, multi-burn-rate alerts").
 *
 * The surprising case: a message is timed when it is settled. While nothing at all gets through, nothing is slow; that is what
 * MkbNothingDelivered is for.
 */
import { slowPart, timedRate } from '../promql.ts';
import type { Alert, RecordingRule } from './alert.ts';

/** `seconds` is a bound of the histogram mkb_delivery_seconds; `slowPart` is how many messages may take longer, of 1. */
export const objective = { seconds: 1, slowPart: 0.001 } as const;

const windows = ['5m', '30m', '1h', '6h', '3d'] as const;
type Window = (typeof windows)[number];

const slow = (window: Window): string => `bridge_source:mkb_delivery_slow:ratio_rate${window}`;
const delivered = (window: Window): string => `bridge_source:mkb_delivery:rate${window}`;

/** Messages over each window, and the part of slow ones, so that dashboards and alerts need not work out days again and again. */
export const deliveryRecordings: readonly RecordingRule[] = windows.flatMap(window => [
  { record: slow(window), expr: slowPart(objective.seconds, window) },
  { record: delivered(window), expr: timedRate(window) },
]);

/** Of the long windows. */
const seconds = { '1h': 3600, '6h': 6 * 3600, '3d': 3 * 86_400 } as const satisfies Partial<Record<Window, number>>;

interface Burn {
  readonly long: keyof typeof seconds;
  readonly short: Window;
  /** How many times faster than the budget allows. */
  readonly factor: number;
  readonly severity: Alert['severity'];
  /** How long the month's budget would last at most. */
  readonly lasts: string;
}

/** The fastest first. */
const burns: readonly Burn[] = [
  { long: '1h', short: '5m', factor: 14.4, severity: 'critical', lasts: 'two days' },
  { long: '6h', short: '30m', factor: 6, severity: 'warning', lasts: 'five days' },
  { long: '3d', short: '6h', factor: 1, severity: 'warning', lasts: 'a month' },
];

/**
 * The slow part of all that the long window has when it is full. A bridge that was started an hour ago has an hour of messages in the window of
 * three days, and half a minute without Kafka would be a large part of these for hours. The rate over the long window counts the time before
 * as empty; where that is less than the rate is now, the window is taken for one with what comes now all the time.
 */
const burned = ({ long, short }: Burn): string => {
  const full = `(${delivered(long)} > ${delivered(short)} or ${delivered(short)})`;
  return `${slow(long)} * ${delivered(long)} / ${full}`;
};

const limit = ({ factor }: Burn): number => Number((factor * objective.slowPart).toPrecision(4));

const isBurning = (burn: Burn): string => `${burned(burn)} > ${limit(burn)} and ${slow(burn.short)} > ${limit(burn)}`;

/** One alert of several burn rates, told apart by the label `window`. Of those that would fire, only the fastest does. */
export const deliverySlow: readonly Alert[] = burns.map((burn, index) => ({
  name: 'MkbDeliverySlow',
  expr: [burn, ...burns.slice(0, index).reverse()].map(each => `(${isBurning(each)})`).join(' unless '),
  for: '2m',
  severity: burn.severity,
  labels: { window: burn.long },
  dashboard: 'pipeline',
  looksBack: seconds[burn.long],
  summary: 'What {{ $labels.bridge }} reads from {{ $labels.source }} is delivered late.',
  description: `{{ $value | humanizePercentage }} of what the last ${burn.long} should have took longer than ${objective.seconds} s; ${objective.slowPart * 100} % may. At this pace the month's allowance lasts ${burn.lasts} at most.`,
}));
