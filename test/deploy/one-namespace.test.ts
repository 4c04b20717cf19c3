/** An operator with the roles of one namespace, as deploy/kustomize/overlays/namespaced gives them. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namespacedRoles } from '../../deploy/manifests/roles.ts';
import { bridge, crdFile, operatorAccount, type RunningOperator, startOperator } from '../operator/support/stage.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';

describeReal(
  'etcd',
  'kubernetes',
  'kwok',
)('an operator with the rights of one namespace', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ parts: 'pods', apply: [crdFile] });
    await kubernetes.kubectl(['create', 'namespace', 'shop']);
    const subjects = [{ kind: 'ServiceAccount', name: operatorAccount, namespace: 'default' }];
    await kubernetes.apply(
      ...namespacedRoles().map(role => ({
        ...role,
        metadata: { ...role.metadata, namespace: 'shop' },
        ...('subjects' in role && { subjects }),
      })),
    );
    operator = await startOperator(kubernetes, { namespaces: ['shop'] });
  });
  afterAll(async () => {
    await operator?.stop();
    await kubernetes?.stop();
  });

  it('runs the bridges of that namespace, leaves those of others alone, and is refused nothing', async () => {
    await kubernetes.apply(bridge('here', {}, { namespace: 'shop' }), bridge('elsewhere'));
    await until('the bridge to be ready', async () => {
      const { status } = (await kubernetes.get('mkb', 'here', 'shop'))!;
      return status?.conditions?.some(
        ({ type, status }: { type: string; status: string }) => type === 'Ready' && status === 'True',
      );
    });
    expect((await kubernetes.get('mkb', 'elsewhere'))!.status).toBeUndefined();
    const asked = (await kubernetes.audit()).filter(({ user }) => user.endsWith(`:${operatorAccount}`));
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter(({ code }) => code === 403)).toEqual([]);
  });
});
