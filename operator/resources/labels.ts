/** Labels and annotations of what the operator makes [Kubernetes: recommended labels]. */
import { identityAnnotation } from '../../api/complete.ts';

/** The part of a pipeline that an object belongs to. */
export type Component = 'bridge' | 'broker' | 'exporter' | 'prometheus' | 'grafana' | 'drain';

/** Selects the Pods of one component: never changes, because a StatefulSet's selector cannot. */
export const selectorLabels = (name: string, component: Component): Record<string, string> => ({
  'app.kubernetes.io/name': 'mqtt-kafka-kit',
  'app.kubernetes.io/instance': name,
  'app.kubernetes.io/component': component,
});

export const labels = (name: string, component: Component): Record<string, string> => ({
  ...selectorLabels(name, component),
  'app.kubernetes.io/managed-by': 'mqtt-kafka-operator',
});

/** Annotations that a person sets: of a bridge, but for the last two. */
export const annotations = {
  /** `"true"`: the operator leaves everything as it is. */
  paused: 'mqttkafka.dev/paused',
  /** Any new value, such as the time: rolls the bridge's Pods. */
  restartedAt: 'mqttkafka.dev/restarted-at',
  /** See `identityAnnotation`. On the bridge for people and backups, and on its ConfigMap, which remembers it. */
  identity: identityAnnotation,
  /** On a KafkaTopic: the bridge that it was made for. */
  topicOf: 'mqttkafka.dev/topic-of',
  /** `keep` or `follow`: see `OperatorSettings.imageUpdates`. */
  imageUpdates: 'mqttkafka.dev/image-updates',
  /** On a Kafka, a KafkaUser or a Service of EMQX: namespaces with commas, whose bridges may refer to it. */
  allowFrom: 'mqttkafka.dev/allow-from',
  /** On a Kafka: namespaces with commas, whose bridges get KafkaTopics made beside it. */
  allowTopicsFrom: 'mqttkafka.dev/allow-topics-from',
  /** Fields whose change is carried out although it may lose messages, such as `mqtt.url`: see reconcile/refused-changes.ts. */
  acceptChanges: 'mqttkafka.dev/accept-changes',
} as const;

/** Where an annotation stands, as a JSON Patch has it [RFC 6901]. */
export const annotationPath = (name: string): string => `/metadata/annotations/${name.replaceAll('/', '~1')}`;

/** On a bridge that `mkb pause` has stopped: how many replicas it had. */
export const replicasBefore = 'mqttkafka.dev/replicas-before-pause';

/** On a Pod template: a hash of everything the Pod reads at start, and cannot take while it runs. A new one rolls the Pods. */
export const inputsHash = 'mqttkafka.dev/inputs-hash';
/** On the Pod template of a bridge: the number of the document that it was last rolled for. */
export const startedFor = 'mqttkafka.dev/started-for';
/** On a Pod of a bridge: which document it is to take while it runs. Kubelet shows a Pod its files again when something of it changes. */
export const askedFor = 'mqttkafka.dev/asked-for';
/** On the ConfigMap of a bridge: the number of the document in it. */
export const configHash = 'mqttkafka.dev/config-hash';
