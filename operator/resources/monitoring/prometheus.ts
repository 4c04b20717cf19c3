/**
 * A small Prometheus for one bridge, where the cluster has none that would collect its metrics.
 *
 * It reads its configuration and its alerts again when they change, within half a minute of their arrival in the Pod. So a new version of the
 * operator with other alerts restarts nothing, and loses nothing where the data is only the Pod's.
 */
import { bytes, durationMs } from '../../../api/units.ts';
import type { KubeObject } from '../../runtime/object.ts';
import { chooseImage } from '../images.ts';
import { selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { prometheusName } from '../names.ts';
import { configMap, networkPolicy, podManagementPolicy, serviceAccount } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { httpProbes, type PodTemplate, podTemplate } from '../pods.ts';
import { dataVolume, volumeClaims } from '../volume-claims.ts';
import { collectorsOf } from './collectors.ts';
import { configKeys, prometheusFiles } from './prometheus-config.ts';

const component = 'prometheus';

export const prometheusPort = 9090;

/** `nobody` in Prometheus' own image. */
const user = 65_534;

const configFolder = '/etc/prometheus';
const dataFolder = '/prometheus';

/** A bridge and its exporter have about a thousand series: 15 days of them are 150 MB. */
const unkept = { sizeLimit: '2Gi', retentionBytes: 2 ** 30 };
/** Of a volume, for what Prometheus counts: the log that it writes first and the block that it makes next come on top. */
const usableShare = 0.8;

const usualResources = { requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: '512Mi' } };

export function prometheusObjects(pipeline: Pipeline): KubeObject[] {
  if (!collectorsOf(pipeline).managed) return [];
  const name = prometheusName(pipeline.document.metadata.name);
  return [
    configMap(pipeline, component, name, prometheusFiles(pipeline)),
    statefulSet(pipeline, name),
    service(pipeline, name),
    serviceAccount(pipeline, component, name),
    networkPolicy(pipeline, component, name, [prometheusPort]),
  ];
}

/** What Grafana asks; in the same namespace, so its name is enough. */
export const prometheusAddress = (bridge: string): string => `http://${prometheusName(bridge)}:${prometheusPort}`;

const specOf = ({ document }: Pipeline) => document.spec.monitoring!.prometheus!;

function statefulSet(pipeline: Pipeline, name: string): KubeObject {
  const { image: named } = specOf(pipeline);
  const { image, annotations } = chooseImage(pipeline, component, named, pipeline.settings.images.prometheus);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...metadataOf(pipeline, component, name), annotations },
    spec: {
      replicas: 1,
      serviceName: name,
      podManagementPolicy,
      selector: { matchLabels: selectorLabels(pipeline.document.metadata.name, component) },
      template: template(pipeline, name, image),
      ...volumeClaims(specOf(pipeline)),
    },
  };
}

function template(pipeline: Pipeline, name: string, image: string): PodTemplate {
  const { storage, retention, resources, podTemplate: written } = specOf(pipeline);
  const retentionBytes = storage === undefined ? unkept.retentionBytes : Math.floor(usableShare * bytes(storage));
  const container = {
    name: component,
    image,
    args: [
      `--config.file=${configFolder}/${configKeys.config}`,
      '--enable-feature=auto-reload-config',
      `--storage.tsdb.path=${dataFolder}`,
      `--storage.tsdb.retention.time=${Math.ceil(durationMs(retention) / 1000)}s`,
      `--storage.tsdb.retention.size=${retentionBytes}B`,
    ],
    ports: [{ name: 'http', containerPort: prometheusPort }],
    ...httpProbes('/-/healthy', '/-/ready'),
    resources: resources ?? pipeline.settings.defaults.resources.prometheus ?? usualResources,
    volumeMounts: [
      { name: 'config', mountPath: configFolder, readOnly: true },
      { name: dataVolume, mountPath: dataFolder },
    ],
  };
  return podTemplate(pipeline, {
    component,
    serviceAccountName: name,
    user,
    containers: [container],
    volumes: [
      { name: 'config', configMap: { name } },
      ...(storage === undefined ? [{ name: dataVolume, emptyDir: { sizeLimit: unkept.sizeLimit } }] : []),
    ],
    podTemplate: written,
    // Its own ConfigMap is not among them, because it is read again.
    made: [],
  });
}

const service = (pipeline: Pipeline, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadataOf(pipeline, component, name),
  spec: {
    selector: selectorLabels(pipeline.document.metadata.name, component),
    ports: [{ name: 'http', port: prometheusPort }],
  },
});
