/** What heals by itself on a real API server once its cause is gone, and what stays out of the bridge's way. */
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';

const broker = (more: object = {}) => ({ mqtt: { broker: { kind: 'mosquitto', ...more } } });

describeReal('kubernetes', 'kwok')('an operator', () => {
  const stage = stageForBridges();
  const { kubectl, apply, owned } = stage;
  const podsOf = async (name: string, component: string): Promise<KubernetesObject[]> => {
    const labels = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=${component}`;
    return JSON.parse(await kubectl('get', 'pods', '-l', labels, '-o', 'json')).items;
  };
  const restored = async (kind: string) => {
    const { values } = await stage.operator.registry.getSingleMetric('mkb_operator_restorations_total')!.get();
    return values.find(({ labels }) => labels.kind === kind)!.value;
  };

  describe('whose Pods cannot start', () => {
    // A wrong image of a broker or a Prometheus stayed, although it had been corrected: each waited for the Pod that never came.
    it.each([
      ['broker', 'an image', broker({ image: 'mosquitto:broken' }), broker()],
      [
        'broker',
        'a node that there is not',
        broker({ podTemplate: { spec: { nodeSelector: { disk: 'none' } } } }),
        broker(),
      ],
      [
        'prometheus',
        'an image',
        { monitoring: { prometheus: { image: 'prometheus:broken' } } },
        { monitoring: { prometheus: {} } },
      ],
      ['bridge', 'an image', { bridge: { image: 'mkb:broken' } }, {}],
      [
        'exporter',
        'an image',
        { monitoring: { exporter: { image: 'mkb:broken' } } },
        { monitoring: { exporter: { image: 'mkb:right' } } },
      ],
      [
        'grafana',
        'an image',
        { monitoring: { prometheus: {}, grafana: { image: 'grafana:broken' } } },
        { monitoring: { prometheus: {}, grafana: {} } },
      ],
    ])('runs the %s as soon as %s is corrected', async (component, what, wrong, right) => {
      const name = `wrong-${component}-${what.length}`;
      await apply(name, wrong);
      const why = await stage.look.reaches(name, 'Degraded', 'True');
      expect(why.message).toMatch(/image|nodes/);
      await apply(name, right);
      await until('the Pod', async () => (await podsOf(name, component)).some(isReady));
      await stage.look.reaches(name, 'Degraded', 'False');
      await kubectl('delete', 'mkb', name);
    });

    it('makes a StatefulSet again that an older operator made, and no Pod of it ends', async () => {
      await apply('older', { ...broker(), monitoring: { prometheus: {} } });
      await stage.look.reaches('older', 'MonitoringReady', 'True', 'AllReady');
      await stage.look.reaches('older', 'Ready', 'True');
      const pods = async () => [...(await podsOf('older', 'broker')), ...(await podsOf('older', 'prometheus'))];
      const before = (await pods()).map(({ metadata }) => metadata.uid);
      await stage.annotate('older', 'mqttkafka.dev/paused=true');
      await stage.look.reaches('older', 'Paused', 'True');
      for (const name of ['older-broker', 'older-prometheus']) {
        const { kind, apiVersion, metadata, spec } = (await stage.kubernetes.get('statefulset', name))!;
        const { labels, annotations, ownerReferences } = metadata;
        await kubectl('delete', 'statefulset', name, '--cascade=orphan');
        await stage.kubernetes.apply({
          apiVersion,
          kind,
          metadata: { name, labels, annotations, ownerReferences },
          spec: { ...spec, podManagementPolicy: 'OrderedReady' },
        });
      }
      await stage.annotate('older', 'mqttkafka.dev/paused=false');
      for (const name of ['older-broker', 'older-prometheus']) {
        await until(`${name} to start its Pods together`, async () => {
          const found = await stage.kubernetes.get('statefulset', name);
          return found?.spec.podManagementPolicy === 'Parallel' && found.status.readyReplicas === 1;
        });
      }
      await stage.look.reaches('older', 'Ready', 'True');
      expect((await pods()).map(({ metadata }) => metadata.uid)).toEqual(before);
      expect(await restored('StatefulSet')).toBe(0);
      await kubectl('delete', 'mkb', 'older');
    });
  });

  // While Kafka was down, no node could be drained: two bridges that were not ready were never evicted.
  it('has Pods evicted that are not ready', async () => {
    await apply('evicted', { mqtt: { url: 'mqtt://a', share: 's' }, bridge: { replicas: 2 } });
    await stage.look.reaches('evicted', 'Ready', 'True');
    const unready = JSON.stringify({ status: { conditions: [{ type: 'Ready', status: 'False' }] } });
    for (const { metadata } of await podsOf('evicted', 'bridge')) {
      await kubectl('patch', 'pod', metadata.name, '--subresource=status', '-p', unready);
    }
    await until('the budget to know of it', async () => {
      const { status } = (await stage.kubernetes.get('poddisruptionbudget', 'evicted-bridge'))!;
      return status.currentHealthy === 0 && status.disruptionsAllowed === 0;
    });
    const [first] = await podsOf('evicted', 'bridge');
    const eviction = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: first!.metadata.name, namespace: 'default' },
    };
    const path = `/api/v1/namespaces/default/pods/${first!.metadata.name}/eviction`;
    await stage.kubernetes.kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(eviction));
    await kubectl('delete', 'mkb', 'evicted');
  });

  // The bridge did not run, because Grafana's password was missing.
  it('runs a bridge whatever is missing, or refused, of its monitoring', async () => {
    const adminPassword = { valueFrom: { secretKeyRef: { name: 'grafana', key: 'password' } } };
    await apply('apart', { monitoring: { prometheus: {}, exporter: {}, grafana: { adminPassword } } });
    const missing = await stage.look.reaches('apart', 'MonitoringReady', 'False', 'SecretMissing');
    expect(missing.message).toContain('Secret grafana');
    await stage.look.reaches('apart', 'Ready', 'True');
    await stage.look.reaches('apart', 'Reconciling', 'False');
    expect(await stage.look.reaches('apart', 'Degraded', 'True', 'SecretMissing')).toBeDefined();
    expect(await owned('apart')).toEqual(
      expect.arrayContaining(['Deployment/apart-exporter', 'StatefulSet/apart-prometheus']),
    );
    expect(await owned('apart')).not.toContain('Deployment/apart-grafana');
    await kubectl('create', 'secret', 'generic', 'grafana', '--from-literal=password=p');
    await stage.look.reaches('apart', 'MonitoringReady', 'True', 'AllReady');
    await stage.look.reaches('apart', 'Degraded', 'False');

    const hostNetwork = { spec: { containers: [{ name: 'grafana', ports: [{ containerPort: 99_999 }] }] } };
    await apply('apart', { monitoring: { prometheus: {}, exporter: {}, grafana: { podTemplate: hostNetwork } } });
    const refused = await stage.look.reaches('apart', 'MonitoringReady', 'False', 'KubeInvalid');
    expect(refused.message).toContain('containerPort');
    await stage.look.reaches('apart', 'Ready', 'True');
    expect((await stage.look.status('apart')).appliedGeneration).toBe(
      (await stage.look.status('apart')).observedGeneration,
    );
    await kubectl('delete', 'mkb', 'apart');
  });

  describe('that is refused', () => {
    const policy = (name: string, resource: object, expression: string) => [
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: { resourceRules: [{ operations: ['CREATE', 'UPDATE'], apiVersions: ['v1'], ...resource }] },
          validations: [{ expression, message: 'not by our rules' }],
        },
      },
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name },
        spec: { policyName: name, validationActions: ['Deny'] },
      },
    ];

    // Refused by a policy, a bridge stayed unmade for ten minutes after the policy was gone.
    it('tries again within seconds when a policy allows it', async () => {
      const objects = policy(
        'no-refused',
        { apiGroups: ['apps'], resources: ['statefulsets'] },
        "object.metadata.name != 'refused-bridge'",
      );
      await stage.kubernetes.apply(...objects);
      await until('the policy to hold', async () => {
        const probe = { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'refused-bridge' } };
        const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } };
        const spec = { serviceName: 'a', selector: { matchLabels: { a: 'b' } }, template };
        return stage.kubernetes
          .kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify({ ...probe, spec }))
          .then(
            () => false,
            error => String(error).includes('not by our rules'),
          );
      });
      await apply('refused');
      const why = await stage.look.reaches('refused', 'Degraded', 'True');
      expect(why.message).toContain('not by our rules');
      // As long as it takes for pauses to grow.
      await until('it to be refused several times', async () => {
        const tries = (await stage.kubernetes.audit()).filter(
          ({ name, verb, code }) => name === 'refused-bridge' && verb === 'patch' && code >= 400,
        );
        return tries.length >= 3;
      });
      await kubectl('delete', 'validatingadmissionpolicybinding', 'no-refused');
      await kubectl('delete', 'validatingadmissionpolicy', 'no-refused');
      await until('it to run', async () => (await stage.look.condition('refused', 'Ready'))?.status === 'True');
      await kubectl('delete', 'mkb', 'refused');
    });
  });

  // A controller that deleted what was made, again and again, was no fight for the operator: nothing counted it.
  it('counts what it makes again because somebody has deleted it, and nothing else', async () => {
    await apply('fought', { monitoring: { exporter: {} } });
    await stage.look.reaches('fought', 'MonitoringReady', 'True', 'AllReady');
    const before = { service: await restored('Service'), deployment: await restored('Deployment') };
    for (let round = 1; round <= 3; round++) {
      await kubectl('delete', 'service', 'fought-bridge');
      await until('the Service', () => stage.kubernetes.get('service', 'fought-bridge'));
      await until('it to be counted', async () => (await restored('Service')) === before.service + round);
    }
    await expect.poll(() => stage.look.events('fought')).toContainEqual('Restored: Restored Service fought-bridge.');
    // What nobody wants any more, and is wanted again, was deleted by us.
    await apply('fought');
    await until('the exporter to go', async () => !(await owned('fought')).includes('Deployment/fought-exporter'));
    await apply('fought', { monitoring: { exporter: {} } });
    await stage.look.reaches('fought', 'MonitoringReady', 'True', 'AllReady');
    expect(await restored('Deployment')).toBe(before.deployment);
    await kubectl('delete', 'mkb', 'fought');
  });

  expectNoFaults(stage);
});

const isReady = ({ status }: KubernetesObject): boolean =>
  status.conditions?.some((each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True');
