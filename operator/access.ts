/**
 * What the operator may do in a cluster, and why: its roles, the chart's roles and the table in the documentation are all made of this
 * list, and tests run the operator under exactly these. A verb that is not named here is one that the API server refuses.
 *
 * `create` and `patch` go together: a server-side apply is a PATCH, and needs `create` as well where the object is not there yet.
 */
import { kinds, optionalKinds, ownedKinds, strimziKinds } from './kinds.ts';
import type { ResourceKind } from './runtime/kinds.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

export interface Access {
  /** The group of its API, empty for the core of Kubernetes. The version does not matter to roles. */
  readonly group: string;
  /** `statefulsets`, or `mqttkafkabridges/status`. */
  readonly resource: string;
  readonly verbs: readonly Verb[];
  /** For people: what each verb is for. */
  readonly why: string;
  /** Only objects of this name. */
  readonly name?: string;
}

/** The name of the operator's Lease. */
export const leaseName = 'mqtt-kafka-operator';

const to = (
  { apiVersion, plural }: ResourceKind,
  verbs: readonly Verb[],
  why: string,
  { subresource, name }: { subresource?: string; name?: string } = {},
): Access => ({
  group: apiVersion.includes('/') ? apiVersion.split('/')[0]! : '',
  resource: subresource === undefined ? plural : `${plural}/${subresource}`,
  verbs,
  why,
  ...(name !== undefined && { name }),
});

const watched = ['get', 'list', 'watch'] as const;
const owned = [...watched, 'create', 'patch', 'delete'] as const;

/** What owned objects are for; each is made, set right when somebody changes it, and removed when it is not wanted any more. */
const ownedFor: Readonly<Record<string, string>> = {
  [kinds.statefulSet.kind]: 'The bridge, a managed broker, a managed Prometheus.',
  [kinds.deployment.kind]: 'The exporter and Grafana.',
  [kinds.service.kind]:
    'How the parts find each other. Also read: the listeners of an EMQX cluster that `mqtt.brokerRef` names.',
  [kinds.configMap.kind]:
    'What the parts are configured with. Of all others only the metadata is watched; those that `podTemplate`s name are read, to roll Pods when they change, and only hashes of their values are kept.',
  [kinds.secret.kind]:
    'Passwords that the operator makes up, and those that documents hold themselves. Of all others only the metadata is watched; those that documents and `podTemplate`s name are read, to say that one is missing and to roll Pods when one changes, and only hashes of their values are kept. Also read: the Secret of a Strimzi user, and the passwords that MqttUsers name. A role cannot say "metadata only", nor "those that are named": who may list, may read.',
  [kinds.serviceAccount.kind]: 'Pods of the bridge have one of their own, without a token.',
  [kinds.podDisruptionBudget.kind]: 'No more than one replica is evicted at a time.',
  [kinds.horizontalPodAutoscaler.kind]: '`bridge.autoscaling`.',
  [kinds.networkPolicy.kind]: 'Who may connect to the parts.',
  [kinds.job.kind]: 'Drains the sessions of replicas that were scaled away.',
  [kinds.podMonitor.kind]: 'Where the Prometheus operator is: what to scrape.',
  [kinds.prometheusRule.kind]: 'Where the Prometheus operator is: alerts.',
  [kinds.tlsRoute.kind]:
    'Where the Gateway API is: leads clients to a managed broker or to the bridge, by the name that they ask for.',
  [kinds.tcpRoute.kind]: 'Where the Gateway API is: leads clients to a managed broker or to the bridge.',
};

const { kafka, kafkaUser, kafkaTopic } = strimziKinds('v1');

/** In each namespace with bridges. */
export const access: readonly Access[] = [
  to(
    kinds.bridge,
    ['get', 'list', 'watch', 'patch'],
    'What to run. `get`: documents that are too large to be kept in memory. `patch`: the finalizer, and `bridge.replicas` where nobody has said. Without `create`, one that was just deleted cannot come back.',
  ),
  to(kinds.bridge, ['patch'], 'What became of it.', { subresource: 'status' }),
  to(kinds.bridge, ['update'], 'Objects may name a bridge as their owner whose deletion waits for them.', {
    subresource: 'finalizers',
  }),
  to(kinds.user, ['list', 'watch'], 'Who may connect to managed brokers.'),
  to(kinds.user, ['patch'], 'Whether the broker knows the user.', { subresource: 'status' }),
  ...[...ownedKinds, ...optionalKinds].map(kind => to(kind, owned, ownedFor[kind.kind]!)),
  to(kinds.persistentVolumeClaim, ['list', 'patch'], 'Grows those of managed brokers and of a managed Prometheus.'),
  to(
    kinds.pod,
    ['list', 'watch', 'patch'],
    'Why one does not run, and where its metrics are. `patch`: an annotation, by which a Pod of a bridge sees a changed document at once.',
  ),
  to(
    kinds.event,
    ['list', 'create', 'patch'],
    'What happened and why, recorded with the bridge. `list`: why Pods of a bridge cannot be made or do not begin.',
  ),
  to(
    kafka,
    watched,
    'Where Strimzi is: the addresses of the cluster that `kafka.clusterRef` names, and when they change.',
  ),
  to(
    kafkaUser,
    ['get', 'create', 'patch'],
    'Where Strimzi is: the user that it names, and makes with `createUser`. Never `delete`.',
  ),
  to(kafkaTopic, ['get', 'create', 'patch'], 'Where Strimzi is: topics. Never `delete`: topics outlive bridges.'),
];

/** In the operator's own namespace. */
export const ownAccess: readonly Access[] = [
  // A role cannot name what does not exist yet, so `create` is for any Lease.
  to(kinds.lease, ['create'], 'Which replica of the operator works.'),
  to(kinds.lease, ['get', 'update'], 'Which replica of the operator works.', { name: leaseName }),
];

/** In the whole cluster: these belong to no namespace. Without them nobody reads the operator's /metrics. */
export const clusterAccess: readonly Access[] = [
  to(kinds.tokenReview, ['create'], "Whose the token is that somebody reads the operator's `/metrics` with."),
  to(kinds.subjectAccessReview, ['create'], 'Whether they may.'),
];
