/**
 * What is kept in memory of each object that the operator watches. Two hundred bridges have three thousand objects of their own, and a
 * cluster has any number of Secrets and ConfigMaps besides; so of a value that is only ever compared, its hash is kept, and of what is watched, what says
 * which object it is.
 *
 * What is applied is compared with what is kept by the same functions, so that drift is found all the same.
 */
import { kind } from '../../api/bridge.ts';
import { withoutUsersNote } from '../resources/broker/users-note.ts';
import { defaultImageAnnotation } from '../resources/images.ts';
import { noteAnnotation } from '../resources/kit-note.ts';
import { annotations, askedFor, configHash, startedFor } from '../resources/labels.ts';
import { appliedHash } from '../runtime/apply.ts';
import { hashOf } from '../runtime/canonical.ts';
import type { KubeObject, ObjectMeta } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';
import { NamespaceBudget } from './namespace-budget.ts';
import {
  crashOf,
  endedWith,
  isBeginning,
  type PodCrash,
  type PodStatus,
  type PodTrouble,
  troubleOf,
} from './pod-trouble.ts';

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

const keptLabels = ['name', 'instance', 'component'].map(label => `app.kubernetes.io/${label}`);

/** Annotations that the operator reads of what it has made, from metadata alone. */
const keptAnnotations = [annotations.identity, defaultImageAnnotation, appliedHash, noteAnnotation, configHash];
/** Names of images and hashes are shorter. */
const longestAnnotation = 512;
/** The note of a session kit, which is of no use in part. */
const longestNote = 65_536;

/** What is longer is not ours, and a part of it would hold all of it in memory. */
const fits = (name: string, text: string | undefined): boolean =>
  text !== undefined && text.length <= (name === noteAnnotation ? longestNote : longestAnnotation);

const chosen = (texts: Texts = {}, names: readonly string[]): Texts =>
  Object.fromEntries(names.filter(name => fits(name, texts[name])).map(name => [name, texts[name]!]));

/**
 * Of the metadata of a Secret or ConfigMap: what says which it is and, of one with our label or owner, whose. Both are there for anyone to write, and a
 * megabyte beside them.
 */
export function observedMetadata(object: KubeObject): KubeObject {
  const {
    name,
    namespace,
    uid,
    resourceVersion,
    labels,
    annotations: all,
    ownerReferences,
    deletionTimestamp,
  } = object.metadata;
  const common = { name, namespace, uid, resourceVersion } as ObjectMeta;
  const own = {
    labels: chosen(labels, [...keptLabels, managedBy]),
    annotations: chosen(all, keptAnnotations),
    ownerReferences: ownerReferences?.filter(({ controller }) => controller),
    deletionTimestamp,
  };
  const metadata = isOwn(object) ? ({ ...common, ...own } as ObjectMeta) : common;
  return { apiVersion: object.apiVersion, kind: object.kind, metadata };
}

/** Characters, as JSON, of all objects of a namespace that are kept whole: several times what two hundred bridges have. */
const mostOfNamespace = 32 * 2 ** 20;
/** Of one object. Ours are some kilobytes, and rules of Prometheus a hundred. */
const longestObject = 512 * 2 ** 10;

/** An object of which only a part is kept: its metadata, and of a bridge its status. */
export interface PartialObject extends KubeObject {
  readonly partial: true;
}

export const isPartial = (object: KubeObject): object is PartialObject => 'partial' in object;

/**
 * Of anything else with our label: all of it if it belongs to a bridge, or what `observedMetadata` keeps. So of what is larger than anything of ours, and
 * of what is beyond the share of its namespace.
 */
export class OwnObjects {
  readonly #budget: NamespaceBudget;

  constructor(most = mostOfNamespace) {
    this.#budget = new NamespaceBudget(most);
  }

  observed(object: KubeObject): KubeObject {
    const { namespace = '' } = object.metadata;
    if (controllerOf(object)?.kind === kind) {
      const size = JSON.stringify(object).length;
      if (size <= longestObject && this.#budget.take(namespace, shareOf(object), size)) return object;
    }
    this.forget(object);
    return { ...observedMetadata(object), partial: true } as PartialObject;
  }

  /** It is gone. */
  forget(object: KubeObject): void {
    this.#budget.forget(object.metadata.namespace ?? '', shareOf(object));
  }
}

const shareOf = ({ kind, metadata }: KubeObject): string => `${kind}/${metadata.name}`;

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
  /** Whether its broker cannot learn of MqttUsers, as its first container has found. */
  readonly withoutUsers: boolean;
  /** See the annotations of these names. */
  readonly startedFor: string | undefined;
  readonly askedFor: string | undefined;
  /** How it last ended, if it runs again. */
  readonly crash: PodCrash | undefined;
}

export function observedPod(object: KubeObject): ObservedPod {
  const { name, namespace, uid, resourceVersion, labels, ownerReferences, deletionTimestamp, creationTimestamp } =
    object.metadata;
  const { status = {} } = object as PodFields;
  const metadata = {
    name,
    namespace,
    uid,
    resourceVersion,
    labels: chosen(labels, keptLabels),
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
    withoutUsers: endedWith(status, withoutUsersNote),
    ...chosenNotes(object),
    crash: crashOf(status),
  };
}

function chosenNotes({ metadata }: KubeObject): Pick<ObservedPod, 'startedFor' | 'askedFor'> {
  const notes = chosen(metadata.annotations, [startedFor, askedFor]);
  return { startedFor: notes[startedFor], askedFor: notes[askedFor] };
}
