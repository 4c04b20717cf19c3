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

/** Annotations of a bridge that a person sets. */
export const annotations = {
  /** `"true"`: the operator leaves everything as it is. */
  paused: 'mqttkafka.dev/paused',
  /** Any new value, such as the time: rolls the bridge's Pods. */
  restartedAt: 'mqttkafka.dev/restarted-at',
  /** See `identityAnnotation`. On the bridge for people and backups, and on its ConfigMap, which remembers it. */
  identity: identityAnnotation,
  /** `keep` or `follow`: see `OperatorSettings.imageUpdates`. */
  imageUpdates: 'mqttkafka.dev/image-updates',
} as const;

/** On a Pod template: a hash of everything the Pod reads at start. A new one rolls the Pods. */
export const inputsHash = 'mqttkafka.dev/inputs-hash';
