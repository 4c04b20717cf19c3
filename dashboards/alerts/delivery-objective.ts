/**
 * The objective for delivery: everything made of 99.9 % of a month's messages, of each source, is delivered within 1 s of reading them.
 *
 * Its alerts watch how fast the budget of slow messages is used up, each over a long window, so that a moment does not wake anybody, and a
 * short one, so that the alert ends when the trouble does (Google's SRE Workbook, chapter 5, "Multiwindow, multi-burn-rate alerts").
 *
 * The surprising case: a message is timed when it is settled. While nothing at all gets through, nothing is slow; that is what
 * MkbNothingDelivered is for.
 */
import { slowPart } from '../promql.ts';
import type { Alert, RecordingRule } from './alert.ts';

/** `seconds` is a bound of the histogram mkb_delivery_seconds; `slowPart` is how many messages may take longer, of 1. */
export const objective = { seconds: 1, slowPart: 0.001 } as const;

const windows = ['5m', '30m', '1h', '6h', '3d'] as const;
type Window = (typeof windows)[number];

const recorded = (window: Window): string => `bridge_source:mkb_delivery_slow:ratio_rate${window}`;

/** The part of slow messages over each window, so that dashboards and alerts need not work out days again and again. */
export const deliveryRecordings: readonly RecordingRule[] = windows.map(window => ({
  record: recorded(window),
  expr: slowPart(objective.seconds, window),
}));

interface Burn {
  readonly long: Window;
  readonly short: Window;
  /** How many times faster than the budget allows. */
  readonly factor: number;
  readonly severity: Alert['severity'];
  /** How long the month's budget would last. */
  readonly lasts: string;
}

const burns: readonly Burn[] = [
  { long: '1h', short: '5m', factor: 14.4, severity: 'critical', lasts: 'two days' },
  { long: '6h', short: '30m', factor: 6, severity: 'critical', lasts: 'five days' },
  { long: '3d', short: '6h', factor: 1, severity: 'warning', lasts: 'a month' },
];

const isBurning = (window: Window, factor: number): string =>
  `${recorded(window)} > ${Number((factor * objective.slowPart).toPrecision(4))}`;

/** One alert of several burn rates, told apart by the label `window`. */
export const deliverySlow: readonly Alert[] = burns.map(({ long, short, factor, severity, lasts }) => ({
  name: 'MkbDeliverySlow',
  expr: `${isBurning(long, factor)} and ${isBurning(short, factor)}`,
  for: '2m',
  severity,
  labels: { window: long },
  dashboard: 'pipeline',
  summary: 'What {{ $labels.bridge }} reads from {{ $labels.source }} is delivered late.',
  description: `{{ $value | humanizePercentage }} of the messages of the last ${long} took longer than ${objective.seconds} s; ${objective.slowPart * 100} % may. At this pace the month's allowance lasts ${lasts}.`,
}));
