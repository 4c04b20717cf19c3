/**
 * The configuration of EMQX, which is environment variables: `a.b` is EMQX_A__B, and a value is HOCON.
 * https://docs.emqx.com/en/emqx/v5.8/configuration/configuration.html#environment-variables
 */
import type { MqttKafkaBridge } from '../../../api/bridge.ts';
import { losesDurableSessions, tagOf } from '../../../api/emqx-versions.ts';
import { durationMs } from '../../../api/units.ts';
import type { KubeObject } from '../../runtime/object.ts';
import { emqxSecretName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import { brokerPorts } from './address.ts';
import { apiKeysFile, emqxKeys } from './emqx-secret.ts';
import { authentication, listenerName } from './emqx-users.ts';
import { configFolder } from './passwords.ts';
import { certFile, keyFile } from './storage.ts';

export const durableSessionsVariable = 'EMQX_DURABLE_SESSIONS__ENABLE';

/** Whether EMQX without a licence can have durable sessions at all. */
export const mayKeepSessions = ({ spec: { mqtt } }: MqttKafkaBridge): boolean =>
  mqtt.broker!.replicas === 1 && mqtt.share === undefined;

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param image which the Pods run
 * @param made what is made with the Pods, and that they read
 */
export function emqxEnvironment(pipeline: Pipeline, image: string, made: readonly KubeObject[]): Fields[] {
  const texts = {
    ...clusterSettings(pipeline),
    ...sessionSettings(pipeline, image),
    ...listenerSettings(pipeline, listenerName(pipeline, made)),
    ...authorization(pipeline),
    EMQX_API_KEY__BOOTSTRAP_FILE: apiKeysFile,
    // It would tell its makers about itself.
    EMQX_TELEMETRY__ENABLE: 'false',
  };
  const name = emqxSecretName(pipeline.document.metadata.name);
  return [
    ...Object.entries(texts).map(([name, value]) => ({ name, value })),
    ...Object.entries(emqxKeys.environment).map(([variable, key]) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name, key } },
    })),
  ];
}

/** The key of the ConfigMap: who may use which topics. EMQX goes by the ending. */
export const accessKey = 'acl.conf';

/** Without `access`, whoever may connect may publish and subscribe to everything, `#` too, as with Mosquitto. */
function authorization({ document }: Pipeline) {
  if (document.spec.mqtt.broker!.access === undefined) {
    return { EMQX_AUTHORIZATION__SOURCES: '[]', EMQX_AUTHORIZATION__NO_MATCH: 'allow' };
  }
  const source = { type: 'file', enable: true, path: `${configFolder}/${accessKey}` };
  return { EMQX_AUTHORIZATION__SOURCES: JSON.stringify([source]), EMQX_AUTHORIZATION__NO_MATCH: 'deny' };
}

/**
 * Nodes find each other by the records of the headless Service; its name and their own come from the Pod (emqx.ts). One by itself looks for
 * no others, which is what durable sessions want.
 */
const clusterSettings = ({ document }: Pipeline) => ({
  EMQX_CLUSTER__DISCOVERY_STRATEGY: document.spec.mqtt.broker!.replicas > 1 ? 'dns' : 'singleton',
  EMQX_CLUSTER__DNS__RECORD_TYPE: 'srv',
});

/**
 * Durable sessions are on disk. The open source edition has them for a single node only, and refuses shared subscriptions in them; elsewhere,
 * and in versions that lose messages from them, sessions are in memory, without a limit to what waits, as a limit is where messages are dropped.
 * https://github.com/emqx/emqx/blob/v5.8.8/changes/v5.8.0.en.md (builtin_local)
 * https://github.com/emqx/emqx/blob/v5.8.8/apps/emqx/src/emqx_persistent_session_ds/shared_subs_agent.hrl
 */
function sessionSettings({ document }: Pipeline, image: string) {
  const { receiveMaximum, sessionExpiry } = document.spec.mqtt;
  return {
    [durableSessionsVariable]: `${mayKeepSessions(document) && !losesDurableSessions(tagOf(image))}`,
    EMQX_MQTT__MAX_MQUEUE_LEN: 'infinity',
    EMQX_MQTT__MQUEUE_STORE_QOS0: 'false',
    // It would end a session that many messages wait in, and them with it.
    EMQX_FORCE_SHUTDOWN__ENABLE: 'false',
    // How many messages a client may owe an acknowledgement for: as many as the bridge takes. MQTT 3.1.1 lets only the broker say so.
    EMQX_MQTT__MAX_INFLIGHT: `${receiveMaximum}`,
    // Of clients that speak MQTT 3.1.1, which cannot say.
    EMQX_MQTT__SESSION_EXPIRY_INTERVAL: `${Math.ceil(durationMs(sessionExpiry) / 1000)}s`,
  };
}

/** Its own four listeners know no users. With `anonymous` nobody is asked who they are: EMQX cannot ask only those who say. */
function listenerSettings({ document }: Pipeline, name: string): Record<string, string> {
  const { anonymous, tls } = document.spec.mqtt.broker!;
  const defaults = ['TCP', 'SSL', 'WS', 'WSS'].map(type => [`EMQX_LISTENERS__${type}__DEFAULT__ENABLE`, 'false']);
  const listener = (type: 'TCP' | 'SSL', bind: number, others: Record<string, string> = {}) =>
    Object.entries({
      BIND: `${bind}`,
      ...(anonymous ? { ENABLE_AUTHN: 'false' } : { AUTHENTICATION: authentication }),
      ...others,
    }).map(([field, value]) => [`EMQX_LISTENERS__${type}__${name.toUpperCase()}__${field}`, value]);
  const secure = { SSL_OPTIONS__CERTFILE: certFile, SSL_OPTIONS__KEYFILE: keyFile };
  return Object.fromEntries([
    ...defaults,
    ...listener('TCP', brokerPorts.mqtt),
    ...(tls ? listener('SSL', brokerPorts.mqtts, secure) : []),
  ]);
}
