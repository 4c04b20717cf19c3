/** The life of a bridge on a real API server, from `kubectl apply` to `kubectl delete`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject, RunningKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { bridge, looks, operatorAccount, type RunningOperator, startCluster, startOperator } from './support/stage.ts';

const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };
const shared = (replicas: number) => ({
  mqtt: { url: 'mqtt://broker.example:1883', share: 's' },
  bridge: { replicas },
});
const rule = (sql: string) => ({ name: 'all', sql, sinks: [{ kafka: { topic: 'cars' } }] });
const good = [rule('SELECT payload FROM "cars/#"')];

describeReal('kubernetes', 'kwok')('an operator', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;
  let look: ReturnType<typeof looks>;

  beforeAll(async () => {
    kubernetes = await startCluster();
    look = looks(kubernetes);
    operator = await startOperator(kubernetes);
  }, 90_000);

  afterAll(async () => {
    await operator?.stop();
    await kubernetes?.stop();
  });

  const kubectl = (...args: string[]) => kubernetes.kubectl(args);
  const statefulSet = (name: string) => kubernetes.get('statefulset', `${name}-bridge`);
  const annotate = (name: string, annotation: string) => kubectl('annotate', 'mkb', name, annotation, '--overwrite');
  const pods = async (name: string): Promise<KubernetesObject[]> => {
    const selector = `app.kubernetes.io/instance=${name},app.kubernetes.io/component=bridge`;
    return JSON.parse(await kubectl('get', 'pods', '-l', selector, '-o', 'json')).items;
  };
  /** The revision of the Pod template: another one means that Pods are rolled. */
  const revision = async (name: string) => (await statefulSet(name))!.status.updateRevision as string;
  /** Everything that belongs to a bridge, as `Kind/name`. */
  const owned = async (name: string): Promise<string[]> => {
    const kinds = 'sts,deploy,svc,cm,secret,sa,pdb,hpa,netpol,job';
    const { items } = JSON.parse(await kubectl('get', kinds, '-o', 'json')) as { items: KubernetesObject[] };
    return items
      .filter(({ metadata }) => metadata.ownerReferences?.some((owner: { name: string }) => owner.name === name))
      .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  };
  const apply = async (name: string, spec?: Parameters<typeof bridge>[1]) => kubernetes.apply(bridge(name, spec));

  describe('that is told of a bridge', () => {
    it('makes everything that it needs, and says when it is ready', async () => {
      await apply('made', shared(2));
      const ready = await look.reaches('made', 'Ready', 'True', 'AllReady');
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
      expect(await look.status('made')).toMatchObject({
        observedGeneration: 1,
        appliedGeneration: 1,
        replicas: 2,
        readyReplicas: 2,
        rules: 1,
        sessions: 2,
        endpoints: { mqtt: 'mqtt://broker.example:1883' },
      });
      expect(await look.events('made')).toContainEqual(
        expect.stringMatching(/^Created: Created .*StatefulSet made-bridge/),
      );
    });

    it('asks its Pods whether they are connected', async () => {
      await apply('asked');
      expect(await look.reaches('asked', 'KafkaReachable', 'True')).toMatchObject({ reason: 'Connected' });
      expect(await look.reaches('asked', 'BrokerReady', 'True')).toMatchObject({ reason: 'Connected' });
    });

    it('runs a broker and monitoring beside it when the document says so', async () => {
      await apply('whole', {
        mqtt: { broker: { kind: 'mosquitto' } },
        monitoring: { exporter: {}, prometheus: {}, grafana: {} },
      });
      await look.reaches('whole', 'BrokerReady', 'True', 'PodsReady');
      await look.reaches('whole', 'MonitoringReady', 'True', 'AllReady');
      await look.reaches('whole', 'Ready', 'True');
      const { endpoints } = await look.status('whole');
      expect(Object.keys(endpoints).sort()).toEqual(['grafana', 'mqtt', 'prometheus']);
      const passwords = async () =>
        JSON.parse(await kubectl('get', 'secret', '-o', 'json')).items.map((each: KubernetesObject) => each.data);
      const before = await passwords();
      await kubectl('label', 'secret', 'whole-broker-user', 'app.kubernetes.io/managed-by-');
      await apply('whole', { mqtt: { broker: { kind: 'mosquitto' } }, rules: good });
      await until('the monitoring to go', async () => !(await owned('whole')).some(each => each.includes('grafana')));
      // Passwords that were made up once are kept.
      const after = await passwords();
      expect(before).toEqual(expect.arrayContaining(after));
      expect(await look.reaches('whole', 'MonitoringReady', 'True', 'NotAsked')).toBeDefined();
    });
  });

  describe('whose objects somebody else changes', () => {
    it('makes a child again that was deleted', async () => {
      await apply('deleted', shared(1));
      await look.reaches('deleted', 'Ready', 'True');
      for (const child of ['statefulset', 'configmap', 'service', 'networkpolicy', 'serviceaccount']) {
        const before = (await kubernetes.get(child, 'deleted-bridge'))!.metadata.uid;
        await kubectl('delete', child, 'deleted-bridge', '--wait=false');
        await until(`another ${child}`, async () => {
          const uid = (await kubernetes.get(child, 'deleted-bridge'))?.metadata.uid;
          return uid !== undefined && uid !== before;
        });
      }
      await look.reaches('deleted', 'Ready', 'True');
    });

    it('takes back an object whose owner reference or label was removed', async () => {
      await apply('orphan');
      await look.reaches('orphan', 'Ready', 'True');
      const service = async () => (await kubernetes.get('service', 'orphan-bridge'))!.metadata;
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
      await look.reaches('edited', 'Ready', 'True');
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
        const service = await kubernetes.get('service', 'edited-bridge');
        return service?.spec.selector['app.kubernetes.io/component'] === 'bridge';
      });
      await until('the news of it', async () =>
        (await look.events('edited')).some(each => /^Corrected: .*spec.replicas.*kubectl/.test(each)),
      );
      expect(await operator.registry.metrics()).toMatch(/mkb_operator_corrections_total\{kind="StatefulSet"\} [1-9]/);
    });
  });

  describe('that finds objects of somebody else', () => {
    it('leaves them as they are, says which is in the way, and goes on when it is gone', async () => {
      const metadata = { name: 'taken-bridge', namespace: 'default' };
      await kubernetes.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } });
      await apply('taken');
      const { message } = (await look.reaches('taken', 'Ready', 'False', 'KubeObjectTaken'))!;
      expect(message).toContain('Service default/taken-bridge');
      expect((await kubernetes.get('service', 'taken-bridge'))!.spec.ports).toMatchObject([{ port: 80 }]);
      await kubectl('delete', 'service', 'taken-bridge');
      await look.reaches('taken', 'Ready', 'True');
    });

    it('removes nothing that only refers to the bridge as its owner', async () => {
      await apply('referred');
      await look.reaches('referred', 'Ready', 'True');
      const { metadata } = (await kubernetes.get('mkb', 'referred'))!;
      const owner = {
        apiVersion: 'mqttkafka.dev/v1alpha1',
        kind: 'MqttKafkaBridge',
        name: 'referred',
        uid: metadata.uid,
      };
      const own = { name: 'of-a-person', namespace: 'default', ownerReferences: [owner] };
      await kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: own, data: { a: 'b' } });
      await apply('referred', { rules: good });
      await look.reaches('referred', 'Ready', 'True');
      expect(await kubernetes.get('configmap', 'of-a-person')).toBeDefined();
    });

    it('waits for what an earlier bridge of the same name has left', async () => {
      await apply('again', { mqtt: { broker: { kind: 'mosquitto' } } });
      await look.reaches('again', 'Ready', 'True');
      const { uid } = (await kubernetes.get('mkb', 'again'))!.metadata;
      await kubectl('delete', 'mkb', 'again');
      await apply('again', { mqtt: { broker: { kind: 'mosquitto' } } });
      await look.reaches('again', 'Ready', 'True');
      expect((await kubernetes.get('mkb', 'again'))!.metadata.uid).not.toBe(uid);
      expect((await statefulSet('again'))!.metadata.ownerReferences).toHaveLength(1);
    });
  });

  describe('that is given a document which does not work', () => {
    it('heals as soon as the image is right', async () => {
      await apply('image', { bridge: { image: 'mkb:broken' } });
      expect(await look.reaches('image', 'Ready', 'False', 'ImagePullBackOff')).toBeDefined();
      expect(await look.reaches('image', 'Degraded', 'True', 'ImagePullBackOff')).toBeDefined();
      await apply('image', { bridge: { image: 'mkb:good' } });
      await look.reaches('image', 'Ready', 'True');
      await look.reaches('image', 'Degraded', 'False');
      expect((await pods('image'))[0]!.spec.containers[0].image).toBe('mkb:good');
    });

    it('heals from a bad image that came to a bridge which ran', async () => {
      await apply('worse', { ...shared(3), rules: good });
      await look.reaches('worse', 'Ready', 'True');
      const spec = shared(3);
      await apply('worse', { ...spec, bridge: { replicas: 3, image: 'mkb:broken' } });
      await look.reaches('worse', 'Ready', 'False', 'ImagePullBackOff');
      expect((await pods('worse')).filter(pod => pod.spec.containers[0].image !== 'mkb:broken')).toHaveLength(2);
      await apply('worse', { ...spec, bridge: { replicas: 3, image: 'mkb:good' } });
      await look.reaches('worse', 'Ready', 'True');
    });

    it('goes on with the last good rules while the SQL is wrong, says where, and heals', async () => {
      await apply('rules', { rules: good });
      await look.reaches('rules', 'Ready', 'True');
      const before = await revision('rules');
      await apply('rules', { rules: [rule('SELECT payload\nFORM "cars/#"')] });
      const wrong = await look.reaches('rules', 'RulesValid', 'False');
      expect(wrong?.message).toContain('spec.rules[0].sql, line 2, column 6');
      expect(await look.condition('rules', 'Ready')).toMatchObject({ status: 'False', reason: 'RulesInvalid' });
      expect(await look.status('rules')).toMatchObject({
        observedGeneration: 3,
        appliedGeneration: 2,
        readyReplicas: 1,
      });
      // Still looked after: what somebody changes meanwhile is set right by the last good document.
      await kubectl('delete', 'service', 'rules-bridge');
      await until('the Service', () => kubernetes.get('service', 'rules-bridge'));
      expect(await revision('rules')).toBe(before);
      expect(await look.events('rules')).toContainEqual(expect.stringMatching(/^RulesInvalid: .*line 2, column 6/s));

      await apply('rules', { rules: [rule('SELECT payload\nFROM "cars/+"')] });
      await look.reaches('rules', 'Ready', 'True');
      expect(await look.condition('rules', 'RulesValid')).toMatchObject({ status: 'True' });
      expect(await revision('rules')).not.toBe(before);
    });

    it('says so when there is no earlier document to run', async () => {
      await apply('first', { rules: [rule('SELECT')] });
      const { message } = (await look.reaches('first', 'Ready', 'False', 'RulesInvalid'))!;
      expect(message).toContain('There is no earlier document to run.');
      expect(await owned('first')).toEqual([]);
    });

    it('names what the API server does not take, and goes on with the rest', async () => {
      // What has not even the type of a field is answered with 500.
      const podTemplate = { spec: { containers: [{ name: 'bridge', ports: [{ containerPort: 'http' }] }] } };
      await apply('refused', { bridge: { podTemplate } });
      const { message } = (await look.reaches('refused', 'Ready', 'False', 'KubeFailed'))!;
      expect(message).toContain('containerPort');
      expect(await owned('refused')).toContain('Service/refused-bridge');
      await apply('refused', { rules: good });
      await look.reaches('refused', 'Ready', 'True');
    });
  });

  it('tells where to look when the controllers of Kubernetes make no Pods', async () => {
    // The API server takes a StatefulSet whose Pods it will not take.
    const podTemplate = { spec: { containers: [{ name: 'bridge', ports: [{ containerPort: 700_000 }] }] } };
    await apply('none', { bridge: { podTemplate } });
    expect((await look.reaches('none', 'Ready', 'False', 'PodsMissing'))?.message).toContain(
      'the events of StatefulSet none-bridge',
    );
  });

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
      const missing = await look.reaches('secret', 'Ready', 'False', 'SecretMissing');
      expect(missing?.message).toContain('Secret mqtt');
      expect(await look.events('secret')).toContainEqual(expect.stringMatching(/^SecretMissing: /));

      await kubernetes.apply(secret(''));
      await until('the key to be missed', async () =>
        (await look.condition('secret', 'Ready'))?.message.includes('key "password" of Secret mqtt'),
      );
      await kubernetes.apply(secret('one'));
      await look.reaches('secret', 'Ready', 'True');

      const before = await revision('secret');
      await kubernetes.apply(secret('two'));
      await until('another revision', async () => (await revision('secret')) !== before);
      await look.reaches('secret', 'Ready', 'True');

      // A Secret that goes away stops nothing that runs.
      const running = await revision('secret');
      await kubectl('delete', 'secret', 'mqtt');
      await look.reaches('secret', 'Degraded', 'True', 'SecretMissing');
      expect(await revision('secret')).toBe(running);
      expect((await look.status('secret')).readyReplicas).toBe(1);
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
        until(reason, async () => (await look.condition('strimzi', 'KafkaReachable'))?.message.includes(reason));
      await waits('there is no Kafka resource of this name');
      expect(await look.reaches('strimzi', 'Ready', 'False', 'KafkaClusterNotReady')).toBeDefined();

      const listener = { name: 'plain', type: 'internal', tls: false };
      const status = { listeners: [{ name: 'plain', bootstrapServers: 'prod-kafka-bootstrap:9092' }] };
      await kubernetes.apply(strimzi('Kafka', 'prod', { spec: { kafka: { listeners: [listener] } }, status }));
      await waits('there is no KafkaUser me');
      const data = { password: 'cGFzcw==' };
      await kubernetes.apply(
        strimzi('KafkaUser', 'me', {
          spec: { authentication: { type: 'scram-sha-512' } },
          status: { username: 'me', secret: 'me' },
        }),
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'me', namespace: 'default' }, data },
      );
      await look.reaches('strimzi', 'Ready', 'True');
      await look.reaches('strimzi', 'KafkaReachable', 'True', 'Connected');
    });
  });

  describe('that a person steers by annotations', () => {
    it('leaves a paused bridge alone, and catches up afterwards', async () => {
      await apply('paused', shared(1));
      await look.reaches('paused', 'Ready', 'True');
      await annotate('paused', 'mqttkafka.dev/paused=true');
      await look.reaches('paused', 'Paused', 'True');
      await kubectl('delete', 'service', 'paused-bridge');
      await apply('paused', shared(2));
      await look.reaches('paused', 'Paused', 'True');
      expect((await statefulSet('paused'))!.spec.replicas).toBe(1);
      expect(await kubernetes.get('service', 'paused-bridge')).toBeUndefined();
      expect(await operator.registry.metrics()).toContain(
        'mkb_operator_bridge_paused{namespace="default",name="paused"} 1',
      );

      await annotate('paused', 'mqttkafka.dev/paused-');
      await look.reaches('paused', 'Paused', 'False');
      await look.reaches('paused', 'Ready', 'True');
      expect((await statefulSet('paused'))!.spec.replicas).toBe(2);
      expect(await kubernetes.get('service', 'paused-bridge')).toBeDefined();
    });

    it('rolls the Pods once for each new value of restarted-at', async () => {
      await apply('restarted');
      await look.reaches('restarted', 'Ready', 'True');
      const before = (await pods('restarted'))[0]!.metadata.uid;
      await annotate('restarted', 'mqttkafka.dev/restarted-at=now');
      await until('another Pod', async () => {
        const [pod] = await pods('restarted');
        return pod && pod.metadata.uid !== before;
      });
      expect(await look.events('restarted')).toContainEqual(expect.stringMatching(/^Rolled: /));
    });
  });

  describe('that scales', () => {
    it('fills in the replicas that nobody said, so that kubectl scale works', async () => {
      await apply('unsaid', { mqtt: shared(1).mqtt });
      await until('replicas', async () => (await kubernetes.get('mkb', 'unsaid'))?.spec.bridge.replicas === 1);
      await kubectl('scale', 'mkb', 'unsaid', '--replicas=2');
      await until('two Pods', async () => (await look.status('unsaid'))?.readyReplicas === 2);
    });

    it('to zero and back keeps the sessions', async () => {
      await apply('zero', shared(2));
      await look.reaches('zero', 'Ready', 'True', 'AllReady');
      await apply('zero', shared(0));
      await look.reaches('zero', 'Ready', 'True', 'ScaledToZero');
      await until('no Pods', async () => (await pods('zero')).length === 0);
      expect((await look.status('zero')).sessions).toBe(2);
      expect((await owned('zero')).filter(each => each.startsWith('Job/'))).toEqual([]);
      await apply('zero', shared(2));
      await look.reaches('zero', 'Ready', 'True', 'AllReady');
    });

    it('drains the sessions of replicas that are no more, after their Pods', async () => {
      await apply('fewer', shared(3));
      await look.reaches('fewer', 'Ready', 'True', 'AllReady');
      await apply('fewer', shared(1));
      await until('one session', async () => (await look.status('fewer'))?.sessions === 1);
      const jobs = (await kubernetes.audit()).filter(
        ({ resource, name, verb, code }) =>
          resource === 'jobs' && name.startsWith('fewer-drain') && verb === 'patch' && code === 201,
      );
      expect(jobs.map(({ name }) => name).sort()).toEqual(['fewer-drain-1', 'fewer-drain-2']);
      await until('the Jobs to go', async () => !(await owned('fewer')).some(each => each.startsWith('Job/')));
      await look.reaches('fewer', 'Progressing', 'False', 'Complete');
    });
  });

  describe('whose bridge is deleted', () => {
    it('drains its sessions at a broker outside, and leaves nothing', async () => {
      await apply('gone', shared(2));
      await look.reaches('gone', 'Ready', 'True');
      expect((await kubernetes.get('mkb', 'gone'))!.metadata.finalizers).toEqual(['mqttkafka.dev/sessions']);
      await kubectl('delete', 'mkb', 'gone', '--timeout=30s');
      expect(await look.events('gone')).toContainEqual(expect.stringMatching(/^Drained: 2 sessions/));
      await until(
        'nothing to be left',
        async () => (await owned('gone')).length === 0 && (await pods('gone')).length === 0,
      );
    });

    it('holds up nothing when the broker is its own', async () => {
      await apply('inside', { mqtt: { broker: { kind: 'mosquitto' } } });
      await look.reaches('inside', 'Ready', 'True');
      expect((await kubernetes.get('mkb', 'inside'))!.metadata.finalizers).toBeUndefined();
      await kubectl('delete', 'mkb', 'inside', '--timeout=10s');
      await until('nothing to be left', async () => (await owned('inside')).length === 0);
    });

    it('does not hold up a namespace that is being deleted', async () => {
      await kubectl('create', 'namespace', 'doomed');
      await kubernetes.apply(bridge('doomed', shared(2), { namespace: 'doomed' }));
      await until('the finalizer', async () => (await kubernetes.get('mkb', 'doomed', 'doomed'))?.metadata.finalizers);
      await until(
        'the Pods',
        async () => (await kubernetes.get('statefulset', 'doomed-bridge', 'doomed'))?.status.readyReplicas === 2,
      );
      await kubectl('delete', 'namespace', 'doomed', '--timeout=25s');
    });
  });

  it('has exactly the rights that it needs', async () => {
    const refused = (await kubernetes.audit()).filter(
      ({ user, code, namespace }) => user.endsWith(`:${operatorAccount}`) && code === 403 && namespace !== 'doomed',
    );
    expect(refused).toEqual([]);
  });

  it('has no faults of its own', async () => {
    expect(operator.complaints.filter(each => /Something went wrong/.test(each))).toEqual([]);
    expect(await operator.registry.metrics()).toMatch(/controller_runtime_reconcile_panics_total\{.*\} 0/);
  });
});
