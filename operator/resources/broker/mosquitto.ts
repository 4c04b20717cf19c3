/**
 * Mosquitto: one small process, which keeps its sessions on a volume. A second one would know nothing of the first.
 *
 * Each of its connections has a user with a password, so its probes have the exporter's: they are asked for a message that every Mosquitto
 * keeps, because a port that is open says only that the kernel is well.
 */
import type { KubeObject } from '../../runtime/object.ts';
import { chooseImage } from '../images.ts';
import { selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { brokerName, brokerUserSecretName } from '../names.ts';
import { configMap, serviceAccount } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { type PodTemplate, podTemplate } from '../pods.ts';
import { brokerPodsName, brokerPorts } from './address.ts';
import { mosquittoConfig, mosquittoData, passwordFile } from './mosquitto-config.ts';
import { ownUsersSecret } from './own-users.ts';
import { configFolder, passwordMaker, passwordScript, usersKey, usersText } from './passwords.ts';
import { brokerNetworkPolicy, brokerServices, mqttPorts } from './services.ts';
import { dataStorage, tlsVolume } from './storage.ts';
import { exporterUser, ownUserKeys } from './users.ts';

const component = 'broker';

/** The user of the image. */
const mosquittoUser = 1883;

const configKey = 'mosquitto.conf';

/** Options of mosquitto_sub, which reads them from a file of its name, so that the password is in no list of processes. */
const probeKey = 'mosquitto_sub';
const probeFolder = '/run/mkb/probe';

const resources = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '512Mi' } };

/** Saving everything may take a while when much is waiting. */
const terminationGracePeriodSeconds = 60;

/** @param secrets that its Pods may read and that are made with them */
export function mosquittoObjects(pipeline: Pipeline, secrets: readonly KubeObject[]): KubeObject[] {
  const name = brokerName(pipeline.document.metadata.name);
  const made = [
    ownUsersSecret(pipeline, passwords => ({ [probeKey]: probeOptions(passwords[ownUserKeys[exporterUser]]!) })),
    configMap(pipeline, component, name, {
      [configKey]: mosquittoConfig(pipeline),
      [usersKey]: usersText(pipeline),
    }),
  ];
  const ports = mqttPorts(pipeline);
  return [
    ...made,
    statefulSet(pipeline, [...secrets, ...made]),
    ...brokerServices(pipeline, ports),
    serviceAccount(pipeline, component, name),
    brokerNetworkPolicy(pipeline, ports),
  ];
}

const probeOptions = (password: string) => `-h 127.0.0.1\n-p ${brokerPorts.mqtt}\n-u ${exporterUser}\n-P ${password}\n`;

function statefulSet(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject {
  const { metadata, spec } = pipeline.document;
  const chosen = chooseImage(pipeline, component, spec.mqtt.broker!.image, pipeline.settings.images.mosquitto);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      ...metadataOf(pipeline, component, brokerName(metadata.name)),
      annotations: chosen.annotations,
    },
    spec: {
      replicas: 1,
      serviceName: brokerPodsName(metadata.name),
      updateStrategy: { type: 'RollingUpdate' },
      selector: { matchLabels: selectorLabels(metadata.name, component) },
      template: template(pipeline, chosen.image, made),
      ...dataStorage(pipeline, mosquittoData).statefulSet,
    },
  };
}

/** Adds a user to the password file. The password is typed, twice, as a person would: an argument could be seen. */
const addUser = `printf '%s\\n%s\\n' "$password" "$password" | mosquitto_passwd ${passwordFile} "$user" > /dev/null`;

function template(pipeline: Pipeline, image: string, made: readonly KubeObject[]): PodTemplate {
  const { metadata, spec } = pipeline.document;
  const broker = spec.mqtt.broker!;
  const passwords = passwordMaker(pipeline, image, passwordScript({ before: `: > ${passwordFile}`, each: addUser }));
  const data = dataStorage(pipeline, mosquittoData);
  const tls = tlsVolume(pipeline);
  const container = {
    name: component,
    image,
    command: ['mosquitto', '-c', `${configFolder}/${configKey}`],
    env: [{ name: 'XDG_CONFIG_HOME', value: probeFolder }],
    ports: mqttPorts(pipeline).map(({ name, port }) => ({ name, containerPort: port })),
    ...probes,
    resources: broker.resources ?? resources,
    volumeMounts: [
      { name: 'config', mountPath: configFolder, readOnly: true },
      { name: 'probe', mountPath: probeFolder, readOnly: true },
      passwords.madeMount,
      data.mount,
      ...tls.mounts,
    ],
  };
  return podTemplate(pipeline, {
    component,
    serviceAccountName: brokerName(metadata.name),
    user: mosquittoUser,
    initContainers: [passwords.initContainer],
    containers: [container],
    volumes: [
      { name: 'config', configMap: { name: brokerName(metadata.name) } },
      probeVolume(metadata.name),
      ...passwords.volumes,
      ...data.volumes,
      ...tls.volumes,
    ],
    terminationGracePeriodSeconds,
    podTemplate: broker.podTemplate,
    made,
  });
}

const probeVolume = (name: string) => ({
  name: 'probe',
  secret: {
    secretName: brokerUserSecretName(name),
    defaultMode: 0o440,
    items: [{ key: probeKey, path: probeKey }],
  },
});

const asked = { exec: { command: ['mosquitto_sub', '-t', '$SYS/broker/version', '-C', '1', '-W', '3'] } };

/** Reading what was saved may take minutes. It answers nobody while it saves, which is no reason to end it. */
const probes = {
  startupProbe: { ...asked, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 300 },
  livenessProbe: { ...asked, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
  readinessProbe: { ...asked, periodSeconds: 10, timeoutSeconds: 5 },
};
