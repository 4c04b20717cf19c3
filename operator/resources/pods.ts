/**
 * The Pods of a pipeline, whatever part it is. They keep to the Pod Security Standard `restricted`, write nothing but to their volumes, know
 * nothing of the Kubernetes API, and prefer not to share a host or a zone.
 *
 * Programs read their configuration when they start. So a hash of all that a Pod reads stands in its template: Pods are rolled when any of it
 * changes, and by nothing else. What a program takes while it runs is no part of it.
 */
import { hashOf } from '../runtime/canonical.ts';
import type { KubeObject } from '../runtime/object.ts';
import { inherited } from './customized.ts';
import type { SecretKey } from './document-secrets.ts';
import { type Component, inputsHash, labels, selectorLabels } from './labels.ts';
import type { Pipeline } from './pipeline.ts';
import { podUses, type Use } from './pod-references.ts';
import { strategicMerge } from './strategic-merge.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface PodOptions {
  readonly component: Component;
  /** Of the Pod's ServiceAccount. */
  readonly serviceAccountName: string;
  /** Who its processes are; its volumes are theirs. */
  readonly user: number;
  /** The first one is what `podTemplate`s and `kubectl logs` mean by default. Each gets a security context. */
  readonly containers: readonly Fields[];
  readonly initContainers?: readonly Fields[];
  readonly volumes?: readonly Fields[];
  readonly terminationGracePeriodSeconds?: number;
  /** Whether it listens on ports below 1024, which otherwise only root may. */
  readonly lowPorts?: boolean;
  /** What people wrote in the document for this part. */
  readonly podTemplate: Fields | undefined;
  /** ConfigMaps and Secrets that are made together with the Pod, and that it reads. */
  readonly made: readonly KubeObject[];
  /** What its program reads again by itself: a new text rolls nothing. */
  readonly rereads?: readonly SecretKey[];
  /** Volumes of which the same is true, by their names. */
  readonly rereadVolumes?: readonly string[];
  /** Anything else that rolls the Pods when it changes. */
  readonly restartedBy?: unknown;
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Fields; readonly annotations: Fields };
  readonly spec: Fields;
}

/** `template` of a StatefulSet, Deployment or Job. */
export function podTemplate(pipeline: Pipeline, options: PodOptions): PodTemplate {
  const { name } = pipeline.document.metadata;
  const { component } = options;
  const { defaults } = pipeline.settings;
  const base: Fields = { metadata: {}, spec: podSpec(name, options, defaults.imagePullSecrets) };
  const merged = strategicMerge(strategicMerge(base, defaults.podTemplate), options.podTemplate);
  const all = inherited(pipeline);
  const { metadata, spec } = merged as { metadata: { labels?: Fields; annotations?: Fields }; spec: Fields };
  return {
    metadata: {
      ...metadata,
      // Ours last: a selector that does not match its template is refused.
      labels: { ...all.labels, ...metadata.labels, ...labels(name, component) },
      annotations: {
        ...all.annotations,
        ...metadata.annotations,
        [inputsHash]: hashOf([inputsOf(pipeline, options, spec), options.restartedBy]),
      },
    },
    spec,
  };
}

function podSpec(name: string, options: PodOptions, pullSecrets: readonly string[]): Fields {
  const { component, serviceAccountName, user, containers, initContainers, volumes = [] } = options;
  return {
    serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user,
      runAsGroup: user,
      fsGroup: user,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
      // One of the settings that are safe, and that `restricted` allows.
      ...(options.lowPorts && { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }] }),
    },
    ...(options.terminationGracePeriodSeconds !== undefined && {
      terminationGracePeriodSeconds: options.terminationGracePeriodSeconds,
    }),
    ...(pullSecrets.length > 0 && { imagePullSecrets: pullSecrets.map(each => ({ name: each })) }),
    topologySpreadConstraints: spread(name, component),
    ...(initContainers && { initContainers: initContainers.map(locked) }),
    containers: containers.map(locked),
    ...(volumes.length > 0 && { volumes }),
  };
}

const locked = (container: Fields): Fields => ({
  ...container,
  // So that its status says why it has ended.
  terminationMessagePolicy: 'FallbackToLogsOnError',
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
});

const spread = (name: string, component: Component): Fields[] =>
  ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(topologyKey => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: selectorLabels(name, component) },
  }));

/**
 * What a Pod reads, of each Secret and ConfigMap: the values of ours, and hashes of those of people.
 *
 * @param part of the Pod's `spec`
 */
export function inputsOf(
  { observed }: Pipeline,
  { made, rereads = [], rereadVolumes = [] }: Pick<PodOptions, 'made' | 'rereads' | 'rereadVolumes'>,
  part: Fields,
): unknown {
  const isReread = (use: Use) =>
    rereads.some(({ name, key }) => use.kind === 'Secret' && use.name === name && use.key === key);
  const volumes = (part.volumes as readonly { readonly name: string }[] | undefined)?.filter(
    ({ name }) => !rereadVolumes.includes(name),
  );
  const uses = podUses({ ...part, volumes }).filter(use => !isReread(use));
  return uses.map(use => {
    const own = made.find(({ kind, metadata }) => kind === use.kind && metadata.name === use.name);
    return [use, own ? readOf(own, use) : observed.inputs[`${use.kind}/${use.name}`]];
  });
}

function readOf({ data = {} }: KubeObject, { key }: Use): unknown {
  return key === undefined ? data : (data as Readonly<Record<string, string>>)[key];
}

/** An HTTP probe of the port named `http`. */
export const httpProbe = (path: string) => ({ httpGet: { path, port: 'http' } });

/** Starting may take a minute; then it must answer. @param ready where it says whether it can work */
export const httpProbes = (alive: string, ready: string) => ({
  startupProbe: { ...httpProbe(alive), periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60 },
  livenessProbe: { ...httpProbe(alive), periodSeconds: 10, timeoutSeconds: 5 },
  readinessProbe: { ...httpProbe(ready), periodSeconds: 5, timeoutSeconds: 5 },
});
