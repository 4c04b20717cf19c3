/**
 * The fields of each kind that `spec.overrides` may set. It is a list of what may be, because what may not be is open: a field that
 * Kubernetes adds next year may be a selector. What has a field of its own in the document is not here, nor is what the operator finds its
 * objects and their Pods by.
 */
export const overridable = {
  StatefulSet: ['spec.updateStrategy', 'spec.minReadySeconds', 'spec.revisionHistoryLimit'],
  Deployment: ['spec.strategy', 'spec.minReadySeconds', 'spec.revisionHistoryLimit', 'spec.progressDeadlineSeconds'],
  Service: [
    'spec.type',
    'spec.ports',
    'spec.loadBalancerClass',
    'spec.loadBalancerIP',
    'spec.loadBalancerSourceRanges',
    'spec.allocateLoadBalancerNodePorts',
    'spec.externalTrafficPolicy',
    'spec.internalTrafficPolicy',
    'spec.healthCheckNodePort',
    'spec.trafficDistribution',
    'spec.ipFamilies',
    'spec.ipFamilyPolicy',
    'spec.sessionAffinity',
    'spec.sessionAffinityConfig',
  ],
  ServiceAccount: ['imagePullSecrets'],
  PodDisruptionBudget: ['spec.minAvailable', 'spec.maxUnavailable', 'spec.unhealthyPodEvictionPolicy'],
  HorizontalPodAutoscaler: ['spec.behavior', 'spec.metrics'],
  NetworkPolicy: ['spec.ingress', 'spec.egress', 'spec.policyTypes'],
  PodMonitor: [
    'spec.podMetricsEndpoints',
    'spec.podTargetLabels',
    'spec.jobLabel',
    'spec.attachMetadata',
    'spec.scrapeClass',
    'spec.sampleLimit',
    'spec.targetLimit',
    'spec.labelLimit',
    'spec.bodySizeLimit',
  ],
  PrometheusRule: ['spec.groups'],
  ConfigMap: [],
  Secret: [],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type OverridableKind = keyof typeof overridable;

export const overridableKinds = Object.keys(overridable) as OverridableKind[] as unknown as readonly [
  OverridableKind,
  ...OverridableKind[],
];

/**
 * Those of them that reach beyond the namespace: a Prometheus of the whole cluster obeys them, and `edit` in a namespace does not give these kinds.
 * Whoever sets them scrapes any address with the rights of Prometheus, writes series that look like those of others, or notifies others. The
 * operator refuses them unless its configuration trusts those who write documents with the kind (`trustedOverrides`).
 */
export const trustedOnly = {
  PodMonitor: [
    'spec.podMetricsEndpoints',
    'spec.podTargetLabels',
    'spec.jobLabel',
    'spec.attachMetadata',
    'spec.scrapeClass',
  ],
  PrometheusRule: ['spec.groups'],
} as const satisfies { readonly [K in OverridableKind]?: readonly (typeof overridable)[K][number][] };

export type TrustedKind = keyof typeof trustedOnly;

export const trustedKinds = Object.keys(trustedOnly) as TrustedKind[] as unknown as readonly [
  TrustedKind,
  ...TrustedKind[],
];
