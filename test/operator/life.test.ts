/** The life of a bridge on a real API server: what it waits for, how people steer and scale it, and its end. */
import { describe, expect, it } from 'vitest';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';
import { bridge } from './support/stage.ts';

const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };
const shared = (replicas: number) => ({
  mqtt: { url: 'mqtt://broker.example:1883', share: 's' },
  bridge: { replicas },
});

describeReal('kubernetes', 'kwok')('an operator', () => {
  const stage = stageForBridges();
  const { kubectl, apply, annotate, statefulSet, pods, revision, owned } = stage;

  describe('whose bridge needs a Secret', () => {
    const spec = { mqtt: { url: 'mqtt://a', auth: { username: 'u', password } } };
    const secret = (value: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'mqtt', namespace: 'default' },
      stringData: value === '' ? { other: 'x' } : { password: value },
    });

    it('waits for it and for its key, by name, and rolls when it changes', async () => {
      await apply('secret', spec);
      const missing = await stage.look.reaches('secret', 'Ready', 'False', 'SecretMissing');
      expect(missing?.message).toContain('Secret mqtt');
      await expect.poll(() => stage.look.events('secret')).toContainEqual(expect.stringMatching(/^SecretMissing: /));

      await stage.kubernetes.apply(secret(''));
      await until('the key to be missed', async () =>
        (await stage.look.condition('secret', 'Ready'))?.message.includes('key "password" of Secret mqtt'),
      );
      await stage.kubernetes.apply(secret('one'));
      await stage.look.reaches('secret', 'Ready', 'True');

      const before = await revision('secret');
      await stage.kubernetes.apply(secret('two'));
      await until('another revision', async () => (await revision('secret')) !== before);
      await stage.look.reaches('secret', 'Ready', 'True');

      // A Secret that goes away stops nothing that runs.
      const running = await revision('secret');
      await kubectl('delete', 'secret', 'mqtt');
      await stage.look.reaches('secret', 'Degraded', 'True', 'SecretMissing');
      expect(await revision('secret')).toBe(running);
      expect((await stage.look.status('secret')).readyReplicas).toBe(1);
    });
  });

  describe('whose bridge refers to a Kafka cluster of Strimzi', () => {
    const strimzi = (kind: string, name: string, more: object) => ({
      apiVersion: 'kafka.strimzi.io/v1',
      kind,
      metadata: { name, namespace: 'default' },
      ...more,
    });

    it('waits for the cluster and for the user, and says for which', async () => {
      await apply('strimzi', { kafka: { clusterRef: { name: 'prod', user: 'me' } } });
      const waits = async (reason: string) =>
        until(reason, async () => (await stage.look.condition('strimzi', 'KafkaReachable'))?.message.includes(reason));
      await waits('there is no Kafka resource of this name');
      expect(await stage.look.reaches('strimzi', 'Ready', 'False', 'KafkaClusterNotReady')).toBeDefined();

      const listener = { name: 'plain', type: 'internal', tls: false };
      const status = { listeners: [{ name: 'plain', bootstrapServers: 'prod-kafka-bootstrap:9092' }] };
      await stage.kubernetes.apply(strimzi('Kafka', 'prod', { spec: { kafka: { listeners: [listener] } }, status }));
      await waits('there is no KafkaUser me');
      const data = { password: 'cGFzcw==' };
      await stage.kubernetes.apply(
        strimzi('KafkaUser', 'me', {
          spec: { authentication: { type: 'scram-sha-512' } },
          status: { username: 'me', secret: 'me' },
        }),
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'me', namespace: 'default' }, data },
      );
      await stage.look.reaches('strimzi', 'Ready', 'True');
      await stage.look.reaches('strimzi', 'KafkaReachable', 'True', 'Connected');
    });

    // A bridge needed somebody with rights on KafkaUsers before it could be applied.
    it('has its user made when it asks for that, and leaves it when it goes', async () => {
      const clusterRef = {
        name: 'prod',
        user: 'made',
        createUser: { spec: { quotas: { producerByteRate: 1_000_000 } } },
      };
      await apply('maker', { kafka: { clusterRef }, metadata: { labels: { team: 'cars' } } });
      const made = await until('the KafkaUser', () => stage.kubernetes.get('kafkauser', 'made'));
      expect(made.metadata.labels).toMatchObject({ 'strimzi.io/cluster': 'prod', team: 'cars' });
      expect(made.spec).toEqual({
        authentication: { type: 'scram-sha-512' },
        quotas: { producerByteRate: 1_000_000 },
      });
      await until('to wait for its Secret', async () =>
        (await stage.look.condition('maker', 'KafkaReachable'))?.message.includes('has no Secret yet'),
      );
      // As Strimzi does.
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'made', namespace: 'default' } };
      await stage.kubernetes.apply({ ...secret, data: { password: 'cGFzcw==' } });
      await kubectl(
        'patch',
        'kafkauser',
        'made',
        '--type=merge',
        '-p',
        '{"status":{"username":"made","secret":"made"}}',
      );
      await stage.look.reaches('maker', 'Ready', 'True');
      await kubectl('delete', 'mkb', 'maker');
      await until('its Pods to go', async () => (await statefulSet('maker')) === undefined);
      expect(await stage.kubernetes.get('kafkauser', 'made')).toBeDefined();
    });
  });

  describe('that a person steers by annotations', () => {
    it('leaves a paused bridge alone, and catches up afterwards', async () => {
      await apply('paused', shared(1));
      await stage.look.reaches('paused', 'Ready', 'True');
      await annotate('paused', 'mqttkafka.dev/paused=true');
      await stage.look.reaches('paused', 'Paused', 'True');
      await kubectl('delete', 'service', 'paused-bridge');
      await apply('paused', shared(2));
      await stage.look.reaches('paused', 'Paused', 'True');
      expect((await statefulSet('paused'))!.spec.replicas).toBe(1);
      expect(await stage.kubernetes.get('service', 'paused-bridge')).toBeUndefined();
      expect(await stage.operator.registry.metrics()).toContain(
        'mkb_operator_bridge_paused{namespace="default",name="paused"} 1',
      );

      await annotate('paused', 'mqttkafka.dev/paused-');
      await stage.look.reaches('paused', 'Paused', 'False');
      await stage.look.reaches('paused', 'Ready', 'True');
      expect((await statefulSet('paused'))!.spec.replicas).toBe(2);
      expect(await stage.kubernetes.get('service', 'paused-bridge')).toBeDefined();
    });

    it('rolls the Pods once for each new value of restarted-at', async () => {
      await apply('restarted');
      await stage.look.reaches('restarted', 'Ready', 'True');
      const before = (await pods('restarted'))[0]!.metadata.uid;
      await annotate('restarted', 'mqttkafka.dev/restarted-at=now');
      await until('another Pod', async () => {
        const [pod] = await pods('restarted');
        return pod && pod.metadata.uid !== before;
      });
      await expect.poll(() => stage.look.events('restarted')).toContainEqual(expect.stringMatching(/^Rolled: /));
    });
  });

  describe('that scales', () => {
    it('fills in the replicas that nobody said, so that kubectl scale works', async () => {
      await apply('unsaid', { mqtt: shared(1).mqtt });
      await until('replicas', async () => (await stage.kubernetes.get('mkb', 'unsaid'))?.spec.bridge.replicas === 1);
      await kubectl('scale', 'mkb', 'unsaid', '--replicas=2');
      await until('two Pods', async () => (await stage.look.status('unsaid'))?.readyReplicas === 2);
    });

    it('to zero and back keeps the sessions', async () => {
      await apply('zero', shared(2));
      await stage.look.reaches('zero', 'Ready', 'True', 'AllReady');
      await apply('zero', shared(0));
      await stage.look.reaches('zero', 'Ready', 'True', 'ScaledToZero');
      await until('no Pods', async () => (await pods('zero')).length === 0);
      expect((await stage.look.status('zero')).sessions).toBe(2);
      expect((await owned('zero')).filter(each => each.startsWith('Job/'))).toEqual([]);
      await apply('zero', shared(2));
      await stage.look.reaches('zero', 'Ready', 'True', 'AllReady');
    });

    it('drains the sessions of replicas that are no more, after their Pods', async () => {
      await apply('fewer', shared(3));
      await stage.look.reaches('fewer', 'Ready', 'True', 'AllReady');
      await apply('fewer', shared(1));
      await until('one session', async () => (await stage.look.status('fewer'))?.sessions === 1);
      const jobs = (await stage.kubernetes.audit()).filter(
        ({ resource, name, verb, code }) =>
          resource === 'jobs' && name.startsWith('fewer-drain') && verb === 'patch' && code === 201,
      );
      expect(jobs.map(({ name }) => name).sort()).toEqual(['fewer-drain-1', 'fewer-drain-2']);
      await until('the Jobs to go', async () => !(await owned('fewer')).some(each => each.startsWith('Job/')));
      await stage.look.reaches('fewer', 'Progressing', 'False', 'Complete');
    });
  });

  describe('whose bridge is deleted', () => {
    it('drains its sessions at a broker outside, and leaves nothing', async () => {
      await apply('gone', shared(2));
      await stage.look.reaches('gone', 'Ready', 'True');
      expect((await stage.kubernetes.get('mkb', 'gone'))!.metadata.finalizers).toEqual(['mqttkafka.dev/sessions']);
      await kubectl('delete', 'mkb', 'gone', '--timeout=120s');
      await expect.poll(() => stage.look.events('gone')).toContainEqual(expect.stringMatching(/^Drained: 2 sessions/));
      await until(
        'nothing to be left',
        async () => (await owned('gone')).length === 0 && (await pods('gone')).length === 0,
      );
    });

    it('does not hold up a namespace that is being deleted', async () => {
      await kubectl('create', 'namespace', 'doomed');
      await stage.kubernetes.apply(bridge('doomed', shared(2), { namespace: 'doomed' }));
      await until(
        'the finalizer',
        async () => (await stage.kubernetes.get('mkb', 'doomed', 'doomed'))?.metadata.finalizers,
      );
      await until(
        'the Pods',
        async () => (await stage.kubernetes.get('statefulset', 'doomed-bridge', 'doomed'))?.status.readyReplicas === 2,
      );
      await kubectl('delete', 'namespace', 'doomed', '--timeout=120s');
    });
  });

  // Nothing can be made in a namespace that is being deleted.
  expectNoFaults(stage, 'doomed');
});
