/** What of the Helm chart is made from code: its name and version, and the schema of its values. */
import type { JsonSchema } from '../../api/json-schema.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { operatorName, version } from './names.ts';

export const chartFile = {
  apiVersion: 'v2',
  name: operatorName,
  description: 'Runs, heals and scales MqttKafkaBridge resources: pipelines between MQTT and Apache Kafka.',
  type: 'application',
  version,
  appVersion: version,
  kubeVersion: '>=1.29.0-0',
  keywords: ['mqtt', 'kafka', 'iot'],
  annotations: { 'artifacthub.io/license': packageJson.license },
};

const text = (description: string) => ({ type: 'string', description });
const flag = (description: string) => ({ type: 'boolean', description });
/** What is passed on to Kubernetes, which checks it. */
const passedOn = (description: string) => ({ type: 'object', description });
const passedOnList = (description: string) => ({ type: 'array', description });
const texts = (description: string) => ({ type: 'object', description, additionalProperties: { type: 'string' } });
const closed = (description: string, properties: Readonly<Record<string, unknown>>) => ({
  type: 'object',
  description,
  properties,
  additionalProperties: false,
});

/** @param configuration the schema of the operator's own `spec` */
export const valuesSchema = (configuration: JsonSchema): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: `Values of ${operatorName}`,
  ...closed('What may be set with --set or in a file of values.', {
    image: closed('The one image of everything: the operator, the bridge and the exporter are its commands.', {
      repository: text('Without the tag.'),
      tag: text("The tag. Default: the chart's appVersion."),
      digest: {
        type: 'string',
        pattern: '^(sha256:[0-9a-f]{64})?$',
        description: 'The digest that the image must have, sha256:..., beside the tag.',
      },
      pullPolicy: { enum: ['', 'Always', 'IfNotPresent', 'Never'], description: 'As Kubernetes has it.' },
      pullSecrets: passedOnList('Secrets for pulling it, as {name: ...}.'),
    }),
    replicas: { type: 'integer', minimum: 0, maximum: 9, description: 'Operators; one works and the others wait.' },
    configuration: {
      ...configuration,
      description: "The operator's own configuration: the `spec` of MqttKafkaOperator. See docs/reference/operator.md.",
    },
    logLevel: { enum: ['trace', 'debug', 'info', 'warn', 'error'], description: 'The least important level to log.' },
    crd: closed('The custom resource definition MqttKafkaBridge.', {
      install: flag('Install and upgrade it with the chart. Only one release in a cluster can.'),
      keep: flag('Keep it, and with it every bridge, when the release is uninstalled.'),
    }),
    rbac: closed('Roles.', {
      create: flag('Make the roles that the operator needs. Without, give its service account the same rights.'),
      aggregate: flag("Let Kubernetes' own roles view, edit and admin include bridges."),
    }),
    serviceAccount: closed('The service account of the operator.', {
      create: flag('Make it. Without, `name` must exist.'),
      name: text("Its name. Default: the release's full name."),
      annotations: texts('Its annotations.'),
    }),
    networkPolicy: closed('A NetworkPolicy that lets others reach only the HTTP port.', { enabled: flag('Make it.') }),
    podDisruptionBudget: closed('No more than one of its Pods is evicted at a time.', { enabled: flag('Make it.') }),
    podMonitor: closed('A PodMonitor, where the Prometheus operator is.', {
      enabled: flag('Make it.'),
      labels: texts('Labels that your Prometheus selects by.'),
      interval: text('How often it is scraped.'),
    }),
    serviceMonitor: closed('A ServiceMonitor in place of the PodMonitor, for a Prometheus that selects only those.', {
      enabled: flag('Make it.'),
      labels: texts('Labels that your Prometheus selects by.'),
      interval: text('How often it is scraped.'),
    }),
    prometheusRule: closed("The operator's alerts, where the Prometheus operator is.", {
      enabled: flag('Make a PrometheusRule. It needs a Prometheus that scrapes the operator.'),
      labels: texts('Labels that your Prometheus selects by.'),
      grafana: text('What links to the dashboard begin with, such as https://grafana.example.'),
      runbooks: text('What links to runbooks begin with, before docs/runbooks; with a slash at its end.'),
    }),
    dashboard: closed("A ConfigMap with the operator's dashboard, which the sidecar of a Grafana reads.", {
      enabled: flag('Make it.'),
      labels: texts('Labels that your Grafana looks for.'),
    }),
    webhook: closed('A webhook that checks documents when they are applied, and not only when they are run.', {
      enabled: flag('Serve it, and have the API server ask it.'),
      certManager: flag('Let cert-manager issue and renew its certificate.'),
      secretName: text(
        'Without cert-manager: a Secret of the type kubernetes.io/tls for <full name>-webhook.<namespace>.svc.',
      ),
      caBundle: text('Without cert-manager: who signed it, in PEM.'),
    }),
    resources: passedOn('CPU and memory of the operator.'),
    commonLabels: {
      ...texts(
        'Labels of everything that the chart makes but the custom resource definition; not those that it selects by.',
      ),
      propertyNames: { not: { pattern: '^(app\\.kubernetes\\.io|helm\\.sh)/' } },
    },
    podSecurityContext: passedOn('The security context of its Pods, in place of that of the chart.'),
    securityContext: passedOn('The security context of its container, in place of that of the chart.'),
    extraEnv: passedOnList('Variables of its container, such as HTTPS_PROXY, as {name: ..., value: ...}.'),
    extraVolumes: passedOnList('More volumes of its Pods.'),
    extraVolumeMounts: passedOnList('Where its container has them.'),
    podLabels: texts('More labels of its Pods.'),
    podAnnotations: texts('More annotations of its Pods.'),
    priorityClassName: text('The priority class of its Pods.'),
    nodeSelector: texts('Which nodes its Pods may be on.'),
    tolerations: passedOnList('Which taints its Pods tolerate.'),
    affinity: passedOn('Where its Pods are rather put.'),
    topologySpreadConstraints: passedOnList('In place of the spread over hosts and zones.'),
    nameOverride: text('In place of the name of the chart.'),
    fullnameOverride: text('The name of everything that the release makes.'),
    global: passedOn('Values that Helm hands to every chart; unused.'),
  }),
});
