/**
 * The operator's Deployment. Two replicas: one works, the other has read everything already and takes over when the Lease runs out. What
 * the operator runs does not depend on it: without any replica, bridges go on.
 */
import { httpPort, image, labels, metadata, operatorName, selector } from './names.ts';

/** Where its configuration is mounted. */
const folder = '/etc/mkb';
export const configurationFile = 'operator.yaml';

const probe = (path: string) => ({ httpGet: { path, port: 'http' } });

/** Of two replicas, prefer not to lose both to one host or one zone. */
const spread = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(topologyKey => ({
  maxSkew: 1,
  topologyKey,
  whenUnsatisfiable: 'ScheduleAnyway',
  labelSelector: { matchLabels: selector },
}));

/**
 * Lists of a large cluster pass through the memory in which Node keeps what is young, and it takes three times 16 MiB of that where it may: with less,
 * an operator among 15,000 objects needs a third less memory.
 */
export const operatorNodeOptions = '--max-semi-space-size=2';

const container = {
  name: 'operator',
  image,
  args: ['operator', '--config', `${folder}/${configurationFile}`, '--http', `0.0.0.0:${httpPort}`],
  env: [{ name: 'NODE_OPTIONS', value: operatorNodeOptions }],
  ports: [{ name: 'http', containerPort: httpPort }],
  startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
  livenessProbe: { ...probe('/healthz'), periodSeconds: 10, timeoutSeconds: 5 },
  readinessProbe: { ...probe('/readyz'), periodSeconds: 5, timeoutSeconds: 5 },
  resources: { requests: { cpu: '50m', memory: '192Mi' }, limits: { memory: '512Mi' } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  volumeMounts: [{ name: 'configuration', mountPath: folder, readOnly: true }],
};

/** @param annotations of its Pods: a hash of the configuration, so that a new one rolls them */
export const deployment = (annotations?: Readonly<Record<string, string>>) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata(),
  spec: {
    replicas: 2,
    selector: { matchLabels: selector },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: {
      metadata: { labels, ...(annotations && { annotations }) },
      spec: {
        serviceAccountName: operatorName,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 1000,
          runAsGroup: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        terminationGracePeriodSeconds: 30,
        topologySpreadConstraints: spread,
        containers: [container],
        volumes: [{ name: 'configuration', configMap: { name: operatorName } }],
      },
    },
  },
});
