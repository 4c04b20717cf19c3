/**
 * What the operator knows of its cluster: a copy of everything that matters to its bridges, kept by watches, and which bridge is to be
 * looked at when something of it changes. Reconciling reads from here, which costs no request.
 */
import type { BridgeStatus } from '../../api/schema/status.ts';
import { kinds, monitoringKinds, optionalKinds, ownedKinds, routeKinds } from '../kinds.ts';
import type { OptionalApis } from '../resources/pipeline.ts';
import type { ApiClient, CallOptions, DeleteOptions } from '../runtime/client.ts';
import type { ResourceKind } from '../runtime/kinds.ts';
import type { Log } from '../runtime/log.ts';
import { type KubeObject, keyOf, keyText, type ObjectKey, type OwnerReference } from '../runtime/object.ts';
import { controllerOf } from '../runtime/owner.ts';
import type { Change } from '../runtime/reflector.ts';
import type { Priority } from '../runtime/work-queue.ts';
import { KafkaWatch } from './kafka-watch.ts';
import { NoteBudget } from './note-budget.ts';
import { ObservedBridges, referredKeys } from './observed-bridges.ts';
import {
  isPartial,
  OwnObjects,
  observedConfigMap,
  observedMetadata,
  observedPod,
  observedSecret,
  ownSelector,
} from './observed-objects.ts';
import { madeFor } from './ownership.ts';
import { UserWatch } from './user-watch.ts';
import { Values } from './values.ts';
import { WatchedKind, type WatchedKindOptions } from './watched-kind.ts';

export interface ClusterOptions {
  /** Where to work; everywhere when it is empty. */
  readonly namespaces: readonly string[];
  readonly log: Log;
  /** Called with the key of a bridge that something of has changed, whatever it was. */
  readonly onChange: (key: string, priority: Priority) => void;
  /** Called with the key of a bridge whose MqttUsers are to be looked at. */
  readonly onUsers?: (key: string) => void;
  /** Called when a watch has missed changes, with how many objects. */
  readonly onMissed?: (kind: ResourceKind, count: number) => void;
  /** Called when all objects of a kind have been read, in one of the namespaces or in all. */
  readonly onListed?: (kind: ResourceKind) => void;
}

/** Releases of Helm are Secrets of up to a megabyte that no Pod reads. */
const secretsToWatch = 'type!=helm.sh/release.v1';

/** How long what discovery said is believed, milliseconds: that something is there, and that it is not. */
const discoveryMs = { there: 300_000, absent: 10_000 };

export class Cluster {
  readonly client: ApiClient;
  readonly bridges: WatchedKind;
  readonly pods: WatchedKind;
  readonly users: UserWatch;
  /** Of Secrets and ConfigMaps. */
  readonly values: Values;
  readonly #own: ReadonlyMap<string, WatchedKind>;
  readonly #onChange: ClusterOptions['onChange'];
  /** `Kind/namespace/name` of what was seen of each bridge, by its uid. */
  readonly #made = new Map<string, Set<string>>();
  readonly #notes = new NoteBudget();
  readonly #whole = new OwnObjects();
  readonly #documents = new ObservedBridges();
  readonly #kafka: KafkaWatch;
  #synced = false;
  #apis: { readonly found: Promise<OptionalApis>; readonly at: number; complete: boolean } | undefined;

