/** A Job that drains the session of a replica that was scaled away (reconcile/sessions.ts says why). */
import type { KubeObject } from '../runtime/object.ts';
import { bridgeResources, documentArguments, documentVolumes, mkbUser } from './bridge-pod.ts';
import { chooseImage } from './images.ts';
import { metadataOf } from './metadata.ts';
import { bridgeName, drainName } from './names.ts';
import type { Pipeline } from './pipeline.ts';
import { podTemplate } from './pods.ts';

const component = 'drain';

/** How often it is tried, with growing pauses between, before a person must look. */
const backoffLimit = 10;

/**
 * @param ordinal of the replica
 * @param made ConfigMaps and Secrets that its Pod reads
 */
export function drainJob(pipeline: Pipeline, ordinal: number, made: readonly KubeObject[] = []): KubeObject {
  const { name } = pipeline.document.metadata;
  const { bridge } = pipeline.document.spec;
  const { image } = chooseImage(pipeline, 'bridge', bridge.image, pipeline.settings.images.bridge);
  const { volumes, volumeMounts } = documentVolumes(pipeline);
  const container = {
    name: component,
    image,
    args: ['drain', ...documentArguments, '--ordinal', `${ordinal}`],
    resources: bridgeResources(pipeline),
    volumeMounts,
  };
  const template = podTemplate(pipeline, {
    component,
    serviceAccountName: bridgeName(name),
    user: mkbUser,
    containers: [container],
    volumes,
    // What people wrote for the bridge is for its container.
    podTemplate: undefined,
    made,
  });
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadataOf(pipeline, component, drainName(name, ordinal)),
    spec: { backoffLimit, template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
  };
}

/** One for each session beyond the replicas that are wanted. A bridge with no replicas is paused, and keeps its sessions. */
export function drainJobs(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject[] {
  const { mqtt, bridge } = pipeline.document.spec;
  if (mqtt.share === undefined || bridge.replicas === 0) return [];
  const count = Math.max(pipeline.observed.sessions - bridge.replicas, 0);
  return Array.from({ length: count }, (_, index) => drainJob(pipeline, bridge.replicas + index, made));
}
