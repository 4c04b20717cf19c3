/**
 * The two conditions that tools of many kinds of objects ask for (Flux, Config Sync, `kubectl` plugins): whether work on the bridge goes on, and
 * whether it goes on no more until somebody does something. They are about the bridge and its broker; the monitoring has a condition of its own.
 * https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md
 */
import { type Answer, answer, camelCase } from './answer.ts';
import type { Findings } from './findings.ts';
import { isComplete } from './workloads.ts';

export function reconciling({ problems, missing, failure, workloads }: Findings): Answer {
  const type = 'Reconciling';
  if (isStalled({ problems, failure })) return answer(type, 'False', 'Stalled', '');
  // Whoever applies everything at once may apply it in any order.
  if (missing.length > 0) return answer(type, 'True', 'WaitsForInputs', `Not found yet: ${missing.join(', ')}.`);
  if (failure) return answer(type, 'True', 'Retrying', `${failure.message} It is retried.`);
  const bridge = workloads.find(({ component }) => component === 'bridge');
  const unfinished = workloads
    .filter(({ component }) => component === 'broker')
    .concat(bridge ?? [])
    .find(each => !isComplete(each));
  if (unfinished || !bridge) {
    return answer(
      type,
      'True',
      'RollingOut',
      unfinished ? `${unfinished.title} is being rolled out.` : 'It is being made.',
    );
  }
  return answer(type, 'False', 'Complete', '');
}

export function stalled({ problems, failure }: Findings): Answer {
  const type = 'Stalled';
  if (problems.length > 0) return answer(type, 'True', 'DocumentInvalid', problems[0]!.message);
  if (failure?.kind === 'permanent')
    return answer(type, 'True', camelCase(failure.code), `${failure.message} ${failure.remedy}`);
  return answer(type, 'False', 'NotStalled', '');
}

const isStalled = ({ problems, failure }: Pick<Findings, 'problems' | 'failure'>): boolean =>
  problems.length > 0 || failure?.kind === 'permanent';
