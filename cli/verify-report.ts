/** What `mkb verify` prints at its end. */
import type { MkbError } from '../api/errors.ts';
import { risks, suspects } from '../bridge/verify/suspects.ts';
import type { TrialResult } from '../bridge/verify/trial.ts';

export interface VerifyReport {
  readonly sent: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  /** From `publish` to where it can be read in Kafka, milliseconds. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly longest: number } | undefined;
  readonly mqttServer: string | undefined;
  readonly kafkaTopicLike: string | undefined;
  readonly faults: readonly { readonly name: string; readonly acknowledged: number; readonly lost: number }[];
  /** Settings at fault for what was lost. */
  readonly suspects: readonly Finding[];
  /** Settings that can lose messages. */
  readonly risks: readonly Finding[];
  /** Why messages did not flow again: what is missing may still come. */
  readonly stuck: Finding | undefined;
  /** What else is wrong, a sentence each. */
  readonly problems: readonly string[];
}

interface Finding {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

const finding = ({ code, message, remedy }: MkbError): Finding => ({ code, message, remedy });

export function reportOf(result: TrialResult): VerifyReport {
  const { verdict, latency, broker, topic, faults, stuck } = result;
  const round = (ms: number): number => Math.round(ms * 10) / 10;
  return {
    sent: verdict.published,
    acknowledged: verdict.acknowledged,
    lost: verdict.lost,
    doubled: verdict.duplicates,
    reordered: verdict.reordered,
    latencyMs: latency && { p50: round(latency.p50), p99: round(latency.p99), longest: round(latency.longest) },
    mqttServer: broker && `${broker.product} ${broker.version}`,
    kafkaTopicLike: topic.like,
    faults: faults.map(({ name, acknowledged, lost }) => ({ name, acknowledged, lost })),
    // What has not come yet is not lost.
    suspects: stuck === undefined ? suspects(result).map(finding) : [],
    risks: risks(result).map(finding),
    stuck: stuck && finding(stuck),
    problems: verdict.problems,
  };
}

/** Whether everything that was acknowledged is in Kafka, in its order. */
export const isGood = ({ problems, stuck }: VerifyReport): boolean => problems.length === 0 && stuck === undefined;

export function reportText(report: VerifyReport): string {
  const { latencyMs, faults, suspects: found, risks: risky, stuck } = report;
  const took = latencyMs && `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms, longest ${latencyMs.longest} ms`;
  return [
    ...['sent', 'acknowledged', 'lost', 'doubled', 'reordered'].map(name =>
      row(name, String(report[name as 'sent' | 'lost'])),
    ),
    row('latency', took ?? 'nothing came'),
    '',
    ...faults.map(each => `${each.name}: lost ${each.lost} of ${each.acknowledged} that were acknowledged meanwhile`),
    '',
    ...[stuck, ...found].filter(each => each !== undefined).flatMap(lines('failed ')),
    ...risky.flatMap(lines('warning')),
    verdictOf(report),
    '',
  ].join('\n');
}

const row = (name: string, value: string): string => `${name.padEnd(14)}${value}`;

const lines =
  (word: string) =>
  ({ message, code, remedy }: Finding): string[] => [`${word}  ${message} [${code}]`, `         ${remedy}`];

function verdictOf(report: VerifyReport): string {
  const { lost, reordered, acknowledged, problems, stuck } = report;
  if (stuck !== undefined) return `Not decided: ${lost} of ${acknowledged} acknowledged messages have not come yet.`;
  if (lost > 0) return `LOST ${lost} of ${acknowledged} acknowledged messages.`;
  if (reordered > 0) return `Nothing was lost, and ${reordered} messages came out of their order.`;
  if (problems.length > 0) return `Nothing was lost. ${problems.join(' ')}`;
  return `Nothing was lost: all ${acknowledged} acknowledged messages are in Kafka, in their order.`;
}
