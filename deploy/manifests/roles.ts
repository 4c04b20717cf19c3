/**
 * Roles, made of what the operator says it needs (operator/access.ts), and roles for people. The same rules are bound once for the whole
 * cluster, or in each namespace that the operator is to work in.
 */

import { type Access, access, clusterAccess, ownAccess } from '../../operator/access.ts';
import { kinds } from '../../operator/kinds.ts';
import { labels, metadata, operatorName } from './names.ts';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** Resources that are used alike share a rule. */
export function rulesOf(list: readonly Access[]): PolicyRule[] {
  const alike = Map.groupBy(list, ({ group, verbs, name = '' }) => [group, name, ...verbs].join());
  return [...alike.values()].map(same => {
    const { group, verbs, name } = same[0]!;
    return {
      apiGroups: [group],
      resources: same.map(({ resource }) => resource),
      ...(name !== undefined && { resourceNames: [name] }),
      verbs,
    };
  });
}

/** In each namespace with bridges. */
export const operatorRules = rulesOf(access);
/** In the operator's own namespace. */
export const ownRules = rulesOf(ownAccess);

/** In the whole cluster. */
export const reviewRules = rulesOf(clusterAccess);

const rbac = 'rbac.authorization.k8s.io';
const apiVersion = `${rbac}/v1`;

/** @param name of the role and of its binding */
const roleAndBinding = (prefix: 'Cluster' | '', name: string, rules: readonly PolicyRule[], namespace?: string) => [
  { apiVersion, kind: `${prefix}Role`, metadata: metadata(name), rules },
  {
    apiVersion,
    kind: `${prefix}RoleBinding`,
    metadata: metadata(name),
    roleRef: { apiGroup: rbac, kind: `${prefix}Role`, name },
    subjects: [{ kind: 'ServiceAccount', name: operatorName, ...(namespace !== undefined && { namespace }) }],
  },
];

/** The role of whoever reads the operator's /metrics. */
export const metricsReaderName = `${operatorName}-metrics-reader`;
export const metricsReader = {
  apiVersion,
  kind: 'ClusterRole',
  metadata: metadata(metricsReaderName),
  rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
};

/** For the whole cluster. @param namespace of the operator, which a binding of the cluster must name */
export const clusterRoles = (namespace: string) => [
  ...roleAndBinding('Cluster', operatorName, operatorRules, namespace),
  ...roleAndBinding('Cluster', `${operatorName}-metrics-auth`, reviewRules, namespace),
  metricsReader,
];

/** For the namespace that the operator is in. */
export const namespacedRoles = () => roleAndBinding('', operatorName, operatorRules);

/** For the Lease. */
export const leaseRoles = () => roleAndBinding('', `${operatorName}-lease`, ownRules);

const bridges = kinds.bridge.plural;
const users = kinds.user.plural;

export const viewerRules: readonly PolicyRule[] = [
  {
    apiGroups: ['mqttkafka.dev'],
    resources: [bridges, `${bridges}/status`, users, `${users}/status`],
    verbs: ['get', 'list', 'watch'],
  },
];

export const editorRules: readonly PolicyRule[] = [
  {
    apiGroups: ['mqttkafka.dev'],
    resources: [bridges, users],
    verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'],
  },
  { apiGroups: ['mqttkafka.dev'], resources: [`${bridges}/scale`], verbs: ['get', 'update', 'patch'] },
];

/** Kubernetes' own roles view, edit and admin learn of bridges by these labels. */
const aggregated = (name: string, into: readonly string[], rules: readonly PolicyRule[]) => ({
  apiVersion,
  kind: 'ClusterRole',
  metadata: {
    name,
    labels: { ...labels, ...Object.fromEntries(into.map(role => [`${rbac}/aggregate-to-${role}`, 'true'])) },
  },
  rules,
});

/** For people who may see, or change, what is in a namespace. */
export const peoplesRoles = () => [
  aggregated(`${bridges}-view`, ['view', 'edit', 'admin'], viewerRules),
  aggregated(`${bridges}-edit`, ['edit', 'admin'], editorRules),
];
