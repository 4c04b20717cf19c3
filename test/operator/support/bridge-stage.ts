/** A cluster and an operator at work on it for a suite of tests, and what tests do with bridges there. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KubernetesObject, RunningKubernetes } from '../../real/kubernetes.ts';
import { bridge, looks, operatorAccount, type RunningOperator, startCluster, startOperator } from './stage.ts';

export interface BridgeStage {
  readonly kubernetes: RunningKubernetes;
  operator: RunningOperator;
  readonly look: ReturnType<typeof looks>;
  kubectl(...args: string[]): Promise<string>;
  apply(name: string, spec?: Parameters<typeof bridge>[1]): Promise<void>;
  annotate(name: string, annotation: string): Promise<string>;
  statefulSet(name: string): Promise<KubernetesObject | undefined>;
  pods(name: string): Promise<KubernetesObject[]>;
  /** The revision of the Pod template: another one means that Pods are rolled. */
  revision(name: string): Promise<string>;
  /** Everything that belongs to a bridge, as `Kind/name`. */
  owned(name: string): Promise<string[]>;
}

/** Call it first in a suite; what it gives is there when the tests run. */
export function stageForBridges(): BridgeStage {
  let kubernetes: RunningKubernetes;
  let look: ReturnType<typeof looks>;
  const kubectl = (...args: string[]) => kubernetes.kubectl(args);
  const statefulSet = (name: string) => kubernetes.get('statefulset', `${name}-bridge`);
  const stage = {
    get kubernetes() {
      return kubernetes;
    },
    operator: undefined as unknown as RunningOperator,
    get look() {
      return look;
    },
    kubectl,
    statefulSet,
    apply: async (name: string, spec?: Parameters<typeof bridge>[1]) => kubernetes.apply(bridge(name, spec)),
    annotate: (name: string, annotation: string) => kubectl('annotate', 'mkb', name, annotation, '--overwrite'),
    pods: async (name: string): Promise<KubernetesObject[]> => {
      const selector = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=bridge`;
      return JSON.parse(await kubectl('get', 'pods', '-l', selector, '-o', 'json')).items;
    },
    revision: async (name: string) => (await statefulSet(name))!.status.updateRevision as string,
    owned: async (name: string): Promise<string[]> => {
      const kinds = 'sts,deploy,svc,cm,secret,sa,pdb,hpa,netpol,job';
      const { items } = JSON.parse(await kubectl('get', kinds, '-o', 'json')) as { items: KubernetesObject[] };
      return items
        .filter(({ metadata }) => metadata.ownerReferences?.some((owner: { name: string }) => owner.name === name))
        .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    },
  };

  beforeAll(async () => {
    kubernetes = await startCluster();
    look = looks(kubernetes);
    stage.operator = await startOperator(kubernetes);
  }, 90_000);

  afterAll(async () => {
    await stage.operator?.stop();
    await kubernetes?.stop();
  });

  return stage;
}

/** What must hold of the operator after all of a suite's tests: call it last. @param except namespaces in which refusals are no fault */
export function expectNoFaults(stage: BridgeStage, ...except: readonly string[]): void {
  it('has exactly the rights that it needs', async () => {
    const refused = (await stage.kubernetes.audit()).filter(
      ({ user, code, namespace }) =>
        user.endsWith(`:${operatorAccount}`) && code === 403 && !except.includes(namespace),
    );
    expect(refused).toEqual([]);
  });

  it('has no faults of its own', async () => {
    expect(stage.operator.complaints.filter(each => /Something went wrong/.test(each))).toEqual([]);
    expect(await stage.operator.registry.metrics()).toMatch(/controller_runtime_reconcile_panics_total\{.*\} 0/);
  });
}
