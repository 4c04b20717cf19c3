/**
 * The bridge: a StatefulSet, since each replica has a session of its own at the broker and must come back as itself. Its Pods start and stop
 * together, and are rolled one at a time; the others take over what it read, through the shared subscription. That of `mqtt.listen` is one as well:
 * there is never a second one beside the one that has the clients' sessions.
 */
import { startPart } from '../../api/reload/start-part.ts';
import { durationMs } from '../../api/units.ts';
import type { KubeObject } from '../runtime/object.ts';
import { documentKeys, runningDocument, runningHash } from './bridge-document.ts';
import { bridgeResources, documentArguments, documentVolumes, mkbUser } from './bridge-pod.ts';
import { bufferClaims, bufferMount, bufferVolume } from './buffer-volume.ts';
import { clientEntrances, clientPorts } from './clients.ts';
import { type SecretKey, withoutTexts } from './document-secrets.ts';
import { chooseImage } from './images.ts';
import { annotations, inputsHash, selectorLabels, startedFor } from './labels.ts';
import { isInCluster, metadataOf } from './metadata.ts';
import { bridgeName } from './names.ts';
import { headlessService, networkPolicy, podDisruptionBudget, podManagementPolicy, serviceAccount } from './parts.ts';
import type { Pipeline } from './pipeline.ts';
import { httpProbes, type PodTemplate, podTemplate } from './pods.ts';
import { tableVolumes } from './table-volumes.ts';

const component = 'bridge';

/** Where it serves /metrics, /healthz and /readyz. */
export const bridgePort = 9400;

/** What a Pod may need beyond `delivery.shutdownTimeout` to end. */
const endingSeconds = 5;

/** How long a Pod still takes clients when it is to end: so long may Services and load balancers lead them to it. */
const leavingSeconds = 3;

