/** A real API server that says what it thinks of objects, in the namespace `shop`, whose Pods must keep to the Pod Security Standard `restricted`. */
import type { KubeObject } from '../../../operator/runtime/object.ts';
import { type KubernetesObject, startKubernetes } from '../../real/kubernetes.ts';

export interface Admission {
  /**
   * Has objects checked, and the Pods that the controllers of workloads would make of them. Throws what the server says against one; a field
   * that it does not know is an error. @returns what would be made of each, a line each: `pod/cars-grafana created (server dry run)`
   */
  check(objects: readonly KubeObject[]): Promise<string[]>;
  stop(): Promise<void>;
}

/** @param definitions of custom resources that are among the objects */
export async function startAdmission(...definitions: readonly object[]): Promise<Admission> {
  const kubernetes = await startKubernetes();
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels } }, ...definitions);
  if (definitions.length > 0) {
    await kubernetes.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=120s']);
  }
  const dryRun = async (items: readonly object[]): Promise<string[]> => {
    if (items.length === 0) return [];
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const args = ['apply', '--dry-run=server', '--validate=strict', '-f', '-'];
    return (await kubernetes.kubectl(args, list)).trim().split('\n');
  };
  return {
    check: async objects => {
      const answers = await dryRun(objects);
      // A Pod is not admitted without its account.
      const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
      if (accounts.length > 0) await kubernetes.apply(...accounts);
      return [...answers, ...(await dryRun(objects.filter(isWorkload).map(podOf)))];
    },
    stop: () => kubernetes.stop(),
  };
}

const isWorkload = ({ kind }: KubeObject): boolean => ['StatefulSet', 'Deployment', 'Job'].includes(kind);

/** A Pod as the controller of a workload makes it: a claim becomes a volume. */
function podOf({ metadata: { name, namespace }, ...workload }: KubeObject): KubernetesObject {
  const { template, volumeClaimTemplates = [] } = (workload as unknown as KubernetesObject).spec;
  const claims = volumeClaimTemplates.map(({ metadata }: KubernetesObject) => ({ name: metadata.name }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...template.metadata, name, namespace },
    spec: { ...template.spec, volumes: [...template.spec.volumes, ...claims] },
  };
}
