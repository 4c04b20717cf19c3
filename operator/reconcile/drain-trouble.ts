import type { PodTrouble } from '../observed/pod-trouble.ts';
import type { KubeObject } from '../runtime/object.ts';
import { drainOf } from './sessions.ts';
import { componentOf, podTrouble, type Surroundings } from './workloads.ts';

/** Why a drain that is under way does not get on: its Pod cannot be made or does not run. One that has failed is reported as that. */
export function drainTrouble(objects: readonly KubeObject[], surroundings: Surroundings): PodTrouble | undefined {
  const jobs = objects.filter(object => object.kind === 'Job' && componentOf(object) === 'drain');
  for (const job of jobs) {
    if (job.metadata.deletionTimestamp || drainOf(job, []).state !== 'running') continue;
    const pods = surroundings.pods.filter(
      pod => componentOf(pod) === 'drain' && pod.metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid),
    );
    // The newest one: of a Pod that has failed, a Job makes another.
    const last = pods.sort((a, b) => timeOf(b) - timeOf(a))[0];
    const why = (last && podTrouble(last, surroundings)) ?? surroundings.refusals.get(job.metadata.uid!);
    if (why) return { ...why, message: `Job ${job.metadata.name}: ${why.message}` };
  }
  return undefined;
}

const timeOf = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '1970-01-01');
