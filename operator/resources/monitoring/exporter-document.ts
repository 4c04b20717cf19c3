/**
 * What the exporter of a bridge watches: the broker and the Kafka cluster that the bridge connects to, as the user that the bridge is. Every
 * target has the bridge's name, so that exporters of several bridges at one broker are told apart.
 *
 * A probe is a message that is published. What the user of a broker that is not ours may publish is not known, and a broker that refuses it
 * would seem to pass nothing on. So only the broker that the operator runs is probed, where the exporter has a user of its own.
 */
import { apiVersion, type BridgeSpec, type MqttKafkaBridge } from '../../../api/bridge.ts';
import { minimalDocument } from '../../../api/minimal.ts';
import { bytesPattern } from '../../../api/units.ts';
import { exporterKind } from '../../../exporter/config/schema.ts';
import { runningDocument } from '../bridge-document.ts';
import { brokerPodsName, emqxApiPort } from '../broker/address.ts';
import { brokerResources } from '../broker/broker.ts';
import { emqxApi, exporterUser, ownUserKeys } from '../broker/users.ts';
import { brokerUserSecretName, emqxSecretName } from '../names.ts';
import type { Pipeline } from '../pipeline.ts';
import { sessionClientId, sessionIdentity } from '../session-identity.ts';
import { topicPatterns } from './kafka-topics.ts';

type Target = Readonly<Record<string, unknown>>;

/** Without what its defaults say: an exporter refuses a field that it does not know, and its image may be an older one. */
export function exporterDocument(pipeline: Pipeline): object {
  const { metadata, spec } = pipeline.document;
  const minimal = minimalDocument(runningDocument(pipeline)) as { spec: Pick<BridgeSpec, 'mqtt' | 'kafka'> };
  const targets = {
    mqtt: spec.mqtt.broker ? [managedBroker(pipeline)] : mqttTargets(pipeline, minimal.spec.mqtt),
    emqx: spec.mqtt.broker?.kind === 'emqx' ? [emqxTarget(pipeline.document)] : [],
    kafka: [
      {
        name: metadata.name,
        ...given(minimal.spec.kafka, 'bootstrapServers', 'auth', 'tls'),
        topics: { include: topicPatterns(spec) },
      },
    ],
  };
  return { apiVersion, kind: exporterKind, spec: withoutEmpty(targets) };
}

/** The exporter cannot send headers with a WebSocket: a broker that wants some would seem to be down. */
function mqttTargets({ document }: Pipeline, mqtt: BridgeSpec['mqtt']): Target[] {
  const { name } = document.metadata;
  if (mqtt.webSocket) return [];
  const common = {
    ...given(mqtt, 'version', 'auth', 'tls'),
    // EMQX lets only its own machine read $SYS.
    ...(document.spec.mqtt.brokerRef && { sys: false }),
  };
  if (mqtt.url !== undefined) return [{ name, url: mqtt.url, ...common }];
  return (mqtt.urls ?? []).map((url, index) => ({ name: `${name}-${index + 1}`, url, ...common }));
}

function managedBroker(pipeline: Pipeline): Target {
  const { metadata, spec } = pipeline.document;
  const password = fromSecret(brokerUserSecretName(metadata.name), ownUserKeys[exporterUser]);
  return {
    name: metadata.name,
    url: runningDocument(pipeline).spec.mqtt.url,
    auth: { username: exporterUser, password },
    // EMQX says more by its API.
    ...(spec.mqtt.broker?.kind === 'emqx' ? { sys: false } : memoryLimit(pipeline)),
    probe: {},
  };
}

const emqxTarget = (document: MqttKafkaBridge, { name } = document.metadata): Target => ({
  name,
  url: `http://${brokerPodsName(name)}:${emqxApiPort}`,
  apiKey: emqxApi.key,
  apiSecret: fromSecret(emqxSecretName(name), emqxApi.secretKey),
  ...sessions(document),
});

/** The sessions of all replicas that there may be, so that the exporter is not rolled with each change of their number. */
function sessions(document: MqttKafkaBridge): Target {
  const identity = sessionIdentity(document);
  if (identity === undefined) return {};
  const { replicas, autoscaling } = document.spec.bridge;
  const most = Math.max(replicas, autoscaling?.maxReplicas ?? 0, 1);
  const ids = Array.from({ length: most }, (_, ordinal) => sessionClientId(identity, ordinal));
  return { clients: [...new Set(ids)] };
}

/** Mosquitto keeps what waits in memory, without a limit of its own. Where its container has none either, none is known. */
function memoryLimit(pipeline: Pipeline): Target {
  const { limits } = brokerResources(pipeline) as { limits?: { memory?: string } };
  // Kubernetes has units of thousands without a B.
  const size = `${limits?.memory ?? ''}`.replace(/^([0-9.]+)([MGT])$/, '$1$2B');
  return new RegExp(bytesPattern).test(size) ? { memoryLimit: size } : {};
}

const fromSecret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });

/** Those of the fields that somebody has set. */
const given = <T extends object>(from: T, ...fields: readonly (keyof T)[]): Target =>
  Object.fromEntries(fields.flatMap(field => (from[field] === undefined ? [] : [[field, from[field]]])));

const withoutEmpty = (lists: Readonly<Record<string, readonly Target[]>>): object =>
  Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
