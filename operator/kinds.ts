/**
 * Every kind of object that the operator reads or writes, with what it does to it. The roles of deploy/ are made of the same list, so a
 * verb that is not named here is one that the API server refuses.
 *
 * Everything that the operator makes carries the label `app.kubernetes.io/managed-by: mqtt-kafka-operator`, and is watched by it: an
 * operator's memory holds its own objects, however many others there are. Pods are watched by `app.kubernetes.io/name`, which their
 * template gives them. Of Secrets and ConfigMaps all are watched, because those that people make have no label, but only their metadata: what
 * those hold that a bridge names, and our own, is asked for one by one (observed/values.ts).
 */

import { eventKind } from './runtime/events.ts';
import type { ResourceKind } from './runtime/kinds.ts';
import { leaseKind } from './runtime/leader-election.ts';

const namespaced = (apiVersion: string, kind: string, plural: string): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
});

const clusterWide = (apiVersion: string, kind: string, plural: string): ResourceKind => ({
  apiVersion,
  kind,
  plural,
  namespaced: false,
});

export const kinds = {
  /** list, watch; patch: finalizers, and `spec.bridge.replicas` where nobody has set it. Its /status: patch. Its /finalizers: update. */
  bridge: namespaced('mqttkafka.dev/v1alpha1', 'MqttKafkaBridge', 'mqttkafkabridges'),

  /** list, watch. Its /status: patch. */
  user: namespaced('mqttkafka.dev/v1alpha1', 'MqttUser', 'mqttusers'),

  /** get, list, watch, create, patch, delete: the bridge, a managed broker, a managed Prometheus. */
  statefulSet: namespaced('apps/v1', 'StatefulSet', 'statefulsets'),
  /** get, list, watch, create, patch, delete: the exporter, Grafana. */
  deployment: namespaced('apps/v1', 'Deployment', 'deployments'),
  /** get, list, watch, create, patch, delete. Also get of the listeners Service that `mqtt.brokerRef` names. */
  service: namespaced('v1', 'Service', 'services'),
  /** get, list, watch, create, patch, delete. Those that people make and Pods read are only hashed. */
  configMap: namespaced('v1', 'ConfigMap', 'configmaps'),
  /** get, list, watch, create, patch, delete. Those that people make and Pods read are only hashed; those of a Strimzi user are read. */
  secret: namespaced('v1', 'Secret', 'secrets'),
  /** get, list, watch, create, patch, delete. */
  serviceAccount: namespaced('v1', 'ServiceAccount', 'serviceaccounts'),
  /** get, list, watch, create, patch, delete. */
  podDisruptionBudget: namespaced('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  /** get, list, watch, create, patch, delete. */
  horizontalPodAutoscaler: namespaced('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
  /** get, list, watch, create, patch, delete. */
  networkPolicy: namespaced('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  /** get, list, watch, create, patch, delete: the drains of replicas that were scaled away. */
  job: namespaced('batch/v1', 'Job', 'jobs'),
  /** list, patch: those of managed brokers, a managed Prometheus and buffers on disk, to grow them and to drain them. */
  persistentVolumeClaim: namespaced('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  /** list, watch. */
  pod: namespaced('v1', 'Pod', 'pods'),

  /** get, list, watch, create, patch, delete; where the Prometheus operator is. */
  podMonitor: namespaced('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors'),
  /** get, list, watch, create, patch, delete; where the Prometheus operator is. */
  prometheusRule: namespaced('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules'),

  /** get, list, watch, create, patch, delete; where the Gateway API is. */
  tlsRoute: namespaced('gateway.networking.k8s.io/v1', 'TLSRoute', 'tlsroutes'),
  /** get, list, watch, create, patch, delete; where the Gateway API is. */
  tcpRoute: namespaced('gateway.networking.k8s.io/v1', 'TCPRoute', 'tcproutes'),

  /** create: whose a token is that reads /metrics. */
  tokenReview: clusterWide('authentication.k8s.io/v1', 'TokenReview', 'tokenreviews'),
  /** create: whether they may. */
  subjectAccessReview: clusterWide('authorization.k8s.io/v1', 'SubjectAccessReview', 'subjectaccessreviews'),

  /** create, patch: what happened, recorded with the bridge. list: why Pods are not made. */
  event: eventKind,
  /** get, create, update, in the operator's own namespace. */
  lease: leaseKind,
} as const;

/** The kinds of Strimzi, in the version that the cluster serves. */
export const strimziKinds = (version: string) =>
  ({
    /** get, list, watch. */
    kafka: namespaced(`kafka.strimzi.io/${version}`, 'Kafka', 'kafkas'),
    /** get, create, patch. Never delete: sessions are drained as that user. */
    kafkaUser: namespaced(`kafka.strimzi.io/${version}`, 'KafkaUser', 'kafkausers'),
    /** get, create, patch. Never delete: a topic is not deleted with a bridge. */
    kafkaTopic: namespaced(`kafka.strimzi.io/${version}`, 'KafkaTopic', 'kafkatopics'),
  }) as const;

/** What a bridge's own objects can be, in every cluster; what is watched, and removed when it is not wanted any more. */
export const ownedKinds: readonly ResourceKind[] = [
  kinds.statefulSet,
  kinds.deployment,
  kinds.service,
  kinds.configMap,
  kinds.secret,
  kinds.serviceAccount,
  kinds.podDisruptionBudget,
  kinds.horizontalPodAutoscaler,
  kinds.networkPolicy,
  kinds.job,
];

/** The same of clusters that have the Prometheus operator. */
export const monitoringKinds: readonly ResourceKind[] = [kinds.podMonitor, kinds.prometheusRule];

/** The same of clusters that have the Gateway API: TLSRoute from 1.5 on, TCPRoute from 1.6 on. */
export const routeKinds: readonly ResourceKind[] = [kinds.tlsRoute, kinds.tcpRoute];

/** What not every cluster serves. */
export const optionalKinds: readonly ResourceKind[] = [...monitoringKinds, ...routeKinds];

/** The kind of an object that is to be applied; undefined for one that the operator does not know. */
export const kindOf = ({ apiVersion, kind }: { apiVersion: string; kind: string }): ResourceKind | undefined =>
  [...ownedKinds, ...optionalKinds, ...Object.values(strimziKinds(apiVersion.split('/')[1] ?? ''))].find(
    known => known.kind === kind && known.apiVersion === apiVersion,
  );
