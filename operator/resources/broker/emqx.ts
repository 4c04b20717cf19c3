/**
 * EMQX: one node or a cluster of them.
 *
 * Each setting is one of its documentation, and the way it runs (user, folders, ports, probes) that of its own Helm chart; a real 5.8.0 and
 * 5.8.8 started with them. No test here has a real EMQX. https://github.com/emqx/emqx/tree/v5.8.8/deploy/charts/emqx
 */
import { brokerName } from '../names.ts';
import { configMap } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { emqxAccess } from './access.ts';
import { emqxApiPort } from './address.ts';
import type { BrokerKind } from './broker-kind.ts';
import { accessKey, emqxEnvironment } from './emqx-environment.ts';
import { apiKeysFolder, apiKeysVolume, emqxSecret } from './emqx-secret.ts';
import { emqxUsersScript } from './emqx-users.ts';
import { ownUsersSecret } from './own-users.ts';
import { configFolder, usersKey, usersText } from './passwords.ts';
import { mqttPorts, type Port } from './services.ts';

/** Besides MQTT: the API for the exporter, and what nodes say to each other. https://docs.emqx.com/en/emqx/v5.8/deploy/cluster/security.html */
const portsOf = (pipeline: Pipeline): Port[] => [
  ...mqttPorts(pipeline),
  { name: 'api', port: emqxApiPort, from: ['exporter'] },
  { name: 'cluster', port: 4370, from: ['broker'] },
  { name: 'rpc', port: 5369, from: ['broker'] },
];

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

const accessFile = ({ document }: Pipeline): Readonly<Record<string, string>> => {
  const { access } = document.spec.mqtt.broker!;
  return access ? { [accessKey]: emqxAccess(access) } : {};
};

const asked = { httpGet: { path: '/status', port: 'api' } };

/** Starting with much data, or waiting for other nodes, may take minutes. */
const probes = {
  startupProbe: { ...asked, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 300 },
  livenessProbe: { ...asked, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
  readinessProbe: { ...asked, periodSeconds: 5, timeoutSeconds: 5 },
};

export const emqx: BrokerKind = {
  image: 'emqx',
  user: 1000,
  dataFolder: '/opt/emqx/data',
  resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '2Gi' } },
  terminationGracePeriodSeconds: 120,
  passwordScript: () => emqxUsersScript,
  ports: portsOf,
  inputs: pipeline => [
    ownUsersSecret(pipeline),
    emqxSecret(pipeline),
    configMap(pipeline, 'broker', brokerName(pipeline.document.metadata.name), {
      [usersKey]: usersText(pipeline),
      ...accessFile(pipeline),
    }),
  ],
  container: (pipeline, image, made) => ({
    command: ['/bin/sh', '-c', start],
    env: emqxEnvironment(pipeline, image, made),
    ...probes,
  }),
  mounts: pipeline => [
    { name: 'api-keys', mountPath: apiKeysFolder, readOnly: true },
    ...scratch.mounts,
    ...(pipeline.document.spec.mqtt.broker!.access
      ? [{ name: 'config', mountPath: configFolder, readOnly: true }]
      : []),
  ],
  volumes: bridge => [apiKeysVolume(bridge), scratch.volume],
};
