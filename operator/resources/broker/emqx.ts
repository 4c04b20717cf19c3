/**
 * EMQX: one node or a cluster of them, in a StatefulSet, because a node files its data under its name, which must come back with it.
 *
 * Each setting is one of its documentation, and the way it runs (user, folders, ports, probes) that of its own Helm chart; a real 5.8.0 and
 * 5.8.8 started with them. No test here has a real EMQX. https://github.com/emqx/emqx/tree/v5.8.8/deploy/charts/emqx
 */
import type { KubeObject } from '../../runtime/object.ts';
import { chooseImage } from '../images.ts';
import { selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { brokerName } from '../names.ts';
import { configMap, podDisruptionBudget, serviceAccount } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { type PodTemplate, podTemplate } from '../pods.ts';
import { brokerPodsName, emqxApiPort } from './address.ts';
import { emqxEnvironment } from './emqx-environment.ts';
import { apiKeysFolder, apiKeysVolume, emqxSecret } from './emqx-secret.ts';
import { emqxUsersScript } from './emqx-users.ts';
import { ownUsersSecret } from './own-users.ts';
import { passwordMaker, usersKey, usersText } from './passwords.ts';
import { brokerNetworkPolicy, brokerServices, mqttPorts, type Port } from './services.ts';
import { dataStorage, tlsVolume } from './storage.ts';

const component = 'broker';

/** The user of the image. */
const emqxUser = 1000;

const dataFolder = '/opt/emqx/data';

const resources = { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '2Gi' } };

/** It hands over what it has to the others, or saves it. */
const terminationGracePeriodSeconds = 120;

/** Besides MQTT: the API for the exporter, and what nodes say to each other. https://docs.emqx.com/en/emqx/v5.8/deploy/cluster/security.html */
const portsOf = (pipeline: Pipeline): Port[] => [
  ...mqttPorts(pipeline),
  { name: 'api', port: emqxApiPort, from: ['exporter'] },
  { name: 'cluster', port: 4370, from: [component] },
  { name: 'rpc', port: 5369, from: [component] },
];

/** @param secrets that its Pods may read and that are made with them */
export function emqxObjects(pipeline: Pipeline, secrets: readonly KubeObject[]): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  const name = brokerName(metadata.name);
  const made = [
    ownUsersSecret(pipeline),
    emqxSecret(pipeline),
    configMap(pipeline, component, name, { [usersKey]: usersText(pipeline) }),
  ];
  return [
    ...made,
    statefulSet(pipeline, [...secrets, ...made]),
    ...brokerServices(pipeline, portsOf(pipeline)),
    serviceAccount(pipeline, component, name),
    ...(spec.mqtt.broker!.replicas > 1 ? [podDisruptionBudget(pipeline, component, name)] : []),
    brokerNetworkPolicy(pipeline, portsOf(pipeline)),
  ];
}

function statefulSet(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject {
  const { metadata, spec } = pipeline.document;
  const broker = spec.mqtt.broker!;
  const chosen = chooseImage(pipeline, component, broker.image, pipeline.settings.images.emqx);
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
      // A node that was not the last to end waits for the one that was: nobody may wait for it to be ready.
      podManagementPolicy: 'Parallel',
      updateStrategy: { type: 'RollingUpdate' },
      selector: { matchLabels: selectorLabels(metadata.name, component) },
      template: template(pipeline, chosen.image, made),
      ...dataStorage(pipeline, dataFolder).statefulSet,
    },
  };
}

/** The name of a Pod in DNS goes on with that of its Service and of the cluster, which is `cluster.local` in most and not in all. */
const start = `EMQX_HOST=$(hostname -f)
export EMQX_HOST EMQX_CLUSTER__DNS__NAME="\${EMQX_HOST#*.}"
exec /usr/bin/docker-entrypoint.sh /opt/emqx/bin/emqx foreground`;

/** What EMQX writes besides its data: logs, and files of the Erlang machine in the home of its user. */
const scratch = {
  volume: { name: 'scratch', emptyDir: {} },
  mounts: Object.entries({ log: '/opt/emqx/log', home: '/home/emqx', tmp: '/tmp' }).map(([subPath, mountPath]) => ({
    name: 'scratch',
    mountPath,
    subPath,
  })),
};

function template(pipeline: Pipeline, image: string, made: readonly KubeObject[]): PodTemplate {
  const { metadata, spec } = pipeline.document;
  const broker = spec.mqtt.broker!;
  const passwords = passwordMaker(pipeline, image, emqxUsersScript);
  const data = dataStorage(pipeline, dataFolder);
  const tls = tlsVolume(pipeline);
  const container = {
    name: component,
    image,
    command: ['/bin/sh', '-c', start],
    env: emqxEnvironment(pipeline, image, made),
    ports: portsOf(pipeline).map(({ name, port }) => ({ name, containerPort: port })),
    ...probes,
    resources: broker.resources ?? resources,
    volumeMounts: [
      passwords.madeMount,
      { name: 'api-keys', mountPath: apiKeysFolder, readOnly: true },
      data.mount,
      ...scratch.mounts,
      ...tls.mounts,
    ],
  };
  return podTemplate(pipeline, {
    component,
    serviceAccountName: brokerName(metadata.name),
    user: emqxUser,
    initContainers: [passwords.initContainer],
    containers: [container],
    volumes: [
      { name: 'config', configMap: { name: brokerName(metadata.name) } },
      ...passwords.volumes,
      apiKeysVolume(metadata.name),
      ...data.volumes,
      scratch.volume,
      ...tls.volumes,
    ],
    terminationGracePeriodSeconds,
    podTemplate: broker.podTemplate,
    made,
  });
}

const asked = { httpGet: { path: '/status', port: 'api' } };

/** Starting with much data, or waiting for other nodes, may take minutes. */
const probes = {
  startupProbe: { ...asked, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 300 },
  livenessProbe: { ...asked, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
  readinessProbe: { ...asked, periodSeconds: 5, timeoutSeconds: 5 },
};
