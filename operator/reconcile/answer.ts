/** What all conditions are made with. */
import type { MkbError } from '../../api/errors.ts';
import type { Condition } from '../../api/schema/status.ts';
import { withRemedy } from './remedies.ts';
import { refusalText } from './replica-documents.ts';
import { isComplete, type Workload } from './workloads.ts';

/** A condition without what is the same for all of them. */
export type Answer = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

export const conditionTypes = [
  'Ready',
  'Progressing',
  'Degraded',
  'RulesValid',
  'BrokerReady',
  'KafkaReachable',
  'MonitoringReady',
  'Paused',
  'Reconciling',
  'Stalled',
] as const;

/** The API server takes 32,768 characters, and may itself have much to say of an object. */
const longestMessage = 8000;

export const answer = (
  type: (typeof conditionTypes)[number],
  status: Answer['status'],
  reason: string,
  message: string,
): Answer => ({ type, status, reason, message: message.slice(0, longestMessage) });

export interface Why {
  readonly reason: string;
  readonly message: string;
}

/** `rule-syntax` as RuleSyntax. */
export const camelCase = (code: string): string =>
  code.replace(/(^|-)([a-z0-9])/g, (_, _dash, letter: string) => letter.toUpperCase());

export function missingWhy(missing: readonly string[]): Why | undefined {
  if (missing.length === 0) return undefined;
  const reason = missing.some(each => each.includes('Secret')) ? 'SecretMissing' : 'ConfigMapMissing';
  return { reason, message: `Not found: ${missing.join(', ')}. Pods are left as they are until it is there.` };
}

export const failureWhy = (failure: MkbError | undefined): Why | undefined =>
  failure && { reason: camelCase(failure.code), message: `${failure.message} ${failure.remedy}` };

export const readyOf = ({ ready, wanted, title }: Workload): string =>
  `${ready} of ${wanted} Pods of ${title} are ready.`;

export const takingText = ({ behind = 0, current, title }: Workload): string =>
  `${current - behind} of ${current} Pods of ${title} run the newest document; the others take it while they run.`;

/** Why a workload is not as it should be. */
export function shortfall(workload: Workload, reason: string): Why | undefined {
  if (isComplete(workload)) return undefined;
  const { trouble, current, ready, wanted, updated, title } = workload;
  if (trouble) return { reason: trouble.reason, message: `${readyOf(workload)} ${withRemedy(workload, trouble)}` };
  if (current < wanted) return { reason: 'PodsMissing', message: `${current} of ${wanted} Pods of ${title} exist.` };
  if (ready < wanted || updated >= wanted) return { reason, message: readyOf(workload) };
  if (workload.refusing) return { reason: 'DocumentRefused', message: refusalText(workload.refusing) };
  if (workload.behind) return { reason: 'TakingDocument', message: takingText(workload) };
  return { reason: 'RollingOut', message: `${updated} of ${wanted} Pods of ${title} are of the newest kind.` };
}
