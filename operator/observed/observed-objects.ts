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
import { crashOf, isBeginning, type PodCrash, type PodStatus, type PodTrouble, troubleOf } from './pod-trouble.ts';

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
  readonly status?: PodStatus & { readonly podIP?: string };
}

/** A Pod as far as it matters: whose it is, where it is, and why it does not run. */
export interface ObservedPod extends KubeObject {
  readonly ready: boolean;
  readonly ip: string | undefined;
  readonly trouble: PodTrouble | undefined;
  /** Whether its containers wait to be made, which the status says no reason of. */
  readonly beginning: boolean;
  /** How it last ended, if it runs again. */
  readonly crash: PodCrash | undefined;
}

const keptLabels = ['name', 'instance', 'component'].map(label => `app.kubernetes.io/${label}`);

/** Anyone may put a megabyte of labels on a Pod. */
const ownLabels = (labels: Texts = {}): Texts =>
  Object.fromEntries(keptLabels.flatMap(label => (labels[label] === undefined ? [] : [[label, labels[label]]])));

export function observedPod(object: KubeObject): ObservedPod {
  const { name, namespace, uid, resourceVersion, labels, ownerReferences, deletionTimestamp, creationTimestamp } =
    object.metadata;
  const { status = {} } = object as PodFields;
  const metadata = {
    name,
    namespace,
    uid,
    resourceVersion,
    labels: ownLabels(labels),
    ownerReferences: ownerReferences?.filter(({ controller }) => controller),
    deletionTimestamp,
    creationTimestamp,
  };
  const ready = status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: metadata as ObservedPod['metadata'],
    ready,
    ip: status.podIP,
    trouble: ready ? undefined : troubleOf(status),
    beginning: isBeginning(status),
    crash: crashOf(status),
  };
}
