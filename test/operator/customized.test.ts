/** Labels, overrides and defaults on a real API server: what is patched stays so, and nobody fights over it. */
import { expect, it } from 'vitest';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { stageForBridges } from './support/bridge-stage.ts';
import { operatorAccount } from './support/stage.ts';

const overrides = [
  { kind: 'Service', patch: { spec: { internalTrafficPolicy: 'Local' } } },
  { kind: 'Service', component: 'broker', patch: { spec: { ports: [{ port: 1883, appProtocol: 'mqtt' }] } } },
  { kind: 'PodDisruptionBudget', patch: { spec: { maxUnavailable: null, minAvailable: 1 } } },
  { kind: 'StatefulSet', component: 'bridge', patch: { spec: { minReadySeconds: 1, revisionHistoryLimit: 3 } } },
  {
    kind: 'NetworkPolicy',
    component: 'bridge',
    patch: { spec: { policyTypes: ['Ingress', 'Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] } },
  },
  { kind: 'ServiceAccount', patch: { imagePullSecrets: [{ name: 'mirror' }] } },
  { kind: 'ConfigMap', patch: { metadata: { labels: { kept: 'here' } } } },
];
const everything = {
  mqtt: { broker: { kind: 'mosquitto' }, share: 'g' },
  bridge: { replicas: 2 },
  monitoring: { exporter: {}, grafana: {}, prometheus: { mode: 'managed' } },
  metadata: { labels: { team: 'fleet' }, annotations: { 'example.com/cost': 'Halle 7' } },
};

describeReal('kubernetes', 'kwok')('what people add to the objects of a bridge', () => {
  const stage = stageForBridges();
  const { kubectl, apply } = stage;
  const objects = async (name: string): Promise<KubernetesObject[]> =>
    JSON.parse(
      await kubectl(
        'get',
        'sts,deploy,svc,cm,secret,sa,pdb,netpol,pods',
        '-l',
        `app.kubernetes.io/instance=${name}`,
        '-o',
        'json',
      ),
    ).items;
  const written = async (name: string) =>
    (await stage.kubernetes.audit()).filter(
      ({ user, verb, name: object, resource }) =>
        user.endsWith(`:${operatorAccount}`) &&
        /create|update|patch|delete/.test(verb) &&
        resource !== 'mqttkafkabridges' &&
        object.startsWith(`${name}-`),
    ).length;

  it('is on all of them and on their Pods, and is not written again', async () => {
    await apply('added', { ...everything, overrides });
    await stage.look.reaches('added', 'Ready', 'True');
    const made = await objects('added');
    for (const { kind, metadata } of made) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({ team: 'fleet' });
      if (kind !== 'Pod')
        expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/managed-by': 'mqtt-kafka-operator' });
      expect(metadata.annotations, `${kind} ${metadata.name}`).toMatchObject({ 'example.com/cost': 'Halle 7' });
    }
    // biome-ignore lint/suspicious/noExplicitAny: any field of any kind
    const one = (kind: string, name: string): any =>
      made.find(each => each.kind === kind && each.metadata.name === name);
    expect(one('Service', 'added-broker').spec).toMatchObject({
      internalTrafficPolicy: 'Local',
      ports: [{ port: 1883, targetPort: 'mqtt', appProtocol: 'mqtt' }],
    });
    expect(one('PodDisruptionBudget', 'added-bridge').spec).toMatchObject({ minAvailable: 1 });
    expect(one('StatefulSet', 'added-bridge').spec).toMatchObject({ minReadySeconds: 1, revisionHistoryLimit: 3 });
    expect(one('NetworkPolicy', 'added-bridge').spec.egress).toHaveLength(1);
    expect(one('ConfigMap', 'added-bridge').metadata.labels.kept).toBe('here');

    const before = await written('added');
    const looks = async () =>
      Number(/result="requeue_after"\} (\d+)$/m.exec(await stage.operator.registry.metrics())?.[1]);
    const looked = await looks();
    await stage.annotate('added', 'example.com/look=again');
    await until('it to be looked at', async () => (await looks()) > looked);
    expect(await written('added')).toBe(before);
  });

  it('goes when it is taken away, and what was there before comes back', async () => {
    await apply('added', { ...everything, metadata: { labels: {}, annotations: {} } });
    const back = await until('the label to go', async () => {
      const made = await objects('added');
      return made.every(({ metadata }) => metadata.labels?.team === undefined) ? made : undefined;
    });
    // biome-ignore lint/suspicious/noExplicitAny: any field of any kind
    const budget: any = back.find(({ kind }) => kind === 'PodDisruptionBudget');
    expect(budget.spec.maxUnavailable).toBe(1);
    expect(budget.spec).not.toHaveProperty('minAvailable');
    await stage.look.reaches('added', 'Ready', 'True');
  });
});
