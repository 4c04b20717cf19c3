/** A bridge on a real API server: what is made of it, what is set right, and what becomes of mistakes. */
import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';

const shared = (replicas: number) => ({
  mqtt: { url: 'mqtt://broker.example:1883', share: 's' },
  bridge: { replicas },
});
const rule = (sql: string) => ({ name: 'all', sql, sinks: [{ kafka: { topic: 'cars' } }] });
const good = [rule('SELECT payload FROM "cars/#"')];

describeReal('kubernetes', 'kwok')('an operator', () => {
  const stage = stageForBridges();
  const { kubectl, apply, statefulSet, pods, revision, owned } = stage;

  describe('that is told of a bridge', () => {
    it('makes everything that it needs, and says when it is ready', async () => {
      await apply('made', shared(2));
      const ready = await stage.look.reaches('made', 'Ready', 'True', 'AllReady');
      expect(ready?.message).toBe('2 of 2 Pods of StatefulSet made-bridge are ready.');
      expect(await owned('made')).toEqual(
        expect.arrayContaining([
          'StatefulSet/made-bridge',
          'Service/made-bridge',
          'ConfigMap/made-bridge',
          'ServiceAccount/made-bridge',
          'PodDisruptionBudget/made-bridge',
          'NetworkPolicy/made-bridge',
        ]),
      );
      expect(await stage.look.status('made')).toMatchObject({
        observedGeneration: 1,
        appliedGeneration: 1,
        replicas: 2,
        readyReplicas: 2,
        rules: 1,
        sessions: 2,
        endpoints: { mqtt: 'mqtt://broker.example:1883' },
      });
      await expect
        .poll(() => stage.look.events('made'))
        .toContainEqual(expect.stringMatching(/^Created: Created .*StatefulSet made-bridge/));
    });

    // Two bridges of one name shared a session and a consumer group, and each got a part of the other's messages.
    it('gives it client ids and a group with its namespace, and remembers them', async () => {
      const runs = async () => (await stage.kubernetes.get('configmap', 'named-bridge'))?.data['bridge.yaml'];
      await apply('named');
      await until('what it runs from', async () => (await runs())?.includes('groupId: default.named'));
      expect(await runs()).toContain('clientId: default.named');
      await kubectl('annotate', 'mkb', 'named', 'mqttkafka.dev/identity-');
      const identity = async () =>
        (await stage.kubernetes.get('mqttkafkabridge', 'named'))?.metadata.annotations?.['mqttkafka.dev/identity'];
      await until('the annotation', async () => (await identity()) === 'default.named');
    });

    it('asks its Pods whether they are connected', async () => {
      await apply('asked');
      expect(await stage.look.reaches('asked', 'KafkaReachable', 'True')).toMatchObject({ reason: 'Connected' });
      expect(await stage.look.reaches('asked', 'BrokerReady', 'True')).toMatchObject({ reason: 'Connected' });
    });

    it('runs a broker and monitoring beside it when the document says so', async () => {
      await apply('whole', {
        mqtt: { broker: { kind: 'mosquitto' } },
        monitoring: { exporter: {}, prometheus: {}, grafana: {} },
      });
      await stage.look.reaches('whole', 'BrokerReady', 'True', 'PodsReady');
      await stage.look.reaches('whole', 'MonitoringReady', 'True', 'AllReady');
      await stage.look.reaches('whole', 'Ready', 'True');
      const { endpoints } = await stage.look.status('whole');
      expect(Object.keys(endpoints).sort()).toEqual(['grafana', 'mqtt', 'prometheus']);
      const passwords = async () =>
        (JSON.parse(await kubectl('get', 'secret', '-o', 'json')).items as KubernetesObject[])
          // That holds the document, which changes.
          .filter(({ metadata }) => !metadata.name.endsWith('-sessions'))
          .map(each => each.data);
      const before = await passwords();
      await kubectl('label', 'secret', 'whole-broker-user', 'app.kubernetes.io/managed-by-');
      await apply('whole', { mqtt: { broker: { kind: 'mosquitto' } }, rules: good });
      await until('the monitoring to go', async () => !(await owned('whole')).some(each => each.includes('grafana')));
      // Passwords that were made up once are kept.
      const after = await passwords();
      expect(before).toEqual(expect.arrayContaining(after));
      expect(await stage.look.reaches('whole', 'MonitoringReady', 'True', 'NotAsked')).toBeDefined();
    });
  });

  describe('whose objects somebody else changes', () => {
    it('makes a child again that was deleted', async () => {
      await apply('deleted', shared(1));
      await stage.look.reaches('deleted', 'Ready', 'True');
      for (const child of ['statefulset', 'configmap', 'service', 'networkpolicy', 'serviceaccount']) {
        const before = (await stage.kubernetes.get(child, 'deleted-bridge'))!.metadata.uid;
        await kubectl('delete', child, 'deleted-bridge', '--wait=false');
        await until(`another ${child}`, async () => {
          const uid = (await stage.kubernetes.get(child, 'deleted-bridge'))?.metadata.uid;
          return uid !== undefined && uid !== before;
        });
      }
      await stage.look.reaches('deleted', 'Ready', 'True');
    });

    it('takes back an object whose owner reference or label was removed', async () => {
      await apply('orphan');
      await stage.look.reaches('orphan', 'Ready', 'True');
      const service = async () => (await stage.kubernetes.get('service', 'orphan-bridge'))!.metadata;
      await kubectl(
        'patch',
        'service',
        'orphan-bridge',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/metadata/ownerReferences"}]',
      );
      await until('the owner', async () => (await service()).ownerReferences?.length === 1);
      await kubectl('label', 'service', 'orphan-bridge', 'app.kubernetes.io/managed-by-');
      await until(
        'the label',
        async () => (await service()).labels['app.kubernetes.io/managed-by'] === 'mqtt-kafka-operator',
      );
    });

    it('sets a field right, and tells whose it was', async () => {
      await apply('edited', shared(1));
      await stage.look.reaches('edited', 'Ready', 'True');
      await kubectl('scale', 'statefulset', 'edited-bridge', '--replicas=3');
      await until('one replica', async () => (await statefulSet('edited'))?.spec.replicas === 1);
      await kubectl(
        'patch',
        'service',
        'edited-bridge',
        '--type=json',
        '-p',
        '[{"op":"remove","path":"/spec/selector/app.kubernetes.io~1component"}]',
      );
      await until('the selector', async () => {
        const service = await stage.kubernetes.get('service', 'edited-bridge');
        return service?.spec.selector['app.kubernetes.io/component'] === 'bridge';
      });
      await until('the news of it', async () =>
        (await stage.look.events('edited')).some(each => /^Corrected: .*spec.replicas.*kubectl/.test(each)),
      );
      expect(await stage.operator.registry.metrics()).toMatch(
        /mkb_operator_corrections_total\{kind="StatefulSet"\} [1-9]/,
      );
    });
  });

  describe('that finds objects of somebody else', () => {
    it('leaves them as they are, says which is in the way, and goes on when it is gone', async () => {
      const metadata = { name: 'taken-bridge', namespace: 'default' };
      await stage.kubernetes.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } });
      await apply('taken');
      const { message } = (await stage.look.reaches('taken', 'Ready', 'False', 'KubeObjectTaken'))!;
      expect(message).toContain('Service default/taken-bridge');
      expect((await stage.kubernetes.get('service', 'taken-bridge'))!.spec.ports).toMatchObject([{ port: 80 }]);
      await kubectl('delete', 'service', 'taken-bridge');
      await stage.look.reaches('taken', 'Ready', 'True');
    });

    it('removes nothing that only refers to the bridge as its owner', async () => {
      await apply('referred');
      await stage.look.reaches('referred', 'Ready', 'True');
      const { metadata } = (await stage.kubernetes.get('mkb', 'referred'))!;
      const owner = {
        apiVersion: 'mqttkafka.dev/v1alpha1',
        kind: 'MqttKafkaBridge',
        name: 'referred',
        uid: metadata.uid,
      };
      const own = { name: 'of-a-person', namespace: 'default', ownerReferences: [owner] };
      await stage.kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: own, data: { a: 'b' } });
      await apply('referred', { rules: good });
      await stage.look.reaches('referred', 'Ready', 'True');
      expect(await stage.kubernetes.get('configmap', 'of-a-person')).toBeDefined();
    });

    it('waits for what an earlier bridge of the same name has left', async () => {
      await apply('again', { mqtt: { broker: { kind: 'mosquitto' } } });
      await stage.look.reaches('again', 'Ready', 'True');
      const { uid } = (await stage.kubernetes.get('mkb', 'again'))!.metadata;
      await kubectl('delete', 'mkb', 'again');
      await apply('again', { mqtt: { broker: { kind: 'mosquitto' } } });
      await stage.look.reaches('again', 'Ready', 'True');
      expect((await stage.kubernetes.get('mkb', 'again'))!.metadata.uid).not.toBe(uid);
      expect((await statefulSet('again'))!.metadata.ownerReferences).toHaveLength(1);
    });
  });

  describe('that is given a document which does not work', () => {
    it('heals as soon as the image is right', async () => {
      await apply('image', { bridge: { image: 'mkb:broken' } });
      expect(await stage.look.reaches('image', 'Ready', 'False', 'ImagePullBackOff')).toBeDefined();
      expect(await stage.look.reaches('image', 'Degraded', 'True', 'ImagePullBackOff')).toBeDefined();
      await apply('image', { bridge: { image: 'mkb:good' } });
      await stage.look.reaches('image', 'Ready', 'True');
      await stage.look.reaches('image', 'Degraded', 'False');
      expect((await pods('image'))[0]!.spec.containers[0].image).toBe('mkb:good');
    });

    it('heals from a bad image that came to a bridge which ran', async () => {
      await apply('worse', { ...shared(3), rules: good });
      await stage.look.reaches('worse', 'Ready', 'True');
      const spec = shared(3);
      await apply('worse', { ...spec, bridge: { replicas: 3, image: 'mkb:broken' } });
      await stage.look.reaches('worse', 'Ready', 'False', 'ImagePullBackOff');
      expect((await pods('worse')).filter(pod => pod.spec.containers[0].image !== 'mkb:broken')).toHaveLength(2);
      await apply('worse', { ...spec, bridge: { replicas: 3, image: 'mkb:good' } });
      await stage.look.reaches('worse', 'Ready', 'True');
    });

    it('goes on with the last good rules while the SQL is wrong, says where, and heals', async () => {
      await apply('rules', { rules: good });
      await stage.look.reaches('rules', 'Ready', 'True');
      const before = await revision('rules');
      await apply('rules', { rules: [rule('SELECT payload\nFORM "cars/#"')] });
      const wrong = await stage.look.reaches('rules', 'RulesValid', 'False');
      expect(wrong?.message).toContain('spec.rules[0].sql, line 2, column 6');
      expect(await stage.look.condition('rules', 'Ready')).toMatchObject({ status: 'False', reason: 'RulesInvalid' });
      expect(await stage.look.status('rules')).toMatchObject({
        observedGeneration: 3,
        appliedGeneration: 2,
        readyReplicas: 1,
      });
      // Still looked after: what somebody changes meanwhile is set right by the last good document.
      await kubectl('delete', 'service', 'rules-bridge');
      await until('the Service', () => stage.kubernetes.get('service', 'rules-bridge'));
      expect(await revision('rules')).toBe(before);
      await expect
        .poll(() => stage.look.events('rules'))
        .toContainEqual(expect.stringMatching(/^RulesInvalid: .*line 2, column 6/s));

      await apply('rules', { rules: [rule('SELECT payload\nFROM "cars/+"')] });
      await stage.look.reaches('rules', 'Ready', 'True');
      expect(await stage.look.condition('rules', 'RulesValid')).toMatchObject({ status: 'True' });
      expect(await revision('rules')).not.toBe(before);
    });

    it('says so when there is no earlier document to run', async () => {
      await apply('first', { rules: [rule('SELECT')] });
      const { message } = (await stage.look.reaches('first', 'Ready', 'False', 'RulesInvalid'))!;
      expect(message).toContain('There is no earlier document to run.');
      expect(await owned('first')).toEqual([]);
    });

    it('names what the API server does not take, and goes on with the rest', async () => {
      // What has not even the type of a field is answered with 500.
      const podTemplate = { spec: { containers: [{ name: 'bridge', ports: [{ containerPort: 'http' }] }] } };
      await apply('refused', { bridge: { podTemplate } });
      const { message } = (await stage.look.reaches('refused', 'Ready', 'False', 'KubeFailed'))!;
      expect(message).toContain('containerPort');
      expect(await owned('refused')).toContain('Service/refused-bridge');
      await apply('refused', { rules: good });
      await stage.look.reaches('refused', 'Ready', 'True');
    });
  });

  it('says why the controllers of Kubernetes make no Pods', async () => {
    // The API server takes a StatefulSet whose Pods it will not take.
    const podTemplate = { spec: { containers: [{ name: 'bridge', ports: [{ containerPort: 700_000 }] }] } };
    await apply('none', { bridge: { podTemplate } });
    expect((await stage.look.reaches('none', 'Ready', 'False', 'FailedCreate'))?.message).toContain('containerPort');
  });

  expectNoFaults(stage);
});
