/** The exporter of a bridge: what its broker and its Kafka cluster do, for Prometheus. */
import { stringify } from 'yaml';
import { exporterField } from '../../../exporter/config/schema.ts';
import type { KubeObject } from '../../runtime/object.ts';
import { mkbUser } from '../bridge-pod.ts';
import { secretKeysOf } from '../document-secrets.ts';
import { followedImage } from '../images.ts';
import { selectorLabels } from '../labels.ts';
import { metadataOf } from '../metadata.ts';
import { exporterName } from '../names.ts';
import { configMap, headlessService, networkPolicy, serviceAccount } from '../parts.ts';
import type { Pipeline } from '../pipeline.ts';
import { httpProbes, podTemplate } from '../pods.ts';
import { readArguments, readVolumes } from '../read-volumes.ts';
import { exporterDocument } from './exporter-document.ts';

const component = 'exporter';

/** Where it serves /metrics, /healthz and /readyz. */
export const exporterPort = 9401;

/** The key of the ConfigMap. */
const documentKey = 'exporter.yaml';

const usualResources = { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '256Mi' } };

/** @param made ConfigMaps and Secrets that its Pod reads besides its own */
export function exporterObjects(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject[] {
  const { metadata, spec } = pipeline.document;
  if (spec.monitoring?.exporter === undefined) return [];
  const name = exporterName(metadata.name);
  const document = exporterDocument(pipeline);
  const own = configMap(pipeline, component, name, { [documentKey]: stringify(document) });
  return [
    own,
    deployment(pipeline, document, [...made, own]),
    headlessService(pipeline, component, name, [{ name: 'http', port: exporterPort }]),
    serviceAccount(pipeline, component, name),
    networkPolicy(pipeline, component, name, [exporterPort]),
  ];
}

function deployment(pipeline: Pipeline, document: object, made: readonly KubeObject[]): KubeObject {
  const { metadata, spec } = pipeline.document;
  const { image: named, resources, podTemplate: written } = spec.monitoring!.exporter!;
  const name = exporterName(metadata.name);
  const { image, annotations } = followedImage(pipeline, named, pipeline.settings.images.exporter);
  const { volumes, volumeMounts } = readVolumes(name, documentKey, secretKeysOf(document, exporterField));
  const container = {
    name: component,
    image,
    args: ['exporter', ...readArguments(documentKey), '--http', `0.0.0.0:${exporterPort}`],
    ports: [{ name: 'http', containerPort: exporterPort }],
    ...httpProbes('/healthz', '/readyz'),
    resources: resources ?? pipeline.settings.defaults.resources.exporter ?? usualResources,
    volumeMounts,
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadataOf(pipeline, component, name), annotations },
    spec: {
      replicas: 1,
      // Two at once would show everything twice.
      strategy: { type: 'Recreate' },
      selector: { matchLabels: selectorLabels(metadata.name, component) },
      template: podTemplate(pipeline, {
        component,
        serviceAccountName: name,
        user: mkbUser,
        containers: [container],
        volumes,
        podTemplate: written,
        made,
      }),
    },
  };
}
