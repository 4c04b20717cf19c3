/**
 * What lets people watch the operator: how Prometheus finds it, its alerts, and its dashboard. An installation has them only where it is asked,
 * for not every cluster knows these kinds, and alerts would fire where nobody scrapes.
 */
import { operatorDashboards } from '../../dashboards/generated-files.ts';
import { nowhere, operatorRuleGroups, rulesOf } from '../../dashboards/rule-file.ts';
import { labels, metadata, operatorName, operatorNamespace, selector } from './names.ts';
import type { Manifest } from './objects.ts';
import { metricsReaderName } from './roles.ts';

const apiVersion = 'monitoring.coreos.com/v1';

const accountName = `${operatorName}-metrics`;
/** With a namespace, by which kustomize knows whom the binding means when it moves all of them to another. */
const accountMetadata = { ...metadata(accountName), namespace: operatorNamespace };
const rbac = 'rbac.authorization.k8s.io';

/**
 * The account that Prometheus reads /metrics as, and its token, which Kubernetes writes into the Secret. Not Prometheus' own account: the token goes over
 * the network in plain, to every Pod with the labels, and this one may do nothing else.
 */
export const metricsAccount: readonly Manifest[] = [
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: accountMetadata,
    automountServiceAccountToken: false,
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...accountMetadata, annotations: { 'kubernetes.io/service-account.name': accountName } },
    type: 'kubernetes.io/service-account-token',
  },
  {
    apiVersion: `${rbac}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: metadata(accountName),
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: metricsReaderName },
    subjects: [{ kind: 'ServiceAccount', name: accountName, namespace: operatorNamespace }],
  },
];

/**
 * Alerts and the dashboard ask for the job by the name that is on the Pods. A series about a bridge has the bridge's namespace, and keeps
 * it: `honorLabels`.
 */
export const podMonitor: Manifest = {
  apiVersion,
  kind: 'PodMonitor',
  metadata: metadata(),
  spec: {
    jobLabel: 'app.kubernetes.io/name',
    selector: { matchLabels: selector },
    podMetricsEndpoints: [
      {
        port: 'http',
        path: '/metrics',
        interval: '30s',
        honorLabels: true,
        authorization: { credentials: { name: accountName, key: 'token' } },
      },
    ],
  },
};

/** The operator's alerts, as the file of a Prometheus without its operator has them. */
export const alerts = rulesOf(operatorRuleGroups, nowhere);

export const prometheusRule: Manifest = { apiVersion, kind: 'PrometheusRule', metadata: metadata(), spec: alerts };

/** The files of its dashboards, by name, in one line each; dashboards/operator/generated has them for people to read. */
export const dashboards: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(operatorDashboards).map(([name, build]) => [`mqtt-kafka-${name}.json`, JSON.stringify(build())]),
);

/** Grafana's sidecar, as its Helm chart and kube-prometheus-stack run it, takes ConfigMaps with this label. */
export const dashboard: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `${operatorName}-dashboard`, labels: { ...labels, grafana_dashboard: '1' } },
  data: dashboards,
};