  constructor(client: ApiClient, options: ClusterOptions) {
    const { namespaces, log, onMissed, onListed } = options;
    this.client = client;
    this.#onChange = options.onChange;
    const watched = (kind: ResourceKind, more: Partial<WatchedKindOptions>) =>
      new WatchedKind(client, kind, {
        namespaces,
        log,
        onMissed: count => onMissed?.(kind, count),
        onListed: () => onListed?.(kind),
        ...more,
      });
    this.bridges = watched(kinds.bridge, {
      transform: resource => this.#documents.observed(resource),
      indexers: { refers: referredKeys },
      onChange: change => this.#bridgeChanged(change),
    });
    this.pods = watched(kinds.pod, {
      labelSelector: 'app.kubernetes.io/name=mqtt-kafka-kit',
      transform: observedPod,
      indexers: { instance: object => [keyText(instanceOf(object))] },
      onChange: ({ object }) => this.#podChanged(object),
    });
    this.users = new UserWatch(client, { namespaces, log }, key => options.onUsers?.(key));
    this.values = new Values({
      client,
      seen: (kind, key) => this.of(kind).get(key),
      keep: (kind, object) => keptOf(kind)!(object),
    });
    this.#kafka = new KafkaWatch(client, {
      namespaces,
      log,
      onChange: object => this.#referred(`Kafka/${keyOf(object)}`),
    });
    this.#own = new Map(
      [...ownedKinds, ...optionalKinds].map(kind => {
        const onChange = (change: Change) => this.#ownChanged(kind, change);
        return [kind.kind, watched(kind, { ...watchOptions(kind, this.#notes, this.#whole), onChange })];
      }),
    );
  }

  /** Runs all watches until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const always = [this.bridges, this.pods, ...ownedKinds.map(kind => this.of(kind))];
    const perhaps = optionalKinds.map(kind => this.of(kind));
    await Promise.all([
      ...always.map(each => each.run(signal)),
      ...perhaps.map(each => each.runWhenServed(signal)),
      this.users.run(signal),
      // Found by the first bridge that refers to one: without any there is nothing to watch.
      this.#kafka.run(async () => (await this.#apis?.found)?.strimzi, signal),
    ]);
  }

  /** Settles when everything has been read once. */
  async synced(): Promise<void> {
    await Promise.all([this.bridges, this.pods, ...ownedKinds.map(kind => this.of(kind))].map(each => each.synced()));
    this.#synced = true;
  }

  /** A bridge with its document, as it was observed or, if only a part of that is kept, as it is. @throws what the client throws */
  async bridge(key: ObjectKey, options: CallOptions): Promise<KubeObject | undefined> {
    const seen = this.bridges.get(key);
    return seen && isPartial(seen) ? this.client.get(kinds.bridge, key, options) : seen;
  }

  /** The watch of a kind of `ownedKinds` or `optionalKinds`. */
  of(kind: ResourceKind): WatchedKind {
    return this.#own.get(kind.kind)!;
  }

  /** An object as it was observed; undefined also for kinds that are not watched. @throws what the client throws */
  async observed(kind: ResourceKind, key: ObjectKey, options: CallOptions): Promise<KubeObject | undefined> {
    if (keptOf(kind)) return this.values.read(kind, key, options);
    const seen = this.#own.get(kind.kind)?.get(key);
    return seen && isPartial(seen) ? this.client.get(kind, key, options) : seen;
  }

  /** Whether objects of a kind are known. */
  watches(kind: ResourceKind): boolean {
    return this.#own.has(kind.kind);
  }

  /** Whether changes of the Kafka resources of this namespace are noticed. */
  watchesKafka(namespace: string): boolean {
    return this.#kafka.covers(namespace);
  }

  /** Everything that was made for a bridge. */
  madeFor(bridge: KubeObject): KubeObject[] {
    const { uid } = bridge.metadata;
    return [...this.#own.values()].flatMap(each => each.byOwner(uid!)).filter(object => madeFor(object, bridge));
  }

  /** Which optional APIs there are; asked again now and then, and soon for a bridge that needs one that was not there. */
  apis({ needed = false }: { readonly needed?: boolean } = {}): Promise<OptionalApis> {
    const now = performance.now();
    const believedMs = needed && this.#apis?.complete === false ? discoveryMs.absent : discoveryMs.there;
    if (this.#apis === undefined || now - this.#apis.at > believedMs) {
      const asked = { found: discoverApis(this.client), at: now, complete: true };
      this.#apis = asked;
      asked.found.then(
        ({ prometheusOperator, routes, strimzi }) => {
          asked.complete = prometheusOperator && routes.length === routeKinds.length && strimzi !== undefined;
        },
        () => {
          if (this.#apis === asked) this.#apis = undefined;
        },
      );
    }
    return this.#apis.found;
  }

  /** Whether it is one that was made already: then somebody else has deleted it since. Jobs come and go by themselves. */
  wasMade(object: KubeObject): boolean {
    return this.#made.get(controllerOf(object)?.uid ?? '')?.has(titleOf(object)) ?? false;
  }

  /** Deletes an object that is not wanted, or not as it is. */
  async remove(kind: ResourceKind, object: KubeObject, options: Omit<DeleteOptions, 'uid'>): Promise<void> {
    this.#made.get(controllerOf(object)?.uid ?? '')?.delete(titleOf(object));
    await this.client.delete(kind, object.metadata, { ...options, uid: object.metadata.uid! });
  }

  #changed(key: string): void {
    this.#onChange(key, this.#synced ? 'live' : 'resync');
  }

  /** The status is written by us, and says nothing new. */
  #bridgeChanged({ type, object, old }: Change): void {
    if (type === 'deleted') {
      this.#made.delete(object.metadata.uid!);
      this.#documents.forget(object);
    }
    if (type === 'modified' && old && besidesStatus(object) === besidesStatus(old)) return;
    this.#changed(keyOf(object));
    this.users.bridgeChanged(keyOf(object));
  }

  #podChanged(pod: KubeObject): void {
    const key = keyText(instanceOf(pod));
    this.#changed(key);
    if (pod.metadata.labels?.['app.kubernetes.io/component'] === 'broker') this.users.bridgeChanged(key);
  }

  /** Somebody may have taken the owner reference away, so the owner that it had counts as well. */
  #ownChanged(kind: ResourceKind, { type, object, old }: Change): void {
    if (type === 'deleted') {
      this.values.forget(kind, object.metadata);
      if (kind.kind === kinds.secret.kind) this.#notes.forget(object);
      this.#whole.forget(object);
    }
    const owner = controllerOf(object);
    if (owner && isBridge(owner) && type === 'added' && kind !== kinds.job) {
      this.#made.set(owner.uid, (this.#made.get(owner.uid) ?? new Set()).add(titleOf(object)));
    }
    const owners = [object, old].flatMap(each => (each && controllerOf(each)) ?? []);
    for (const name of new Set(owners.filter(isBridge).map(owner => owner.name))) {
      this.#changed(keyText({ ...object.metadata, name }));
    }
    this.#referred(`${kind.kind}/${keyOf(object)}`);
    if (kind === kinds.secret) this.users.secretChanged(object.metadata.namespace!, object.metadata.name);
  }

  /** Something has changed that bridges refer to. */
  #referred(what: string): void {
    for (const bridge of this.bridges.byIndex('refers', what)) this.#changed(keyOf(bridge));
  }
}

