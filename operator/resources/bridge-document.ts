/**
 * The document that the bridge runs from. It is the one that people wrote, with what only the operator knows filled in (the address and user
 * of a broker that it runs, what a reference to a Kafka cluster stands for), without its secrets, and without what is none of the bridge's
 * business: how many replicas there are, what monitors them. Pods take a change of this text while they run, or are rolled: see bridge.ts.
 *
 * Defaults are left out, so that an operator with a newer schema writes nothing that a bridge of an older image does not know.
 */
import { stringify } from 'yaml';
import type { BridgeSpec, MqttKafkaBridge } from '../../api/bridge.ts';
import { bridgeUser } from '../../api/checks/operation.ts';
import { MkbError } from '../../api/errors.ts';
import { minimalDocument } from '../../api/minimal.ts';
import { documentHash } from '../../api/reload/document-hash.ts';
import { defaultDrainTimeout } from '../../api/schema/bridge.ts';
import type { KubeObject } from '../runtime/object.ts';
import { brokerHost, brokerPorts } from './broker/address.ts';
import { withoutTexts } from './document-secrets.ts';
import { annotations, configHash } from './labels.ts';
import { bridgeName, brokerUserSecretName, kafkaSecretName } from './names.ts';
import { configMap } from './parts.ts';
import type { KafkaCluster, Pipeline } from './pipeline.ts';

/** The keys of the ConfigMap: what the bridge runs from, and the last good `spec` as people wrote it. */
export const documentKeys = { runs: 'bridge.yaml', spec: 'spec.yaml' } as const;

/** Keys of the Secret of a managed broker's own user. */
export const brokerUserKeys = { password: 'password' } as const;
/** Keys of the Secret of what a `kafka.clusterRef` stands for. */
export const kafkaKeys = { ca: 'ca.crt', password: 'password', cert: 'user.crt', key: 'user.key' } as const;

export function bridgeConfigMap(pipeline: Pipeline): KubeObject {
  const { metadata } = pipeline.document;
  const made = configMap(pipeline, 'bridge', bridgeName(metadata.name), {
    [documentKeys.runs]: stringify(minimalDocument(runningDocument(pipeline))),
    [documentKeys.spec]: stringify(keptSpec(pipeline.document)),
  });
  const identity = metadata.annotations?.[annotations.identity];
  const notes = {
    ...(identity !== undefined && { [annotations.identity]: identity }),
    [configHash]: `${runningHash(pipeline)}`,
  };
  return { ...made, metadata: { ...made.metadata, annotations: notes } };
}

/** As a bridge that runs it shows it. */
export const runningHash = (pipeline: Pipeline): number => documentHash(runningDocument(pipeline));

/** The `spec` of the last good document, in YAML, out of the ConfigMap; undefined when it holds none. */
export const lastGoodSpec = ({ data }: KubeObject): string | undefined =>
  (data as Readonly<Record<string, string>> | undefined)?.[documentKeys.spec];

/** The number of replicas is kept although it may be the schema's default, which is not the operator's. */
export function keptSpec(document: MqttKafkaBridge): unknown {
  const { spec } = minimalDocument(withoutTexts(document)) as { spec: { bridge?: object } };
  return { ...spec, bridge: { ...spec.bridge, replicas: document.spec.bridge.replicas } };
}

/** Complete, as `mkb run` takes it. */
export function runningDocument({ document, observed }: Pipeline): MqttKafkaBridge {
  const { apiVersion, kind, metadata, spec } = withoutTexts(document);
  const { monitoring: _, metadata: _1, overrides: _2, mqtt, kafka, ...rest } = spec;
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name },
    spec: {
      ...rest,
      bridge: { replicas: 1, drainTimeout: defaultDrainTimeout },
      overrides: [],
      mqtt: withOldFilters(resolvedMqtt(document, mqtt, observed.brokerUrl), observed.oldFilters),
      kafka: resolvedKafka(kafka, metadata.name, observed.kafka),
    },
  };
}

/** Those that the session may still have, and that the document does not want: MQTT 3.1.1 has no way to find them. */
const withOldFilters = (mqtt: BridgeSpec['mqtt'], filters: readonly string[]): BridgeSpec['mqtt'] =>
  filters.length === 0 ? mqtt : { ...mqtt, unsubscribe: [...new Set([...mqtt.unsubscribe, ...filters])] };

function resolvedMqtt(
  document: MqttKafkaBridge,
  mqtt: BridgeSpec['mqtt'],
  brokerUrl: string | undefined,
): BridgeSpec['mqtt'] {
  const { broker, brokerRef, ...rest } = mqtt;
  if (brokerRef) return { ...rest, url: known(brokerUrl, 'spec.mqtt.brokerRef') };
  if (broker === undefined) return mqtt;
  const password = fromSecret(brokerUserSecretName(document.metadata.name), brokerUserKeys.password);
  return {
    ...rest,
    url: `mqtt://${brokerHost(document)}:${brokerPorts.mqtt}`,
    auth: { username: bridgeUser, password },
  };
}

function resolvedKafka(
  kafka: BridgeSpec['kafka'],
  name: string,
  cluster: KafkaCluster | undefined,
): BridgeSpec['kafka'] {
  const { clusterRef, ...rest } = kafka;
  if (clusterRef === undefined) return kafka;
  const { bootstrapServers, ca, user } = known(cluster, 'spec.kafka.clusterRef');
  const of = (key: string) => fromSecret(kafkaSecretName(name), key);
  const { tls = { insecureSkipVerify: false } } = kafka;
  return {
    ...rest,
    bootstrapServers: [...bootstrapServers],
    ...(ca !== undefined && {
      tls: {
        ca: of(kafkaKeys.ca),
        ...(user?.kind === 'tls' && { cert: of(kafkaKeys.cert), key: of(kafkaKeys.key) }),
        ...tls,
      },
    }),
    ...(user?.kind === 'scram-sha-512' && {
      auth: { mechanism: user.kind, username: user.username, password: of(kafkaKeys.password) },
    }),
  };
}

const fromSecret = (name: string, key: string) => ({ valueFrom: { secretKeyRef: { name, key } } });

/** @throws lookup-needs-cluster where nobody has looked it up, because there is no cluster */
function known<T>(found: T | undefined, field: string): T {
  if (found === undefined) throw new MkbError('lookup-needs-cluster', { field });
  return found;
}
