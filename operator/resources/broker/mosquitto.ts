/**
 * Mosquitto: one small process, which keeps its sessions on a volume. A second one would know nothing of the first.
 *
 * Each of its connections has a user with a password, so its probes have the exporter's: they ask for a message that every Mosquitto
 * keeps, because a port that is open says only that the kernel is well.
 */
import { brokerName, brokerUserSecretName } from '../names.ts';
import { configMap } from '../parts.ts';
import { mosquittoAccess } from './access.ts';
import { brokerPorts } from './address.ts';
import type { BrokerKind } from './broker-kind.ts';
import { accessFilePath, mosquittoConfig, mosquittoData, passwordFile } from './mosquitto-config.ts';
import {
  brokerMounts,
  managerKey,
  managerOptions,
  prepareMounts,
  prepareUsers,
  usersContainer,
  usersVolumes,
} from './mosquitto-users.ts';
import { ownUsersSecret } from './own-users.ts';
import { configFolder, passwordScript, usersKey, usersText } from './passwords.ts';
import { mqttPorts } from './services.ts';
import { exporterUser, managerUser, ownUserKeysOf } from './users.ts';

const configKey = 'mosquitto.conf';
const accessKey = 'access';

/** Options of mosquitto_sub, which reads them from a file of its name, so that the password is in no list of processes. */
const probeKey = 'mosquitto_sub';
const probeFolder = '/run/mkb/probe';

const probeOptions = (password: string) => `-h 127.0.0.1\n-p ${brokerPorts.mqtt}\n-u ${exporterUser}\n-P ${password}\n`;

/** Adds a user to the password file. The password is typed, twice, as a person would: an argument could be seen. */
const addUser = `printf '%s\\n%s\\n' "$password" "$password" | mosquitto_passwd ${passwordFile} "$user" > /dev/null`;

/** It is to be nobody's to read but Mosquitto's, which a mounted file cannot be. */
const copyAccess = `cat ${configFolder}/${accessKey} > ${accessFilePath}`;

const keys = ownUserKeysOf('mosquitto');

const asked = { exec: { command: ['mosquitto_sub', '-t', '$SYS/broker/version', '-C', '1', '-W', '3'] } };

/** Reading what was saved may take minutes. It answers nobody while it saves, which is no reason to end it. */
const probes = {
  startupProbe: { ...asked, periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 300 },
  livenessProbe: { ...asked, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 6 },
  readinessProbe: { ...asked, periodSeconds: 10, timeoutSeconds: 5 },
};

export const mosquitto: BrokerKind = {
  image: 'mosquitto',
  user: 1883,
  dataFolder: mosquittoData,
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '512Mi' } },
  terminationGracePeriodSeconds: 60,
  passwordScript: () =>
    passwordScript({ before: `: > ${passwordFile}\n${copyAccess}`, each: addUser, after: prepareUsers }),
  passwordMounts: () => prepareMounts,
  ports: mqttPorts,
  inputs: pipeline => [
    ownUsersSecret(pipeline, passwords => ({
      [probeKey]: probeOptions(passwords[keys[exporterUser]!]!),
      [managerKey]: managerOptions(passwords[keys[managerUser]!]!),
    })),
    configMap(pipeline, 'broker', brokerName(pipeline.document.metadata.name), {
      [configKey]: mosquittoConfig(pipeline),
      [usersKey]: usersText(pipeline),
      [accessKey]: mosquittoAccess(pipeline.document.spec.mqtt.broker!),
    }),
  ],
  container: () => ({
    command: ['mosquitto', '-c', `${configFolder}/${configKey}`],
    env: [{ name: 'XDG_CONFIG_HOME', value: probeFolder }],
    ...probes,
  }),
  mounts: () => [
    { name: 'config', mountPath: configFolder, readOnly: true },
    { name: 'probe', mountPath: probeFolder, readOnly: true },
    ...brokerMounts,
  ],
  beside: image => [usersContainer(image)],
  volumes: bridge => [
    {
      name: 'probe',
      secret: {
        secretName: brokerUserSecretName(bridge),
        defaultMode: 0o440,
        items: [{ key: probeKey, path: probeKey }],
      },
    },
    ...usersVolumes(bridge),
  ],
};