/** @param made ConfigMaps and Secrets that its Pods read */
export function bridgeObjects(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject[] {
  const name = bridgeName(pipeline.document.metadata.name);
  const { autoscaling } = pipeline.document.spec.bridge;
  return [
    statefulSet(pipeline, made),
    headlessService(pipeline, component, name, [{ name: 'http', port: bridgePort }]),
    serviceAccount(pipeline, component, name),
    podDisruptionBudget(pipeline, component, name),
    networkPolicy(pipeline, component, name, [bridgePort, ...clientPorts(pipeline.document).map(({ port }) => port)]),
    ...clientEntrances(pipeline),
    ...(autoscaling ? [autoscaler(pipeline, autoscaling)] : []),
  ];
}

function statefulSet(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject {
  const { metadata, spec } = pipeline.document;
  const name = bridgeName(metadata.name);
  const chosen = chooseImage(pipeline, component, spec.bridge.image, pipeline.settings.images.bridge);
  const volume = bufferVolume(pipeline.document);
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { ...metadataOf(pipeline, component, name), annotations: chosen.annotations },
    spec: {
      ...replicasOf(pipeline),
      serviceName: name,
      podManagementPolicy,
      updateStrategy: { type: 'RollingUpdate' },
      selector: { matchLabels: selectorLabels(metadata.name, component) },
      template: template(pipeline, chosen.image, made),
      ...(volume && bufferClaims(volume)),
    },
  };
}

/**
 * Ends replicas that no StatefulSet has any more: it was taken away without its Pods, to be replaced or by a person, and the bridge was deleted
 * then. This one takes them over and has room for none.
 */
export function emptyStatefulSet(pipeline: Pipeline): KubeObject {
  const { kind, apiVersion, metadata, spec } = statefulSet(pipeline, []) as KubeObject & { readonly spec: object };
  return { apiVersion, kind, metadata, spec: { ...spec, replicas: 0 } };
}

function template(pipeline: Pipeline, image: string, objects: readonly KubeObject[]): PodTemplate {
  const { metadata, spec } = pipeline.document;
  const { volumes, volumeMounts } = documentVolumes(pipeline);
  const volume = bufferVolume(pipeline.document);
  const ports = clientPorts(pipeline.document);
  const leaves = ports.length > 0 ? leavingSeconds : 0;
  const container = {
    name: component,
    image,
    args: ['run', ...documentArguments, '--http', `0.0.0.0:${bridgePort}`, '--ordinal', '$(ORDINAL)'],
    env: [
      // As a variable, since an older image refuses an option that it does not know.
      { name: 'MKB_WATCH', value: 'true' },
      // The number at the end of the Pod's name [Kubernetes 1.28].
      { name: 'ORDINAL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } },
    ],
    ports: [
      { name: 'http', containerPort: bridgePort },
      ...ports.map(({ name, port }) => ({ name, containerPort: port })),
    ],
    ...(leaves > 0 && { lifecycle: { preStop: waits(leaves) } }),
    ...httpProbes('/healthz', '/readyz'),
    resources: bridgeResources(pipeline),
    volumeMounts: [...volumeMounts, ...(volume ? [bufferMount(volume)] : [])],
  };
  const made = readAtStart(pipeline, objects);
  const whole = podTemplate(pipeline, {
    component,
    serviceAccountName: bridgeName(metadata.name),
    user: mkbUser,
    containers: [container],
    volumes,
    terminationGracePeriodSeconds: leaves + Math.ceil(durationMs(spec.delivery.shutdownTimeout) / 1000) + endingSeconds,
    lowPorts: ports.some(({ port }) => port < 1024),
    podTemplate: spec.bridge.podTemplate,
    made,
    rereads: rereadSecrets(pipeline),
    rereadVolumes: tableVolumes(pipeline.document),
    restartedBy: metadata.annotations?.[annotations.restartedAt],
  });
  return rolledFor(pipeline, whole);
}

/** The same objects, with a document that has only what a running bridge does not take: nothing else in it rolls Pods. */
function readAtStart(pipeline: Pipeline, made: readonly KubeObject[]): KubeObject[] {
  const name = bridgeName(pipeline.document.metadata.name);
  const data = { [documentKeys.runs]: startPart(runningDocument(pipeline)) };
  return made.map(each => (each.kind === 'ConfigMap' && each.metadata.name === name ? { ...each, data } : each));
}

/** Says which document Pods are rolled for; the same as before while nothing rolls them. */
function rolledFor(pipeline: Pipeline, template: PodTemplate): PodTemplate {
  const { rolled } = pipeline.observed;
  const { annotations: all } = template.metadata;
  const stays = rolled !== undefined && rolled.inputs === all[inputsHash];
  const document = stays ? rolled.document : `${runningHash(pipeline)}`;
  return { ...template, metadata: { ...template.metadata, annotations: { ...all, [startedFor]: document } } };
}

function autoscaler(
  pipeline: Pipeline,
  {
    minReplicas,
    maxReplicas,
    cpu,
    backlog,
    connections,
  }: NonNullable<Pipeline['document']['spec']['bridge']['autoscaling']>,
): KubeObject {
  const { metadata } = pipeline.document;
  const metrics = [
    cpu !== undefined && {
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpu } },
    },
    backlog !== undefined && perPod('mkb_messages_in_flight', backlog),
    connections !== undefined && perPod('mkb_clients_connected', connections),
  ];
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: metadataOf(pipeline, component, bridgeName(metadata.name)),
    spec: {
      scaleTargetRef: scaled(pipeline),
      minReplicas,
      maxReplicas,
      metrics: metrics.filter(metric => metric !== false),
    },
  };
}

/** By what clients log in, and certificates: a new device, or a certificate that was renewed, must not cost all clients their connections. */
function rereadSecrets({ document }: Pipeline): SecretKey[] {
  const { listen = [], clients: { passwords, jwt } = {} } = withoutTexts(document).spec.mqtt;
  const tls = listen.flatMap(each => Object.values(each.tls ?? {}));
  return [passwords, jwt?.jwks, jwt?.publicKey, jwt?.secret, ...tls].flatMap(
    each => each?.valueFrom?.secretKeyRef ?? [],
  );
}

/** The image has no `sleep`, and Kubernetes' own is not in every version that there is. */
const waits = (seconds: number) => ({ exec: { command: ['node', '-e', `setTimeout(() => {}, ${seconds}000)`] } });

/** A metric of the bridge's own, to be kept at so much in each Pod. */
const perPod = (name: string, value: number) => ({
  type: 'Pods',
  pods: { metric: { name }, target: { type: 'AverageValue', averageValue: `${value}` } },
});

/** An autoscaler that scales the StatefulSet itself is the only one who says how many there are. */
function replicasOf({ document }: Pipeline): object {
  const { replicas, autoscaling } = document.spec.bridge;
  return autoscaling && !isInCluster(document) ? {} : { replicas };
}

/**
 * The resource itself, as `kubectl scale` does it, so that the operator and the autoscaler do not undo each other's work. Without a cluster
 * (`mkb render k8s`) there is no resource.
 */
function scaled({ document }: Pipeline): object {
  const { apiVersion, kind, metadata } = document;
  if (isInCluster(document)) return { apiVersion, kind, name: metadata.name };
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', name: bridgeName(metadata.name) };
}
