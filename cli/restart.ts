/** `mkb restart`: ends the replicas of a bridge one after the other, each when the one before is connected again. */
import { MkbError } from '../api/errors.ts';
import { annotationPath, annotations } from '../operator/resources/labels.ts';
import { type ClusterBridge, type ClusterOptions, isReady, say, withBridge } from './cluster-bridge.ts';
import { exitCodes } from './exit-codes.ts';

export interface RestartOptions extends ClusterOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly wait: boolean;
}

export const restart = (name: string, options: RestartOptions): Promise<number> =>
  withBridge(name, options, async cluster => {
    const bridge = await cluster.lookedAfter();
    const replicas = bridge.spec.bridge?.replicas ?? 1;
    if (replicas === 0) throw new MkbError('bridge-stopped', { name: cluster.title });
    const before = new Set((await cluster.pods()).map(({ metadata }) => metadata.uid!));
    const value = new Date().toISOString();
    await cluster.patch(bridge, [{ op: 'add', path: annotationPath(annotations.restartedAt), value }]);
    say(`${cluster.title}: restarting ${replicas === 1 ? '1 replica' : `${replicas} replicas, one after the other`}`);
    if (options.wait) await restarted(cluster, { before, replicas, limitMs: options.timeout });
    return exitCodes.ok;
  });

/** Waits until every Pod is another one, and is connected. */
async function restarted(
  cluster: ClusterBridge,
  { before, replicas, limitMs }: { before: ReadonlySet<string>; replicas: number; limitMs: number },
): Promise<void> {
  const reported = new Set<string>();
  await cluster.until('restarted', limitMs, async () => {
    const pods = await cluster.pods();
    const done = pods.filter(pod => !before.has(pod.metadata.uid!) && !pod.metadata.deletionTimestamp && isReady(pod));
    for (const { metadata } of done) {
      if (reported.has(metadata.uid!)) continue;
      reported.add(metadata.uid!);
      say(`${metadata.name} is ready`);
    }
    if (done.length >= replicas && pods.length === done.length) return undefined;
    return `${done.length} of ${replicas} Pods are new and ready.`;
  });
  say(`${cluster.title}: restarted`);
}