const titleOf = (object: KubeObject): string => `${object.kind}/${keyOf(object)}`;

const isBridge = ({ apiVersion, kind }: OwnerReference): boolean =>
  kind === kinds.bridge.kind && apiVersion === kinds.bridge.apiVersion;

/** How a kind is watched. */
function watchOptions(kind: ResourceKind, notes: NoteBudget, whole: OwnObjects): Partial<WatchedKindOptions> {
  if (keptOf(kind) === undefined) return { labelSelector: ownSelector, transform: object => whole.observed(object) };
  if (kind.kind !== kinds.secret.kind) return { metadataOnly: true, transform: observedMetadata };
  const transform = (object: KubeObject) => notes.withinBudget(observedMetadata(object));
  return { metadataOnly: true, transform, fieldSelector: secretsToWatch };
}

/** What is kept of the content of an object of this kind, which is read on its own; undefined for kinds that are watched with all they are. */
export function keptOf({ kind }: ResourceKind): ((object: KubeObject) => KubeObject) | undefined {
  if (kind === kinds.secret.kind) return observedSecret;
  return kind === kinds.configMap.kind ? observedConfigMap : undefined;
}

const instanceOf = ({ metadata }: KubeObject) => ({
  ...metadata,
  name: metadata.labels?.['app.kubernetes.io/instance'] ?? '',
});

/** The number of sessions is part of what is decided by. */
function besidesStatus({ metadata, status }: KubeObject): string {
  const { sessions } = (status ?? {}) as BridgeStatus;
  const { generation, labels, annotations, finalizers, deletionTimestamp, uid } = metadata;
  return JSON.stringify([generation, labels, annotations, finalizers, deletionTimestamp, uid, sessions]);
}

/** Newest first. */
const strimziVersions = ['v1', 'v1beta2'];

async function discoverApis(client: ApiClient): Promise<OptionalApis> {
  const [monitoring, gateway, ...strimzi] = await Promise.all([
    client.discover(kinds.podMonitor.apiVersion),
    client.discover(kinds.tlsRoute.apiVersion),
    ...strimziVersions.map(version => client.discover(`kafka.strimzi.io/${version}`)),
  ]);
  return {
    prometheusOperator: monitoringKinds.every(({ plural }) => monitoring?.has(plural)),
    routes: routeKinds.filter(({ plural }) => gateway?.has(plural)).map(({ kind }) => kind),
    strimzi: strimziVersions.find((_, index) => strimzi[index]?.has('kafkatopics')),
  };
}
