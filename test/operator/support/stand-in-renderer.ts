/**
 * The least that a pipeline can be made of, in place of the functions of operator/resources/: what tests of reconciling need to know is which
 * objects there are, and nothing else may fail them.
 */
import { parse, stringify } from 'yaml';
import type { MqttKafkaBridge } from '../../../api/bridge.ts';
import type { Renderer } from '../../../operator/reconcile/context.ts';
import { annotations, type Component, inputsHash, labels, selectorLabels } from '../../../operator/resources/labels.ts';
import { bridgeName, brokerUserSecretName } from '../../../operator/resources/names.ts';
import type { Pipeline } from '../../../operator/resources/pipeline.ts';
import { hashOf } from '../../../operator/runtime/canonical.ts';
import type { KubeObject, ObjectMeta } from '../../../operator/runtime/object.ts';
import { ownerReference } from '../../../operator/runtime/owner.ts';

export const standInRenderer: Renderer = {
  desiredObjects: pipeline => {
    const { document, settings, observed } = pipeline;
    const { bridge, mqtt, monitoring = {} } = document.spec;
    const image = bridge.image ?? observed.images.bridge ?? settings.images.bridge;
    const objects = [configuration(document), ...parts('StatefulSet', pipeline, 'bridge', image, bridge.replicas)];
    if (bridge.replicas > 1) objects.push(budget(document));
    if (mqtt.broker) {
      objects.push(...parts('StatefulSet', pipeline, 'broker', settings.images.mosquitto), password(pipeline));
    }
    for (const component of Object.keys(monitoring) as (keyof typeof monitoring)[]) {
      objects.push(...parts('Deployment', pipeline, component, settings.images[component]));
    }
    const drained = mqtt.share && bridge.replicas > 0 ? observed.sessions - bridge.replicas : 0;
    for (let index = 0; index < drained; index++) objects.push(drain(pipeline, bridge.replicas + index));
    return objects;
  },
  drainJob: drain,
  lastGoodSpec: ({ data }) => parse((data as Record<string, string>)['spec.yaml']!),
};

function metadataOf(document: MqttKafkaBridge, component: Component, name: string): ObjectMeta {
  const owner = ownerReference(document as unknown as KubeObject);
  const { namespace } = document.metadata;
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    labels: labels(document.metadata.name, component),
    ownerReferences: [owner],
  };
}

/** What runs, and what was last known to be good. */
function configuration(document: MqttKafkaBridge): KubeObject {
  const { bridge: _, monitoring: __, ...runs } = document.spec;
  const metadata = metadataOf(document, 'bridge', bridgeName(document.metadata.name));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata,
    data: { 'bridge.yaml': stringify(runs), 'spec.yaml': stringify(document.spec) },
  };
}

function parts(
  kind: 'StatefulSet' | 'Deployment',
  { document, observed }: Pipeline,
  component: Component,
  image: string,
  replicas = 1,
): KubeObject[] {
  const { name, annotations: set } = document.metadata;
  const own = `${name}-${component}`;
  const metadata = metadataOf(document, component, own);
  const selector = selectorLabels(name, component);
  const { 'bridge.yaml': runs } = configuration(document).data as Record<string, string>;
  const read = [runs, observed.inputs, set?.[annotations.restartedAt]];
  const template = {
    metadata: {
      labels: labels(name, component),
      ...(component === 'bridge' && { annotations: { [inputsHash]: hashOf(read) } }),
    },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: component, image, ...(component === 'bridge' && containerOf(document)) }],
    },
  };
  const ordered = { serviceName: own, podManagementPolicy: 'Parallel' };
  const ports = [{ name: 'http', port: 9400 }];
  const ingress = [{ ports: [{ port: 9400, protocol: 'TCP' }] }];
  return [
    {
      apiVersion: 'apps/v1',
      kind,
      metadata,
      spec: { ...(kind === 'StatefulSet' && ordered), replicas, selector: { matchLabels: selector }, template },
    },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector, ports } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: { podSelector: { matchLabels: selector }, policyTypes: ['Ingress'], ingress },
    },
  ];
}

const containerOf = ({ spec }: MqttKafkaBridge): object | undefined =>
  (spec.bridge.podTemplate as { spec?: { containers?: object[] } } | undefined)?.spec?.containers?.[0];

function budget(document: MqttKafkaBridge): KubeObject {
  const { name } = document.metadata;
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(document, 'bridge', bridgeName(name)),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorLabels(name, 'bridge') } },
  };
}

/** A password that is made up once, and kept. */
function password({ document, observed, newPassword }: Pipeline): KubeObject {
  const name = brokerUserSecretName(document.metadata.name);
  const text = observed.secrets[name]?.password ?? newPassword();
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(document, 'broker', name),
    data: { password: Buffer.from(text).toString('base64') },
  };
}

function drain({ document, settings }: Pipeline, ordinal: number): KubeObject {
  const { name } = document.metadata;
  const containers = [{ name: 'drain', image: settings.images.bridge }];
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(document, 'drain', `${name}-drain-${ordinal}`),
    spec: {
      backoffLimit: 2,
      template: { metadata: { labels: labels(name, 'drain') }, spec: { restartPolicy: 'Never', containers } },
    },
  };
}
