/**
 * `mkb pause` and `mkb resume`: a bridge that is stopped, and loses nothing by it.
 *
 * A pause is zero replicas. Each Pod delivers and acknowledges what it has read; the MQTT sessions stay, and the broker keeps what is published; records wait
 * at the offset of the consumer group. How many replicas there were is noted on the bridge, so that `resume` needs no memory.
 *
 * As long as a bridge is paused, the number is ours: a server-side apply with another one is refused as a conflict, and does not start it unnoticed. A
 * resume gives that up.
 */

import { completeDocument } from '../api/complete.ts';
import { MkbError } from '../api/errors.ts';
import { durationMs } from '../api/units.ts';
import { annotationPath, replicasBefore } from '../operator/resources/labels.ts';
import {
  type ClusterBridge,
  type ClusterOptions,
  isReady,
  type StoredBridge,
  say,
  withBridge,
} from './cluster-bridge.ts';
import { exitCodes } from './exit-codes.ts';

export interface PauseOptions extends ClusterOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly wait: boolean;
  readonly force?: true;
}

export const pause = (name: string, options: PauseOptions): Promise<number> =>
  withBridge(name, options, async cluster => {
    const bridge = await cluster.lookedAfter();
    const { mqtt } = completeDocument(bridge).spec;
    const replicas = replicasOf(bridge);
    if (replicas === 0) {
      say(`${cluster.title}: is paused already`);
      return exitCodes.ok;
    }
    if (!options.force && mqtt.listen === undefined && durationMs(mqtt.sessionExpiry) === 0)
      throw new MkbError('bridge-keeps-nothing', { name: cluster.title });
    await cluster.patch(bridge, [
      ...scaledTo(bridge, 0),
      { op: 'add', path: annotationPath(replicasBefore), value: `${replicas}` },
    ]);
    if (options.wait) {
      await cluster.until('paused', options.timeout, async () => {
        const left = (await cluster.pods()).map(({ metadata }) => metadata.name);
        return left.length === 0 ? undefined : `${left.join(', ')} still delivers what it has read.`;
      });
    }
    say(`${cluster.title}: paused. ${keptText(mqtt)}`);
    return exitCodes.ok;
  });

/** Where messages are meanwhile. */
const keptText = ({ listen, sessionExpiry }: { readonly listen?: unknown; readonly sessionExpiry: string }): string =>
  listen === undefined
    ? `The broker keeps messages of QoS 1 and 2 for ${sessionExpiry} (mqtt.sessionExpiry), as far as its own limits go.`
    : 'Clients cannot connect, and keep what they publish until they can.';

export interface ResumeOptions extends ClusterOptions {
  readonly timeout: number;
  readonly wait: boolean;
  readonly replicas?: number;
}

export const resume = (name: string, options: ResumeOptions): Promise<number> =>
  withBridge(name, options, async cluster => {
    const bridge = await cluster.lookedAfter();
    if (replicasOf(bridge) > 0) {
      await released(cluster);
      say(`${cluster.title}: is not paused`);
      return exitCodes.ok;
    }
    const noted = bridge.metadata.annotations?.[replicasBefore];
    const replicas = options.replicas ?? replicasNoted(bridge, noted);
    await cluster.patch(bridge, [
      ...scaledTo(bridge, replicas),
      ...(noted === undefined ? [] : [{ op: 'remove' as const, path: annotationPath(replicasBefore) }]),
    ]);
    await released(cluster);
    if (options.wait) await running(cluster, replicas, options.timeout);
    say(
      `${cluster.title}: ${options.wait ? 'runs' : 'is being started'} with ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`,
    );
    return exitCodes.ok;
  });

/** The number of replicas is the document's again. The bridge runs without that, so a failure is reported, and ends nothing. */
async function released(cluster: ClusterBridge): Promise<void> {
  try {
    await cluster.disown();
  } catch (error) {
    if (!MkbError.is(error)) throw error;
    process.stderr.write(
      `warning: ${cluster.title}: a server-side apply of another bridge.replicas is refused until mkb resume has run again: ${error.message}\n`,
    );
  }
}

/** Anyone may write an annotation. */
const replicasNoted = ({ spec }: StoredBridge, noted = ''): number =>
  /^[1-9]\d{0,2}$/.test(noted) ? Number(noted) : (spec.bridge?.autoscaling?.minReplicas ?? 1);

const replicasOf = ({ spec }: StoredBridge): number => spec.bridge?.replicas ?? 1;

/** In one request with the note, and only while nobody else has scaled it. */
const scaledTo = ({ spec }: StoredBridge, replicas: number) =>
  spec.bridge === undefined
    ? [{ op: 'add' as const, path: '/spec/bridge', value: { replicas } }]
    : [
        ...(spec.bridge.replicas === undefined
          ? []
          : [{ op: 'test' as const, path: '/spec/bridge/replicas', value: spec.bridge.replicas }]),
        { op: 'add' as const, path: '/spec/bridge/replicas', value: replicas },
      ];

async function running(cluster: ClusterBridge, replicas: number, limitMs: number): Promise<void> {
  await cluster.until('running', limitMs, async () => {
    const ready = (await cluster.pods()).filter(isReady).length;
    if (ready >= replicas) return undefined;
    const { status } = await cluster.read();
    const why = status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
    return `${ready} of ${replicas} Pods are ready. ${why}`.trim();
  });
}
