/** Why a bridge is not as it should be, on a real API server: in its conditions and events, with what to do, and no alarm without a cause. */
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';
import { bridge } from './support/stage.ts';

type Spec = Parameters<typeof bridge>[1];

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

describeReal('kubernetes', 'kwok')('an operator', () => {
  const stage = stageForBridges();
  const { kubectl } = stage;

  const condition = async (namespace: string, name: string, type: string): Promise<Condition | undefined> =>
    (await stage.kubernetes.get('mkb', name, namespace))?.status?.conditions?.find(
      (each: Condition) => each.type === type,
    );
  const reaches = (namespace: string, type: string, status: string, said = '') =>
    until(
      `${type} of ${namespace} to be ${status} ${said}`,
      async () => {
        const is = await condition(namespace, 'cars', type);
        return is?.status === status && is.message.includes(said) ? is : undefined;
      },
      { everyMs: 100 },
    );
  const applyIn = (namespace: string, spec: Spec) => stage.kubernetes.apply(bridge('cars', spec, { namespace }));
  const namespace = (name: string, labels: object = {}) =>
    stage.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  const warnings = async (namespace: string, name: string): Promise<string[]> => {
    const { items } = JSON.parse(await kubectl('get', 'events.events.k8s.io', '-n', namespace, '-o', 'json'));
    return items
      .filter((each: KubernetesObject) => each.type === 'Warning' && each.regarding.kind === 'MqttKafkaBridge')
      .filter((each: KubernetesObject) => each.regarding.name === name)
      .map((each: KubernetesObject) => `${each.reason}: ${each.note}`);
  };

  const quota = (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'none', namespace },
    spec: { hard: { pods: '0' } },
  });
  const denied = [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name: 'no-pods' },
      spec: {
        matchConstraints: {
          resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
        },
        validations: [{ expression: 'false', message: 'images come from our own registry' }],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name: 'no-pods' },
      spec: {
        policyName: 'no-pods',
        validationActions: ['Deny'],
        matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'policy' } } },
      },
    },
  ];
  const privileged = (name: string) => ({
    podTemplate: {
      spec: { containers: [{ name, securityContext: { privileged: true, allowPrivilegeEscalation: true } }] },
    },
  });
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const elsewhere = { podTemplate: { spec: { nodeSelector: { disk: 'none' } } } };
  const monitored = (part: string, more: object) => ({
    monitoring: { exporter: {}, prometheus: {}, grafana: {}, [part]: more },
  });

  // Why nothing ran was in the events of a StatefulSet, which few look at; the bridge only said that Pods were missing.
  describe.each<
    [
      namespace: string,
      objects: readonly object[],
      labels: object,
      spec: Spec,
      said: string,
      remedy: string,
      heal: () => Promise<unknown>,
    ]
  >([
    [
      'quota',
      [quota('quota')],
      {},
      {},
      'exceeded quota',
      'Raise the quota',
      () => kubectl('delete', 'quota', 'none', '-n', 'quota'),
    ],
    [
      'security',
      [],
      restricted,
      { bridge: privileged('bridge') },
      'violates PodSecurity',
      'spec.bridge',
      () => applyIn('security', {}),
    ],
    [
      'policy',
      denied,
      {},
      {},
      'images come from our own registry',
      'change what the policy refuses',
      () => kubectl('delete', 'validatingadmissionpolicybinding', 'no-pods'),
    ],
    [
      'nodes',
      [],
      {},
      { bridge: elsewhere },
      "didn't match Pod's node affinity/selector",
      'Add nodes',
      () => applyIn('nodes', {}),
    ],
    [
      'broker-security',
      [],
      restricted,
      { mqtt: { broker: { kind: 'mosquitto', ...privileged('broker') } } },
      'violates PodSecurity',
      'spec.mqtt.broker',
      () => applyIn('broker-security', { mqtt: { broker: { kind: 'mosquitto' } } }),
    ],
    [
      'exporter-security',
      [],
      restricted,
      monitored('exporter', privileged('exporter')),
      'violates PodSecurity',
      'spec.monitoring.exporter',
      () => applyIn('exporter-security', monitored('exporter', { image: 'a:b' })),
    ],
    [
      'grafana-nodes',
      [],
      {},
      monitored('grafana', elsewhere),
      "didn't match Pod's node affinity/selector",
      'spec.monitoring.grafana',
      () => applyIn('grafana-nodes', monitored('grafana', { image: 'a:b' })),
    ],
    [
      'volume',
      [],
      {},
      monitored('prometheus', { storage: '1GiB' }),
      'unbound immediate PersistentVolumeClaims',
      'storage',
      () => kubectl('delete', 'mkb', 'cars', '-n', 'volume'),
    ],
  ])('says of %s', (name, objects, labels, spec, said, remedy, heal) => {
    it('what it is, and what to do, and when it is over', async () => {
      await namespace(name, labels);
      if (objects.length > 0) await stage.kubernetes.apply(...objects);
      if (name === 'policy') await until('the policy to hold', () => podRefused('policy'));
      await applyIn(name, spec);
      const why = await reaches(name, 'Degraded', 'True', said);
      expect(why.message).toContain(remedy);
      await until('an event', async () => (await warnings(name, 'cars')).some(each => each.includes(said)));
      await heal();
      if (name === 'volume') return;
      await until(
        'it to run',
        async () =>
          (await condition(name, 'cars', 'Degraded'))?.status === 'False' &&
          (await condition(name, 'cars', 'Ready'))?.status === 'True',
      );
      await kubectl('delete', 'mkb', 'cars', '-n', name);
    });
  });

  const podRefused = (namespace: string) => {
    const spec = { containers: [{ name: 'a', image: 'a' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace }, spec };
    return stage.kubernetes.kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod)).then(
      () => false,
      () => true,
    );
  };

  it('says why the drain of a session does not get on', async () => {
    await namespace('drain');
    const spec = (replicas: number, more = {}) => ({
      mqtt: { url: 'mqtt://a', share: 's' },
      bridge: { replicas, ...more },
    });
    await applyIn('drain', spec(2));
    await reaches('drain', 'Ready', 'True');
    // Of the one Pod that stays, and of no other.
    await stage.kubernetes.apply({ ...quota('drain'), spec: { hard: { pods: '1' } } });
    await applyIn('drain', spec(1));
    const why = await reaches('drain', 'Degraded', 'True', 'Job cars-drain-1');
    expect(why.message).toContain('exceeded quota');
    await kubectl('delete', 'quota', 'none', '-n', 'drain');
    await until(
      'it to be drained',
      async () => (await stage.kubernetes.get('mkb', 'cars', 'drain'))?.status.sessions === 1,
    );
    await reaches('drain', 'Degraded', 'False');
    await kubectl('delete', 'mkb', 'cars', '-n', 'drain', '--wait=false');
  });

  it('names a typo in a podTemplate with its path, and goes on with what ran', async () => {
    await namespace('typo');
    await applyIn('typo', {});
    await reaches('typo', 'Ready', 'True');
    const revision = async () =>
      (await stage.kubernetes.get('statefulset', 'cars-bridge', 'typo'))!.status.updateRevision;
    const before = await revision();
    await applyIn('typo', { bridge: { podTemplate: { spec: { tolerationz: [] } } } });
    const wrong = await reaches('typo', 'Ready', 'False', 'spec.bridge.podTemplate.spec.tolerationz');
    expect(wrong.message).toContain('did you mean tolerations?');
    await reaches('typo', 'Stalled', 'True', 'tolerationz');
    // A field that only a newer Kubernetes could have is left to the API server.
    await applyIn('typo', { bridge: { podTemplate: { spec: { quantumEntanglementPolicy: {} } } } });
    await reaches('typo', 'Degraded', 'True', '.spec.template.spec.quantumEntanglementPolicy');
    expect(await revision()).toBe(before);
    await kubectl('delete', 'mkb', 'cars', '-n', 'typo');
  });

  // Three or four warnings came with each ordinary start, so that nobody read them.
  it('warns of nothing when everything starts, rolls and scales as usual', async () => {
    await namespace('ordinary');
    const spec = {
      mqtt: { broker: { kind: 'mosquitto' } },
      monitoring: { exporter: {}, prometheus: {}, grafana: {} },
    } as const;
    await applyIn('ordinary', spec);
    await reaches('ordinary', 'MonitoringReady', 'True', 'All of it');
    await reaches('ordinary', 'Ready', 'True');
    await reaches('ordinary', 'Reconciling', 'False');
    await kubectl('annotate', 'mkb', 'cars', '-n', 'ordinary', 'mqttkafka.dev/restarted-at=now');
    await until('it to be rolled', async () => {
      const found = await stage.kubernetes.get('statefulset', 'cars-bridge', 'ordinary');
      return found!.status.currentRevision === found!.status.updateRevision && found!.metadata.generation > 1;
    });
    await reaches('ordinary', 'Ready', 'True');
    expect(await warnings('ordinary', 'cars')).toEqual([]);
    await kubectl('delete', 'mkb', 'cars', '-n', 'ordinary');
  });

  // kstatus, and so Flux, took a bridge for current whose document was never applied, as it was paused.
  it('says of a paused bridge whether its newest document runs', async () => {
    await namespace('pause');
    await applyIn('pause', {});
    await reaches('pause', 'Ready', 'True');
    await kubectl('annotate', 'mkb', 'cars', '-n', 'pause', 'mqttkafka.dev/paused=true');
    await reaches('pause', 'Paused', 'True');
    expect(await condition('pause', 'cars', 'Ready')).toMatchObject({ status: 'True' });
    expect(await condition('pause', 'cars', 'Reconciling')).toMatchObject({ status: 'False' });
    await applyIn('pause', { bridge: { image: 'another:image' } });
    await reaches('pause', 'Ready', 'False', 'generation');
    const { status, metadata } = (await stage.kubernetes.get('mkb', 'cars', 'pause'))!;
    expect(status.observedGeneration).toBe(metadata.generation);
    expect(await condition('pause', 'cars', 'Reconciling')).toMatchObject({ status: 'True', reason: 'Paused' });
    await kubectl('annotate', 'mkb', 'cars', '-n', 'pause', 'mqttkafka.dev/paused-');
    await reaches('pause', 'Ready', 'True');
    await reaches('pause', 'Reconciling', 'False');
    await kubectl('delete', 'mkb', 'cars', '-n', 'pause');
  });

  it('is stalled by a document that is wrong, and by nothing that heals by itself', async () => {
    await namespace('stalled');
    await applyIn('stalled', { kafka: { clusterRef: { name: 'none' } } });
    await reaches('stalled', 'Reconciling', 'True', 'It is retried');
    expect(await condition('stalled', 'cars', 'Stalled')).toMatchObject({ status: 'False' });
    const rule = { name: 'all', sql: 'SELECT FORM', sinks: [{ kafka: { topic: 'cars' } }] };
    await applyIn('stalled', { rules: [rule] });
    await reaches('stalled', 'Stalled', 'True', 'rules');
    expect(await condition('stalled', 'cars', 'Reconciling')).toMatchObject({ status: 'False' });
    await kubectl('delete', 'mkb', 'cars', '-n', 'stalled');
  });

  expectNoFaults(stage);
});
