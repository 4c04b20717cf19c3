/**
 * The ClusterServiceVersion: how OLM installs the operator, and what people read of it before.
 *
 * The Deployment is that of install.yaml but for where it works: OLM says so in an annotation of the Pods, which has one namespace, several
 * with commas, or none for all of them. The rules are those of install.yaml, too. They are asked for as `permissions`, of which OLM makes
 * roles in each namespace to work in and in the operator's own, where the Lease is; and cluster roles when these are all.
 */
import { apiVersion, kind } from '../../../api/bridge.ts';
import { crdName } from '../../../api/crd.ts';
import { userKind } from '../../../api/mqtt-user.ts';
import { userCrdName } from '../../../api/user-crd.ts';
import { kinds } from '../../../operator/kinds.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import type { deployment } from '../deployment.ts';
import { image, labels, operatorName, version } from '../names.ts';
import { type Manifest, ownObjects } from '../objects.ts';
import { operatorRules, ownRules, reviewRules } from '../roles.ts';
import { specDescriptors, statusDescriptors } from './descriptors.ts';

const title = 'MQTT Kafka Operator';
const summary = 'Runs, heals and scales pipelines between MQTT and Apache Kafka.';

/** What a console offers for a start. */
export const example = {
  apiVersion,
  kind,
  metadata: { name: 'my-vehicles' },
  spec: {
    mqtt: { url: 'mqtt://mqtt.example:1883', share: 'my-vehicles' },
    kafka: { bootstrapServers: ['kafka.example:9092'], topics: [{ name: 'my-vehicles', partitions: 10, replicas: 3 }] },
    rules: [
      {
        name: 'vehicles',
        sql: 'SELECT payload FROM "vehicles/{vin}/status"',
        sinks: [{ kafka: { topic: 'my-vehicles', key: '${vin}', timestamp: '${timestamp}' } }],
      },
    ],
    bridge: { replicas: 2 },
  },
};

/** The same of a user. */
export const userExample = {
  apiVersion,
  kind: userKind,
  metadata: { name: 'vehicle-1' },
  spec: {
    bridgeRef: { name: 'my-vehicles' },
    acls: [{ topic: 'vehicles/${username}/#', action: 'publish', permission: 'allow' }],
  },
};

const description = `The operator makes pipelines of \`${kind}\` resources, and keeps them running: a bridge that subscribes at an MQTT broker, passes messages
through rules in SQL, and writes them to Apache Kafka. A message is acknowledged to the broker when Kafka has it: none is lost that was acknowledged.

Where you ask for it, the operator also runs the MQTT broker (Mosquitto or EMQX), and what watches the pipeline: metrics of broker and Kafka,
Prometheus with alerts, Grafana with dashboards. What it runs does not depend on it.

The configuration is the ConfigMap \`${operatorName}\`. To have your own, which an upgrade leaves alone, give the Subscription a volume
\`configuration\` with another ConfigMap.
`;

const target = 'WATCH_NAMESPACE';

/** That of install.yaml, told by OLM where to work. */
function targeted(): Manifest['spec'] {
  const { spec } = ownObjects.find(each => each.kind === 'Deployment') as unknown as ReturnType<typeof deployment>;
  const annotation = "metadata.annotations['olm.targetNamespaces']";
  const containers = spec.template.spec.containers.map(({ args, ...rest }) => ({
    ...rest,
    args: [...args, '--namespace', `$(${target})`],
    env: [{ name: target, valueFrom: { fieldRef: { fieldPath: annotation } } }],
  }));
  return { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } };
}

const owned = {
  name: crdName,
  version: apiVersion.split('/')[1],
  kind,
  displayName: 'MQTT Kafka Bridge',
  description: 'A pipeline: where messages come from, what is done with them, and where they go.',
  resources: [kinds.statefulSet, kinds.deployment, kinds.service, kinds.configMap, kinds.secret, kinds.pod].map(
    each => ({
      kind: each.kind,
      name: '',
      version: each.apiVersion.split('/').at(-1),
    }),
  ),
  specDescriptors,
  statusDescriptors,
};

const ownedUser = {
  name: userCrdName,
  version: apiVersion.split('/')[1],
  kind: userKind,
  displayName: 'MQTT User',
  description: 'Who may connect to a broker that the operator runs, and which topics they may use.',
  resources: [{ kind: 'Secret', name: '', version: 'v1' }],
};

/** [operators.coreos.com/v1alpha1] */
export const clusterServiceVersion = (): Manifest => ({
  apiVersion: 'operators.coreos.com/v1alpha1',
  kind: 'ClusterServiceVersion',
  metadata: {
    name: `${operatorName}.v${version}`,
    annotations: {
      'alm-examples': JSON.stringify([example, userExample], null, 2),
      // docs/capability-levels.md has the proof of each level. The next is Auto Pilot, part of which is tuning, and we do none.
      capabilities: 'Deep Insights',
      categories: 'Streaming & Messaging',
      containerImage: image,
      description: summary,
    },
  },
  spec: {
    displayName: title,
    description,
    version,
    maturity: 'alpha',
    minKubeVersion: '1.29.0',
    provider: { name: packageJson.name },
    keywords: ['mqtt', 'kafka', 'iot', 'streaming'],
    installModes: ['OwnNamespace', 'SingleNamespace', 'MultiNamespace', 'AllNamespaces'].map(type => ({
      type,
      supported: true,
    })),
    install: {
      strategy: 'deployment',
      spec: {
        clusterPermissions: [{ serviceAccountName: operatorName, rules: reviewRules }],
        permissions: [{ serviceAccountName: operatorName, rules: [...operatorRules, ...ownRules] }],
        deployments: [{ name: operatorName, label: labels, spec: targeted() }],
      },
    },
    customresourcedefinitions: { owned: [owned, ownedUser] },
  },
});
