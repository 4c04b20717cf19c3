/** Everything that an installation consists of besides the custom resource definition. */
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { apiVersion as documentVersion } from '../../api/bridge.ts';
import { operatorKind } from '../../operator/configuration.ts';
import { configurationFile, deployment } from './deployment.ts';
import { httpPort, image, labels, metadata, operatorName, operatorNamespace, selector } from './names.ts';
import { clusterRoles, leaseRoles, peoplesRoles } from './roles.ts';

export type Manifest = Readonly<Record<string, unknown>> & { readonly kind: string };

export const namespace: Manifest = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: operatorNamespace,
    // What the operator's Pods keep to is what the namespace asks for [Kubernetes: Pod Security Standards].
    labels: { ...labels, 'pod-security.kubernetes.io/enforce': 'restricted' },
  },
};

/** The operator's own document: the image of bridges is its own, and everything else has a default. */
export const configurationText = `# docs/install-kubernetes.md lists what may be written here.
${stringify({ apiVersion: documentVersion, kind: operatorKind, spec: { images: { bridge: image, exporter: image } } })}`;

const serviceAccount: Manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata() };

const service: Manifest = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata(),
  spec: { selector, ports: [{ name: 'http', port: httpPort, targetPort: 'http' }] },
};

const podDisruptionBudget: Manifest = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: metadata(),
  spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
};

/** Whom it connects to cannot be named: the API server has another address in every cluster. */
const networkPolicy: Manifest = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: metadata(),
  spec: {
    podSelector: { matchLabels: selector },
    policyTypes: ['Ingress'],
    ingress: [{ ports: [{ port: 'http', protocol: 'TCP' }] }],
  },
};

/** What is in the operator's namespace, wherever that is and whatever it may do elsewhere; the configuration is not among it. */
export const baseObjects: readonly Manifest[] = [
  serviceAccount,
  ...leaseRoles(),
  deployment(),
  service,
  podDisruptionBudget,
  networkPolicy,
];

/** The roles of an operator of the whole cluster, and of people. */
export const clusterObjects: readonly Manifest[] = [...clusterRoles(operatorNamespace), ...peoplesRoles()];

const hash = createHash('sha256').update(configurationText).digest('hex').slice(0, 16);

const configMap: Manifest = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: metadata(),
  data: { [configurationFile]: configurationText },
};

/** All that is in the operator's namespace, in the order in which it must be made. */
export const ownObjects: readonly Manifest[] = [
  serviceAccount,
  ...leaseRoles(),
  configMap,
  deployment({ 'mqttkafka.dev/configuration': hash }),
  service,
  podDisruptionBudget,
  networkPolicy,
];

/** All of it, for one `kubectl apply -f`, in the order in which it must be made. */
export const installObjects = (definitions: readonly Manifest[]): Manifest[] => {
  const namespaced = ownObjects.map(object => ({
    ...object,
    metadata: { ...(object.metadata as object), namespace: operatorNamespace },
  }));
  const bound = namespaced.map(object => (object.kind === 'RoleBinding' ? withSubjectNamespace(object) : object));
  return [namespace, ...definitions, ...clusterObjects, ...bound];
};

/** A binding names the namespace of whom it binds, also where that is its own. */
const withSubjectNamespace = (binding: Manifest): Manifest => ({
  ...binding,
  subjects: [{ kind: 'ServiceAccount', name: operatorName, namespace: operatorNamespace }],
});
