/** Objects that several parts of a pipeline have alike. */
import type { KubeObject } from '../runtime/object.ts';
import { type Component, selectorLabels } from './labels.ts';
import { metadataOf } from './metadata.ts';
import type { Pipeline } from './pipeline.ts';

type Texts = Readonly<Record<string, string>>;

export const configMap = (pipeline: Pipeline, component: Component, name: string, data: Texts): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadataOf(pipeline, component, name),
  data,
});

/** @param texts in plain */
export const secret = (pipeline: Pipeline, component: Component, name: string, texts: Texts): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: metadataOf(pipeline, component, name),
  type: 'Opaque',
  data: Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
});

/** One of its own, without a token and without rights. */
export const serviceAccount = (pipeline: Pipeline, component: Component, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metadataOf(pipeline, component, name),
  automountServiceAccountToken: false,
});

/** Who may connect to a part: everybody, but to these ports only. What it connects to itself cannot be told from here. */
export const networkPolicy = (
  pipeline: Pipeline,
  component: Component,
  name: string,
  ports: readonly number[],
): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadataOf(pipeline, component, name),
  spec: {
    podSelector: { matchLabels: selectorLabels(pipeline.document.metadata.name, component) },
    policyTypes: ['Ingress'],
    ingress: [{ ports: ports.map(port => ({ port, protocol: 'TCP' })) }],
  },
});

/**
 * Of every StatefulSet. In order, a Pod that never becomes ready is never replaced by one of a corrected template
 * (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback); and Pods must not wait for each other: those of
 * a bridge wait for the same brokers, and an EMQX node that was not the last to end waits for the one that was.
 */
export const podManagementPolicy = 'Parallel';

/** No more than one Pod is evicted at a time, and one that is not ready may always be: it would keep its node from being drained. */
export const podDisruptionBudget = (pipeline: Pipeline, component: Component, name: string): KubeObject => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadataOf(pipeline, component, name),
  spec: {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: { matchLabels: selectorLabels(pipeline.document.metadata.name, component) },
  },
});

/** The Service that gives each Pod of a StatefulSet a name of its own. */
export const headlessService = (
  pipeline: Pipeline,
  component: Component,
  name: string,
  ports: readonly { readonly name: string; readonly port: number }[],
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadataOf(pipeline, component, name),
  spec: {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: selectorLabels(pipeline.document.metadata.name, component),
    ports,
  },
});
