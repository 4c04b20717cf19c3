/** How far the Pods of each part of a pipeline are from what is wanted. */
import { monitoringKinds } from '../kinds.ts';
import type { ObservedPod } from '../observed/observed-objects.ts';
import type { PodTrouble } from '../observed/pod-trouble.ts';
import type { Component } from '../resources/labels.ts';
import type { KubeObject } from '../runtime/object.ts';
import type { ReplicaDocument } from './replica-documents.ts';

export interface Workload {
  readonly component: Component;
  /** `StatefulSet shop-bridge`. */
  readonly title: string;
  /** How many Pods there should be, are there, are ready, and are of the newest template and document. */
  readonly wanted: number;
  readonly current: number;
  readonly ready: number;
  readonly updated: number;
  /** Why a Pod of it does not run, or cannot be made. */
  readonly trouble: PodTrouble | undefined;
  /** Of a bridge: how many Pods do not run the newest document, or have not said so. */
  readonly behind?: number;
  /** A Pod that did not take the newest document. */
  readonly refusing?: ReplicaDocument | undefined;
  /** Whether a Pod of it is so young that it may just not be ready yet. */
  readonly starting?: boolean;
}

interface Scaled {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
  };
}

export const componentOf = ({ metadata }: KubeObject): Component | undefined =>
  metadata.labels?.['app.kubernetes.io/component'] as Component | undefined;

const monitoringComponents: ReadonlySet<string> = new Set<Component>(['exporter', 'prometheus', 'grafana']);

const monitors: ReadonlySet<string> = new Set(monitoringKinds.map(({ kind }) => kind));

/** Whether an object is of the monitoring: whatever becomes of it, the bridge runs. */
export const isMonitoring = (object: KubeObject): boolean =>
  monitoringComponents.has(componentOf(object) ?? '') || monitors.has(object.kind);

const workloadKinds = new Set(['StatefulSet', 'Deployment']);

export interface Surroundings {
  /** All Pods of the bridge. */
  readonly pods: readonly ObservedPod[];
  /** Why Pods cannot be made, or cannot start, by the uid of the workload or of the Pod: what only events say. */
  readonly refusals: ReadonlyMap<string, PodTrouble>;
  readonly now: Date;
  /** Which document each Pod of the bridge runs; left out where that does not matter. */
  readonly replicas?: readonly ReplicaDocument[] | undefined;
}

/** @param objects what belongs to the bridge */
export const workloadsOf = (objects: readonly KubeObject[], surroundings: Surroundings): Workload[] =>
  objects
    .filter(({ kind }) => workloadKinds.has(kind))
    .flatMap(object => {
      const component = componentOf(object);
      return component ? [workloadOf(object, component, surroundings)] : [];
    });

function workloadOf(object: KubeObject, component: Component, surroundings: Surroundings): Workload {
  const { spec, status = {} } = object as Scaled & KubeObject;
  // What is said of an older generation is not about what is wanted now.
  const seen = status.observedGeneration === object.metadata.generation;
  const pods = surroundings.pods.filter(pod => componentOf(pod) === component && !pod.metadata.deletionTimestamp);
  const ofPods = pods.flatMap(pod => podTrouble(pod, surroundings) ?? []);
  const replicas = component === 'bridge' ? (surroundings.replicas ?? []) : [];
  const behind = replicas.filter(each => each.state !== 'newest').length;
  const current = status.replicas ?? 0;
  const updated = seen ? (status.updatedReplicas ?? 0) : 0;
  return {
    component,
    title: `${object.kind} ${object.metadata.name}`,
    wanted: spec?.replicas ?? 1,
    current,
    ready: status.readyReplicas ?? 0,
    updated: behind === 0 ? updated : Math.max(0, Math.min(updated, current - behind)),
    // While Pods are replaced, those that go have nothing to say.
    behind: updated < current ? 0 : behind,
    refusing: updated < current ? undefined : replicas.find(each => each.state === 'refused'),
    trouble: ofPods[0] ?? surroundings.refusals.get(object.metadata.uid!),
    starting: pods.some(pod => !pod.ready && ageMs(pod, surroundings.now) < startingMs),
  };
}

/** After this a Pod that is not connected is news. */
const startingMs = 30_000;
/** One that ends this often, and has not run for this long since, ends again and again, even if it is ready between. */
const crashLoop = { restarts: 3, runsMs: 600_000 };

export function podTrouble(
  pod: ObservedPod,
  { refusals, now }: Pick<Surroundings, 'refusals' | 'now'>,
): PodTrouble | undefined {
  const { crash } = pod;
  const loops =
    crash?.runsSince !== undefined &&
    crash.restarts >= crashLoop.restarts &&
    now.getTime() - Date.parse(crash.runsSince) < crashLoop.runsMs;
  return pod.trouble ?? (loops ? crash : undefined) ?? refusals.get(pod.metadata.uid!);
}

export const ageMs = ({ metadata }: KubeObject, now: Date): number =>
  now.getTime() - Date.parse(metadata.creationTimestamp ?? now.toISOString());

/** Whether every Pod is there, ready, and of the newest template, and none too many. */
export const isComplete = ({ wanted, current, ready, updated }: Workload): boolean =>
  current === wanted && ready >= wanted && updated >= wanted;
