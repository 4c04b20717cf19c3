/**
 * Grafana with the dashboards; or, for one that is there already, the dashboards in a ConfigMap with the labels that it looks for.
 *
 * Ours keeps nothing: what it shows is provisioned, and its database goes with its Pod. So the password of `admin`, which Grafana takes only
 * for a database that is new, is always the one that the Secret says. Dashboards are read again while it runs, and do not restart it.
 */
import type { KubeObject } from '../../runtime/object.ts';
import { clientService } from '../client-service.ts';
import { chooseImage } from '../images.ts';
import { selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { grafanaName } from '../names.ts';
import { configMap, networkPolicy, serviceAccount } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { httpProbes, type PodTemplate, podTemplate } from '../pods.ts';
import { secretVolumes } from '../read-volumes.ts';
import { dashboardFiles, homeDashboard } from './dashboards.ts';
import { adminPassword, adminSecret } from './grafana-admin.ts';
import { grafanaSettings, provisioningFiles, provisioningFolders } from './grafana-files.ts';
import { prometheusAddress } from './prometheus.ts';

const component = 'grafana';

const grafanaPort = 3000;

/** `grafana` in its own image. */
const user = 472;

const provisioningFolder = '/etc/grafana/provisioning';
const dashboardsFolder = '/etc/grafana/dashboards';

/** The ConfigMap of the dashboards. */
const dashboardsName = (name: string): string => `${grafanaName(name)}-dashboards`;

const usualResources = { requests: { cpu: '50m', memory: '192Mi' }, limits: { memory: '512Mi' } };

/** @param made ConfigMaps and Secrets that its Pod reads besides its own */
export function grafanaObjects(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  const grafana = spec.monitoring?.grafana;
  if (grafana === undefined) return [];
  if (grafana.existing) return [labelledDashboards(pipeline, grafana.existing.labels)];
  const name = grafanaName(metadata.name);
  const url = grafana.prometheusUrl ?? prometheusAddress(metadata.name);
  const read = [
    ...adminSecret(pipeline),
    configMap(pipeline, component, name, provisioningFiles(url, dashboardsFolder)),
  ];
  return [
    ...read,
    dashboards(pipeline),
    deployment(pipeline, name, [...made, ...read]),
    clientService(pipeline, component, name, grafana.service, [{ name: 'http', port: grafanaPort }]),
    serviceAccount(pipeline, component, name),
    networkPolicy(pipeline, component, name, [grafanaPort]),
  ];
}

const grafanaOf = ({ document }: Pipeline) => document.spec.monitoring!.grafana!;

const dashboards = (pipeline: Pipeline): KubeObject =>
  configMap(pipeline, component, dashboardsName(pipeline.document.metadata.name), dashboardFiles(pipeline));

/** Ours last: the operator finds its own by them. */
function labelledDashboards(pipeline: Pipeline, labels: Readonly<Record<string, string>>): KubeObject {
  const made = dashboards(pipeline);
  return { ...made, metadata: { ...made.metadata, labels: { ...labels, ...made.metadata.labels } } };
}

function deployment(pipeline: Pipeline, name: string, made: readonly KubeObject[]): KubeObject {
  const { image: named } = grafanaOf(pipeline);
  const { image, annotations } = chooseImage(pipeline, component, named, pipeline.settings.images.grafana);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadataOf(pipeline, component, name), annotations },
    spec: {
      replicas: 1,
      selector: { matchLabels: selectorLabels(pipeline.document.metadata.name, component) },
      template: template(pipeline, name, image, made),
    },
  };
}

function template(pipeline: Pipeline, name: string, image: string, made: readonly KubeObject[]): PodTemplate {
  const { resources, podTemplate: written } = grafanaOf(pipeline);
  const password = adminPassword(pipeline);
  const secrets = secretVolumes(password.secrets);
  const container = {
    name: component,
    image,
    env: environment({
      ...grafanaSettings,
      GF_SECURITY_ADMIN_PASSWORD: password.expression,
      GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${dashboardsFolder}/${homeDashboard}`,
    }),
    ports: [{ name: 'http', containerPort: grafanaPort }],
    ...httpProbes('/api/health', '/api/health'),
    resources: resources ?? pipeline.settings.defaults.resources.grafana ?? usualResources,
    volumeMounts: [
      { name: 'provisioning', mountPath: provisioningFolder, readOnly: true },
      { name: 'dashboards', mountPath: dashboardsFolder, readOnly: true },
      { name: 'data', mountPath: '/var/lib/grafana' },
      { name: 'tmp', mountPath: '/tmp' },
      ...secrets.volumeMounts,
    ],
  };
  const items = Object.entries(provisioningFolders).map(([key, folder]) => ({ key, path: `${folder}/${key}` }));
  return podTemplate(pipeline, {
    component,
    serviceAccountName: name,
    user,
    containers: [container],
    volumes: [
      { name: 'provisioning', configMap: { name, items } },
      { name: 'dashboards', configMap: { name: dashboardsName(pipeline.document.metadata.name) } },
      { name: 'data', emptyDir: {} },
      { name: 'tmp', emptyDir: {} },
      ...secrets.volumes,
    ],
    podTemplate: written,
    made,
  });
}

const environment = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => ({ name, value }));
