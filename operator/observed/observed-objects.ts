/**
 * What is kept in memory of each object that the operator watches. Two hundred bridges have three thousand objects of their own, and a
 * cluster has any number of Secrets and ConfigMaps besides; so of a value that is only ever compared, its hash is kept.
 *
 * What is applied is compared with what is kept by the same functions, so that drift is found all the same.
 */
import { kind } from '../../api/bridge.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { KubeObject } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';

export const managedBy = 'app.kubernetes.io/managed-by';
export const operatorName = 'mqtt-kafka-operator';
/** Selects everything that the operator has made. */
export const ownSelector = `${managedBy}=${operatorName}`;

/** The key of the ConfigMap of a bridge that is read again: the last good document. */
const keptKey = 'spec.yaml';

/** Somebody may have taken the label away, and must not take a password with it. */
const isOwn = (object: KubeObject): boolean =>
  object.metadata.labels?.[managedBy] === operatorName || controllerOf(object)?.kind === kind;

type Texts = Readonly<Record<string, string>>;

const hashed = (texts: Texts | undefined, keep: (key: string) => boolean): Texts | undefined =>
  texts && Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, keep(key) ? text : hashOf(text)]));

/** Of a ConfigMap: its values as hashes, but for the last good document of one of ours. */
export function observedConfigMap(object: KubeObject): KubeObject {
  const keep = isOwn(object) ? (key: string) => key === keptKey : () => false;
  const { data, binaryData } = object as { data?: Texts; binaryData?: Texts };
  return withData(object, { data: hashed(data, keep), binaryData: hashed(binaryData, () => false) });
}

/** Of a Secret: its values as hashes, but for those of ours, in which passwords are that the operator made up. */
export function observedSecret(object: KubeObject): KubeObject {
  return isOwn(object) ? object : withData(object, { data: hashed(object.data as Texts | undefined, () => false) });
}

/** What people write into annotations of theirs may be as large as the object itself (`last-applied-configuration`). */
function withData(object: KubeObject, data: Readonly<Record<string, Texts | undefined>>): KubeObject {
  const { annotations, ...rest } = object.metadata;
  const metadata = isOwn(object) ? object.metadata : rest;
  const present = Object.entries(data).filter(([, texts]) => texts !== undefined);
  return { ...object, metadata, ...Object.fromEntries(present) };
}

interface PodFields {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount?: number;
  readonly state?: Readonly<Record<string, { readonly reason?: string; readonly message?: string }>>;
}

/** A Pod as far as it matters: whose it is, where it is, and why it does not run. */
export interface ObservedPod extends KubeObject {
  readonly ready: boolean;
  readonly ip: string | undefined;
  /** Why a container waits or has ended, such as ImagePullBackOff and its message. */
  readonly trouble: { readonly reason: string; readonly message: string } | undefined;
}

const keptLabels = ['name', 'instance', 'component'].map(label => `app.kubernetes.io/${label}`);

/** Anyone may put a megabyte of labels on a Pod. */
const ownLabels = (labels: Texts = {}): Texts =>
  Object.fromEntries(keptLabels.flatMap(label => (labels[label] === undefined ? [] : [[label, labels[label]]])));

export function observedPod(object: KubeObject): ObservedPod {
  const { name, namespace, uid, resourceVersion, labels, ownerReferences, deletionTimestamp } = object.metadata;
  const { status = {} } = object as PodFields;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      labels: ownLabels(labels),
      ownerReferences: ownerReferences?.filter(({ controller }) => controller),
      deletionTimestamp,
    } as ObservedPod['metadata'],
    ready: status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    ip: status.podIP,
    trouble: troubleOf([...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]),
  };
}

/** Of why a container waits. */
const longestMessage = 1000;

/** Waiting for these is how every Pod begins. */
const beginnings = new Set(['ContainerCreating', 'PodInitializing']);

function troubleOf(containers: readonly ContainerStatus[]): ObservedPod['trouble'] {
  for (const { name, state } of containers) {
    const reason = state?.waiting?.reason;
    if (reason && !beginnings.has(reason)) {
      return { reason, message: `container ${name}: ${state.waiting!.message || reason}`.slice(0, longestMessage) };
    }
  }
  return undefined;
}
