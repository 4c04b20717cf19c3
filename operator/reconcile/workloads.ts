/** How far the Pods of each part of a pipeline are from what is wanted. */
import type { ObservedPod } from '../observed/observed-objects.ts';
import type { Component } from '../resources/labels.ts';
import type { KubeObject } from '../runtime/object.ts';

export interface Workload {
  readonly component: Component;
  /** `StatefulSet shop-bridge`. */
  readonly title: string;
  /** How many Pods there should be, are there, are ready, and are of the newest template. */
  readonly wanted: number;
  readonly current: number;
  readonly ready: number;
  readonly updated: number;
  /** Why a Pod of it does not run. */
  readonly trouble: { readonly reason: string; readonly message: string } | undefined;
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

const workloadKinds = new Set(['StatefulSet', 'Deployment']);

/**
 * @param objects what belongs to the bridge
 * @param pods all of its Pods
 */
export const workloadsOf = (objects: readonly KubeObject[], pods: readonly ObservedPod[]): Workload[] =>
  objects
    .filter(({ kind }) => workloadKinds.has(kind))
    .flatMap(object => {
      const component = componentOf(object);
      return component ? [workloadOf(object, component, pods)] : [];
    });

function workloadOf(object: KubeObject, component: Component, pods: readonly ObservedPod[]): Workload {
  const { spec, status = {} } = object as Scaled & KubeObject;
  // What is said of an older generation is not about what is wanted now.
  const seen = status.observedGeneration === object.metadata.generation;
  return {
    component,
    title: `${object.kind} ${object.metadata.name}`,
    wanted: spec?.replicas ?? 1,
    current: status.replicas ?? 0,
    ready: status.readyReplicas ?? 0,
    updated: seen ? (status.updatedReplicas ?? 0) : 0,
    trouble: pods.find(
      pod => componentOf(pod) === component && pod.trouble !== undefined && !pod.metadata.deletionTimestamp,
    )?.trouble,
  };
}

/** Whether every Pod is there, ready, and of the newest template, and none too many. */
export const isComplete = ({ wanted, current, ready, updated }: Workload): boolean =>
  current === wanted && ready >= wanted && updated >= wanted;
