/** What calls of the Kubernetes API take, and pages of a collection. */
import type { KubeObject } from './object.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface Selection extends CallOptions {
  /** All namespaces when left out. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Asks for the metadata of objects alone: whatever else they hold is never sent. [Kubernetes: PartialObjectMetadata] */
  readonly metadataOnly?: boolean;
}

export interface ListOptions extends Selection {
  readonly limit?: number;
  /** From the page before; then without `resourceVersion`. */
  readonly continue?: string;
  /** `"0"`: whatever the server has at hand. Left out: what is true now. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'NotOlderThan' | 'Exact';
  /** How long an answer may be; without a limit when left out. */
  readonly maxBytes?: number;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
  /** There when there is another page. */
  readonly continue?: string;
  /** How many objects are still to come, where the server counts them. */
  readonly remaining?: number;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** After this the server ends the watch. */
  readonly timeoutSeconds: number;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod */
export interface LogOptions extends CallOptions {
  readonly container?: string;
  readonly follow?: boolean;
  /** Of the container before the one that runs. */
  readonly previous?: boolean;
  readonly sinceSeconds?: number;
  readonly tailLines?: number;
}

export interface ApplyOptions extends CallOptions {
  readonly fieldManager: string;
  /** Takes fields from other managers, which is a kube-conflict else. */
  readonly force?: boolean;
  /** Makes the object, and changes none that is there: a kube-conflict then. */
  readonly onlyCreate?: boolean;
  readonly dryRun?: boolean;
  readonly subresource?: 'status';
}

export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

export interface PatchOptions extends CallOptions {
  /** Whose the changed fields are; by default the user agent's. */
  readonly fieldManager?: string;
}

export interface DeleteOptions extends CallOptions {
  /** Deletes only this very object, not one that has its name by now: a kube-conflict else. */
  readonly uid?: string;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
}
