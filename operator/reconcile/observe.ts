/** Everything that the objects of a bridge are made from besides its document: looked up, or left by an earlier reconcile. */
import type { MqttKafkaBridge } from '../../api/bridge.ts';
import { kinds } from '../kinds.ts';
import type { Cluster } from '../observed/cluster.ts';
import type { ObservedPod } from '../observed/observed-objects.ts';
import { defaultImageAnnotation } from '../resources/images.ts';
import { kitNote } from '../resources/kit-note.ts';
import { bridgeName } from '../resources/names.ts';
import type { Observed } from '../resources/pipeline.ts';
import { type KubeObject, keyOf } from '../runtime/object.ts';
import { lookUpBroker } from './broker-url.ts';
import { type Missing, readInputs } from './inputs.ts';
import { lookUpKafka } from './kafka-cluster.ts';
import { statusOf } from './report.ts';
import { kitsOf } from './session-kits.ts';
import { countSessions, drainsOf } from './sessions.ts';
import { componentOf } from './workloads.ts';

export interface Looked {
  readonly observed: Observed;
  /** Secrets and ConfigMaps that Pods cannot start without. */
  readonly missing: readonly Missing[];
}

/** @throws kafka-cluster-not-ready, mqtt-broker-not-ready, what the client throws */
export async function observe(
  cluster: Cluster,
  resource: KubeObject,
  document: MqttKafkaBridge,
  signal: AbortSignal,
): Promise<Looked> {
  const { client } = cluster;
  const { kafka: kafkaSpec, monitoring, mqtt, bridge } = document.spec;
  const needed =
    kafkaSpec.clusterRef !== undefined ||
    monitoring?.prometheus?.mode === 'operator' ||
    (mqtt.broker?.gateway ?? bridge.gateway) !== undefined;
  const apis = await cluster.apis({ needed });
  const [kafka, brokerUrl] = await Promise.all([
    lookUpKafka(client, document, apis.strimzi, { signal }),
    lookUpBroker(client, document, { signal }),
  ]);
  const { hashes, missing } = await readInputs(document, (kind, key) => cluster.observed(kind, key, { signal }));
  const observed: Observed = {
    apis,
    ...(kafka && { kafka }),
    ...(brokerUrl !== undefined && { brokerUrl }),
    secrets: await ownSecrets(cluster, resource, signal),
    inputs: hashes,
    images: defaultImages(cluster, resource),
    sessions: sessionsNow(cluster, resource, document),
    oldFilters: [],
    left: [],
    claims: new Set(),
  };
  return { observed, missing };
}

/** What belongs to a bridge, as it was observed. */
export const ownObjects = (cluster: Cluster, resource: KubeObject): KubeObject[] => cluster.madeFor(resource);

/** All Pods of a bridge, its broker and its monitoring. */
export const podsOf = (cluster: Cluster, resource: KubeObject): ObservedPod[] =>
  cluster.pods.byIndex('instance', keyOf(resource)) as ObservedPod[];

async function ownSecrets(cluster: Cluster, resource: KubeObject, signal: AbortSignal): Promise<Observed['secrets']> {
  const secrets: [string, Record<string, string>][] = [];
  for (const { kind, metadata } of ownObjects(cluster, resource)) {
    if (kind !== kinds.secret.kind) continue;
    const found = await cluster.observed(kinds.secret, metadata, { signal });
    if (found) secrets.push([metadata.name, decoded(found.data as Readonly<Record<string, string>> | undefined)]);
  }
  return Object.fromEntries(secrets);
}

const decoded = (data: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));

function defaultImages(cluster: Cluster, resource: KubeObject): Observed['images'] {
  const written = ownObjects(cluster, resource).flatMap(object => {
    const component = componentOf(object);
    const image = object.metadata.annotations?.[defaultImageAnnotation];
    return component && image !== undefined ? [[component, image]] : [];
  });
  return Object.fromEntries(written);
}

/** Whether the replicas of the document before have sessions of their own, which a newer one may leave. */
function wasShared(cluster: Cluster, resource: KubeObject): boolean {
  const { kit } = kitsOf(cluster, resource);
  return kit !== undefined && kitNote(kit)?.identity?.share !== undefined;
}

/** See `BridgeStatus.sessions`. */
export function sessionsNow(cluster: Cluster, resource: KubeObject, document: MqttKafkaBridge): number {
  const { namespace, name } = resource.metadata;
  const statefulSet = cluster.of(kinds.statefulSet).get({ namespace: namespace!, name: bridgeName(name) });
  const { spec, status } = (statefulSet ?? {}) as { spec?: { replicas?: number }; status?: { replicas?: number } };
  return countSessions({
    remembered: statusOf(resource).sessions ?? 0,
    wanted: document.spec.bridge.replicas,
    running: Math.max(spec?.replicas ?? 0, status?.replicas ?? 0),
    shared: document.spec.mqtt.share !== undefined || wasShared(cluster, resource),
    drains: drainsOf(name, ownObjects(cluster, resource)),
  });
}
