/**
 * The broker of a bridge that asks for one: a StatefulSet, because a broker files its sessions under its name, which must come back with them;
 * Services, and what its Pods read. The kinds of brokers are a table, so that one that is missing there does not compile.
 */
import type { BrokerSection } from '../../../api/schema/broker.ts';
import type { KubeObject } from '../../runtime/object.ts';
import { chooseImage } from '../images.ts';
import { selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { brokerName } from '../names.ts';
import { podDisruptionBudget, podManagementPolicy, serviceAccount } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { type PodTemplate, podTemplate } from '../pods.ts';
import { brokerPodsName } from './address.ts';
import type { BrokerKind } from './broker-kind.ts';
import { emqx } from './emqx.ts';
import { mosquitto } from './mosquitto.ts';
import { passwordMaker } from './passwords.ts';
import { brokerRoutes } from './routes.ts';
import { brokerNetworkPolicy, brokerServices } from './services.ts';
import { dataStorage, tlsVolume } from './storage.ts';

const component = 'broker';

const kinds: Readonly<Record<BrokerSection['kind'], BrokerKind>> = { emqx, mosquitto };

/** What its container asks for, and may have. */
export const brokerResources = ({ document, settings }: Pipeline): BrokerKind['resources'] => {
  const { kind, resources } = document.spec.mqtt.broker!;
  return resources ?? settings.defaults.resources.broker ?? kinds[kind].resources;
};

/** @param secrets that its Pods may read and that are made with them */
export function brokerObjects(pipeline: Pipeline, secrets: readonly KubeObject[]): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  const { broker } = spec.mqtt;
  if (broker === undefined) return [];
  const kind = kinds[broker.kind];
  const name = brokerName(metadata.name);
  const inputs = kind.inputs(pipeline);
  const ports = kind.ports(pipeline);
  return [
    ...inputs,
    statefulSet(pipeline, kind, [...secrets, ...inputs]),
    ...brokerServices(pipeline, ports),
    ...brokerRoutes(pipeline, ports),
    serviceAccount(pipeline, component, name),
    ...(broker.replicas > 1 ? [podDisruptionBudget(pipeline, component, name)] : []),
    brokerNetworkPolicy(pipeline, ports),
  ];
}

/** @param made ConfigMaps and Secrets that its Pods read */
function statefulSet(pipeline: Pipeline, kind: BrokerKind, made: readonly KubeObject[]): KubeObject {
  const { metadata, spec } = pipeline.document;
  const broker = spec.mqtt.broker!;
  const chosen = chooseImage(pipeline, component, broker.image, pipeline.settings.images[kind.image]);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      ...metadataOf(pipeline, component, brokerName(metadata.name)),
      annotations: chosen.annotations,
    },
    spec: {
      replicas: broker.replicas,
      serviceName: brokerPodsName(metadata.name),
      podManagementPolicy,
      updateStrategy: { type: 'RollingUpdate' },
      selector: { matchLabels: selectorLabels(metadata.name, component) },
      template: template(pipeline, kind, chosen.image, made),
      ...dataStorage(pipeline, kind.dataFolder).statefulSet,
    },
  };
}

function template(pipeline: Pipeline, kind: BrokerKind, image: string, made: readonly KubeObject[]): PodTemplate {
  const { metadata, spec } = pipeline.document;
  const broker = spec.mqtt.broker!;
  const passwords = passwordMaker(pipeline, image, kind.passwordScript(pipeline), kind.passwordMounts?.());
  const data = dataStorage(pipeline, kind.dataFolder);
  const tls = tlsVolume(pipeline);
  const container = {
    name: component,
    image,
    ...kind.container(pipeline, image, made),
    ports: kind.ports(pipeline).map(({ name, port }) => ({ name, containerPort: port })),
    resources: brokerResources(pipeline),
    volumeMounts: [passwords.madeMount, data.mount, ...kind.mounts(pipeline), ...tls.mounts],
  };
  return podTemplate(pipeline, {
    component,
    serviceAccountName: brokerName(metadata.name),
    user: kind.user,
    initContainers: [passwords.initContainer],
    containers: [container, ...(kind.beside?.(image) ?? [])],
    volumes: [
      { name: 'config', configMap: { name: brokerName(metadata.name) } },
      ...passwords.volumes,
      ...data.volumes,
      ...kind.volumes(metadata.name),
      ...tls.volumes,
    ],
    terminationGracePeriodSeconds: kind.terminationGracePeriodSeconds,
    podTemplate: broker.podTemplate,
    made,
  });
}
