/**
 * Numbered messages through a bridge that is changed, moved, starved and deleted on a real node, with the operator in its Pod: whatever the broker
 * has acknowledged is in Kafka. MKB_LONG=1 has ten times as many messages.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { mkb } from '../cli/mkb-process.ts';
import { Oracle } from '../faults/oracle.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { startOutsideBroker } from './support/outside-broker.ts';
import { type RealCluster, secondImage, startRealCluster } from './support/real-cluster.ts';

const minute = 60_000;
const system = 'mqtt-kafka-system';
const factor = process.env.MKB_LONG ? 10 : 1;
const podsOf = (bridge: string) => `app.kubernetes.io/instance=${bridge},app.kubernetes.io/component=bridge`;

describeReal(
  'etcd',
  'kubernetes',
  'node',
  'engine',
  'kafka',
  'mosquitto',
)('no acknowledged message is lost', () => {
  let cluster: RealCluster;
  let url: string;
  let otherUrl: string;
  let oracle: Oracle | undefined;
  let name = 'moving';

  const kubectl = (...args: string[]) => cluster.kubernetes.kubectl(args);
  const rule = (topic: string) => ({
    name: topic,
    sql: `SELECT payload FROM "${topic}/{clientid}"`,
    sinks: [{ kafka: { topic, key: '${clientid}' } }],
  });
  const topics = ['held', 'changed', 'starved', 'own', 'deleted', 'buffered'];
  const apply = (mqtt: object, more: object = {}) =>
    cluster.kubernetes.apply({
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name, namespace: 'default' },
      spec: {
        mqtt: { share: 'moving', reconnect: { maxDelay: '1s' }, ...mqtt },
        kafka: {
          bootstrapServers: cluster.kafka.bootstrapProxied.split(','),
          topics: topics.map(name => ({ name, partitions: 2 })),
        },
        rules: topics.map(rule),
        bridge: { replicas: 2, drainTimeout: '5m' },
        ...more,
      },
    });
  const resource = () => cluster.kubernetes.get('mkb', name);
  /** Every replica runs the newest document, and no older one has left anything. */
  const settled = () =>
    until(
      'the bridge to be ready, and no session to be left',
      async () => {
        const { metadata, status } = (await resource())!;
        const ready = status?.conditions?.find(({ type }: { type: string }) => type === 'Ready');
        const left = status?.leftSessions ?? [];
        return ready?.status === 'True' && ready.observedGeneration === metadata.generation && left.length === 0;
      },
      { timeoutMs: 4 * minute, everyMs: 250 },
    ).catch(async error => {
      const all = await kubectl('get', 'pods,jobs,secrets', '-o', 'wide');
      throw new Error(`${error.message}\n${JSON.stringify((await resource())?.status, null, 1)}\n${all}`, {
        cause: error,
      });
    });
  const drained = () =>
    until(
      'drains that have begun',
      async () => (await kubectl('get', 'jobs', '-o', 'name')).includes('moving-sessions-'),
      {
        timeoutMs: 2 * minute,
      },
    );
  const publish = async (mqttUrl: string, kafkaTopic: string) => {
    oracle = new Oracle({
      ...{ mqttUrl, kafkaTopic, topicPrefix: kafkaTopic, kafka: cluster.kafka.client() },
      // Replicas share the subscription, and what was left is drained last.
      ...{ ordered: false, clients: 4, messagesPerClient: 500 * factor, messagesPerSecond: 100 },
    });
    await oracle.start();
    return oracle;
  };
  const expectNoneLost = async () => {
    const verdict = await oracle!.verdict();
    expect(verdict.problems, verdict.text).toEqual([]);
    expect(verdict.acknowledged).toBe(2000 * factor);
    console.info(verdict.text);
  };

  beforeAll(async () => {
    cluster = await startRealCluster();
    await kubectl('apply', '--server-side', '-f', 'deploy/install.yaml');
    await kubectl('-n', system, 'rollout', 'status', 'deployment/mqtt-kafka-operator', '--timeout=120s');
    [url, otherUrl] = (await Promise.all(
      ['broker', 'other-broker'].map(name => startOutsideBroker(cluster, name)),
    )) as [string, string];
    await apply({ url });
    await settled();
  }, 15 * minute);
  afterEach(() => oracle?.stop());
  afterAll(() => cluster?.stop());

  it('when it is restarted, paused and resumed by mkb while messages come', { timeout: 6 * minute }, async () => {
    const run = (...args: string[]) => mkb(args, { env: { KUBECONFIG: cluster.kubernetes.kubeconfig } });
    const load = await publish(url, 'held');
    await load.reach(0.1);
    const restarted = await run('restart', name);
    expect(restarted, restarted.stderr).toMatchObject({ code: 0 });
    expect(await run('pause', name)).toMatchObject({ code: 0 });
    await load.load.finished;
    expect(await run('resume', name)).toMatchObject({ code: 0 });
    await settled();
    await expectNoneLost();
    const { stdout } = await run('logs', name);
    for (const ordinal of [0, 1]) expect(stdout).toContain(`"pod":"moving-bridge-${ordinal}"`);
  });

  // Half of 400 messages stayed in the sessions of the old client id, with Ready=True.
  it('when client id and group are changed while messages come', { timeout: 6 * minute }, async () => {
    const load = await publish(url, 'changed');
    await load.reach(0.2);
    await apply({ url, clientId: 'second', share: 'another' });
    await drained();
    await settled();
    await expectNoneLost();
  });

  it(
    'when the node is drained, the operator is replaced by a newer one that finds no session kit, and the client id is changed, while Kafka is down',
    { timeout: 8 * minute },
    async () => {
      const load = await publish(url, 'starved');
      await load.reach(0.2);
      const [broker] = cluster.kafka.brokers;
      await broker!.kill();
      const evicting = ['--disable-eviction=false', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=5s'];
      await kubectl('drain', cluster.node.name, `--pod-selector=${podsOf(name)}`, ...evicting).catch(() => undefined);
      await kubectl('uncordon', cluster.node.name);
      // As it is when the operator before knew none.
      await kubectl('-n', system, 'scale', 'deployment/mqtt-kafka-operator', '--replicas=0');
      await until(
        'no operator',
        async () => (await cluster.pods(system, 'app.kubernetes.io/component=operator')).length === 0,
      );
      await kubectl('delete', 'secret', 'moving-sessions');
      await apply({ url, clientId: 'third', share: 'another' });
      await kubectl('-n', system, 'set', 'image', 'deployment/mqtt-kafka-operator', `*=${secondImage}`);
      await kubectl('-n', system, 'scale', 'deployment/mqtt-kafka-operator', '--replicas=1');
      await until(
        'the sessions to be named',
        async () => (await resource())?.status.leftSessions?.[0]?.clientId === 'second',
        {
          timeoutMs: 2 * minute,
        },
      );
      await broker!.start();
      await settled();
      await expectNoneLost();
    },
  );

  it('when the bridge goes from its own broker to another', { timeout: 8 * minute }, async () => {
    const users = [{ username: 'car', password: { value: 'drive' } }];
    await apply({ broker: { kind: 'mosquitto', users }, clientId: 'own', share: 'another' });
    await settled();
    const { clusterIP } = (await cluster.kubernetes.get('service', 'moving-broker'))!.spec;
    const load = await publish(`mqtt://car:drive@${clusterIP}:1883`, 'own');
    await load.reach(0.5);
    // Nobody comes for the rest before the document is another one.
    await apply(
      { broker: { kind: 'mosquitto', users }, clientId: 'own', share: 'another' },
      { bridge: { replicas: 0 } },
    );
    await load.load.finished;
    await apply({ url: otherUrl, clientId: 'fifth', share: 'another' });
    await settled();
    await until(
      'the broker to go',
      async () => (await cluster.kubernetes.get('statefulset', 'moving-broker')) === undefined,
    );
    await expectNoneLost();
  });

  // With Argo CD's default, of 500 messages 0 reached Kafka.
  it('when the bridge is deleted in the foreground while Kafka is down', { timeout: 8 * minute }, async () => {
    const load = await publish(otherUrl, 'deleted');
    await load.reach(0.2);
    const [broker] = cluster.kafka.brokers;
    await broker!.kill();
    await load.load.finished;
    await kubectl('delete', 'mkb', 'moving', '--cascade=foreground', '--wait=false');
    await until('the drains', async () => (await kubectl('get', 'jobs', '-o', 'name')).includes('moving-drain-1'), {
      timeoutMs: 2 * minute,
    });
    await broker!.start();
    await until('the bridge to be gone', async () => (await resource()) === undefined, { timeoutMs: 4 * minute });
    await expectNoneLost();
    // The collector of Kubernetes comes when the bridge is gone.
    await until('nothing of it to be left', async () => {
      const kinds = 'jobs,secrets,serviceaccounts,pods';
      return (await kubectl('get', kinds, '-o', 'name', '-l', 'app.kubernetes.io/instance=moving')) === '';
    });
  });

  // What a buffer on disk had acknowledged would have waited on the volume of a Pod that nobody starts again.
  it(
    'when a bridge with buffers on disk is scaled down and deleted while Kafka is down',
    { timeout: 8 * minute },
    async () => {
      name = 'buffered';
      await cluster.kubernetes.apply(
        {
          apiVersion: 'storage.k8s.io/v1',
          kind: 'StorageClass',
          metadata: { name: 'local' },
          provisioner: 'kubernetes.io/no-provisioner',
          volumeBindingMode: 'WaitForFirstConsumer',
        },
        ...(await Promise.all([0, 1].map(localVolume))),
      );
      const delivery = { buffer: { mode: 'disk', path: '/var/lib/mkb', maxBytes: '64MiB' } };
      const withReplicas = (replicas: number) => ({
        delivery,
        bridge: { replicas, storageClassName: 'local', drainTimeout: '5m' },
      });
      const session = { url: otherUrl, clientId: 'buffered', share: 'buffered' };
      await apply(session, withReplicas(2));
      await settled();
      const load = await publish(otherUrl, 'buffered');
      await load.reach(0.2);
      const [broker] = cluster.kafka.brokers;
      await broker!.kill();
      await load.load.finished;
      // From here on nothing is anywhere else.
      await until('all messages to be in the buffers', async () => (await taken()) >= 2000 * factor, {
        timeoutMs: 2 * minute,
        everyMs: 250,
      });
      await apply(session, withReplicas(1));
      await until('a drain', async () => (await kubectl('get', 'jobs', '-o', 'name')).includes('buffered-drain-1'), {
        timeoutMs: 2 * minute,
      });
      await kubectl('delete', 'mkb', 'buffered', '--wait=false');
      await broker!.start();
      await until('the bridge to be gone', async () => (await resource()) === undefined, { timeoutMs: 4 * minute });
      await expectNoneLost();
      const claims = await kubectl('get', 'pvc', '-o', 'jsonpath={.items[*].metadata.name}');
      expect(claims.split(' ').sort()).toEqual(['data-buffered-bridge-0', 'data-buffered-bridge-1']);
    },
  );

  // Clients whose replica was gone had no other to go to, and one that was rolled sent all of its clients away in one instant.
  it(
    'when clients connect to the bridge, and one replica is killed, and all are rolled',
    { timeout: 8 * minute },
    async () => {
      name = 'served';
      const stateless = { anonymous: true, sessions: { expiry: '0s' } };
      await cluster.kubernetes.apply({
        apiVersion: 'mqttkafka.dev/v1alpha1',
        kind: 'MqttKafkaBridge',
        metadata: { name, namespace: 'default' },
        spec: {
          mqtt: { listen: [{ port: 1883 }, { port: 883 }], clients: stateless },
          kafka: {
            bootstrapServers: cluster.kafka.bootstrapProxied.split(','),
            topics: [{ name: 'served', partitions: 2 }],
          },
          rules: [rule('served')],
          bridge: { replicas: 2 },
        },
      });
      await settled();
      const { clusterIP } = (await cluster.kubernetes.get('service', 'served-mqtt'))!.spec;
      oracle = new Oracle({
        ...{ mqttUrl: `mqtt://${clusterIP}:883`, kafkaTopic: 'served', topicPrefix: 'served' },
        // A client that has come to another replica sends again what the first may have delivered.
        ...{ kafka: cluster.kafka.client(), ordered: false },
        ...{ clients: 16, messagesPerClient: 125 * factor, messagesPerSecond: 100 },
      });
      await oracle.start();
      await oracle.reach(0.1);
      const [victim] = await cluster.pods('default', podsOf(name));
      const container = victim!.status.containerStatuses[0].containerID.replace('containerd://', '');
      await cluster.node.ctr(['tasks', 'kill', '--signal', 'SIGKILL', container]);
      await oracle.reach(0.4);
      await kubectl('annotate', 'mkb', name, 'mqttkafka.dev/restarted-at=now');
      const revision = victim!.metadata.labels['controller-revision-hash'];
      await until(
        'all replicas to be others',
        async () => {
          const pods = await cluster.pods('default', podsOf(name));
          return (
            pods.length === 2 && pods.every(({ metadata }) => metadata.labels['controller-revision-hash'] !== revision)
          );
        },
        { timeoutMs: 2 * minute, everyMs: 250 },
      );
      await settled();
      await expectNoneLost();
      await kubectl('delete', 'mkb', name, '--timeout=60s');
    },
  );

  /** Messages that the buffers of all replicas have taken. */
  async function taken(): Promise<number> {
    const pods = await cluster.pods('default', podsOf(name));
    const counts = pods.map(async ({ status }) => {
      const page = await (await fetch(`http://${status.podIP}:9400/metrics`)).text();
      return Number(/^mkb_buffer_messages_received_total\{.*\} (\d+)/m.exec(page)?.[1] ?? 0);
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async function localVolume(index: number): Promise<object> {
    const path = join(cluster.node.folder, 'volumes', `${index}`);
    await mkdir(path, { recursive: true });
    return {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `local-${index}` },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'local',
        local: { path },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [cluster.node.name] }] },
            ],
          },
        },
      },
    };
  }
});
