/** The operator in its Pod, and what it makes, on a real node: messages flow into a real Kafka, and none that was acknowledged is lost. */
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oracle } from '../faults/oracle.ts';
import type { KubernetesObject } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { type RealCluster, secondImage, startRealCluster } from './support/real-cluster.ts';

const minute = 60_000;
const system = 'mqtt-kafka-system';
const bridgePods = 'app.kubernetes.io/instance=cars,app.kubernetes.io/component=bridge';

describeReal(
  'etcd',
  'kubernetes',
  'node',
  'engine',
  'kafka',
  'mosquitto',
  'prometheus',
)('the operator on a real node', () => {
  let cluster: RealCluster;

  const spec = (more: object = {}) => ({
    mqtt: {
      broker: { kind: 'mosquitto', users: [{ username: 'car', password: { value: 'drive' } }] },
      share: 'cars',
    },
    kafka: {
      bootstrapServers: cluster.kafka.bootstrapProxied.split(','),
      topics: [{ name: 'cars', partitions: 4 }],
    },
    rules: [
      {
        name: 'all',
        sql: 'SELECT payload FROM "cars/{clientid}"',
        sinks: [{ kafka: { topic: 'cars', key: '${clientid}' } }],
      },
    ],
    bridge: { replicas: 2 },
    monitoring: { exporter: {}, prometheus: { mode: 'managed' }, grafana: {} },
    ...more,
  });
  const apply = (more: object = {}) =>
    cluster.kubernetes.apply({
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaBridge',
      metadata: { name: 'cars', namespace: 'default' },
      spec: spec(more),
    });
  const resource = async () => (await cluster.kubernetes.get('mkb', 'cars'))!;
  const isReady = async () => {
    const { metadata, status } = await resource();
    const ready = status?.conditions?.find(({ type }: { type: string }) => type === 'Ready');
    return ready?.status === 'True' && ready.observedGeneration === metadata.generation ? status : undefined;
  };
  const ready = () =>
    until('the bridge to be ready', isReady, { timeoutMs: 2 * minute, everyMs: 200 }).catch(async error => {
      const { status } = await resource();
      const pods = await cluster.kubernetes.kubectl(['get', 'pods', '-A', '-o', 'wide']);
      throw new Error(`${error.message}\n${JSON.stringify(status, null, 2)}\n${pods}`, { cause: error });
    });
  const addressOf = async (service: string) => (await cluster.kubernetes.get('service', service))!.spec.clusterIP;

  beforeAll(async () => {
    cluster = await startRealCluster();
    await cluster.kubernetes.kubectl(['apply', '--server-side', '-f', 'deploy/install.yaml']);
    await cluster.kubernetes.kubectl([
      '-n',
      system,
      'rollout',
      'status',
      'deployment/mqtt-kafka-operator',
      '--timeout=120s',
    ]);
  }, 15 * minute);
  afterAll(() => cluster?.stop());

  it('runs as nobody special, on a root that it cannot write to, under the role of its installation', async () => {
    const [pod] = await cluster.pods(system, 'app.kubernetes.io/component=operator');
    const { securityContext } = pod!.spec.containers[0];
    expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(pod!.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    const account = pod!.spec.serviceAccountName;
    const asIt = ['--as', `system:serviceaccount:${system}:${account}`];
    // kubectl ends with 1 when the answer is no.
    const may = (verb: string, resource: string) =>
      cluster.kubernetes.kubectl(['auth', 'can-i', verb, resource, ...asIt]).then(
        () => true,
        () => false,
      );
    expect(await may('patch', 'statefulsets.apps')).toBe(true);
    expect(await may('get', 'nodes')).toBe(false);
    expect(await may('create', 'mqttkafkabridges.mqttkafka.dev')).toBe(false);
  });

  it('makes a bridge ready, with its broker and monitoring', async () => {
    await apply();
    const status = await ready();
    expect(status).toMatchObject({ replicas: 2, readyReplicas: 2, rules: 1 });
  });

  // Ready was a matter of time, and said nothing of whether the broker knew the user.
  it(
    'lets in a device whose MqttUser is new, and ends its connection when that is deleted, without a new broker',
    async () => {
      const { kubernetes } = cluster;
      const brokerUid = async () => (await kubernetes.get('pod', 'cars-broker-0'))!.metadata.uid;
      const before = await brokerUid();
      const metadata = { name: 'van', namespace: 'default' };
      const bridgeRef = { name: 'cars' };
      await kubernetes.apply({ apiVersion: 'mqttkafka.dev/v1alpha1', kind: 'MqttUser', metadata, spec: { bridgeRef } });
      const secret = await until('its password', () => kubernetes.get('secret', 'van'));
      // The kubelet looks at a Pod at once when it changes, and not within 90 s.
      const lookNow = (turn: string) =>
        kubernetes.kubectl(['annotate', 'pod', 'cars-broker-0', `now=${turn}`, '--overwrite']);
      const users = async () =>
        Buffer.from((await kubernetes.get('secret', 'cars-broker-users'))?.data?.users ?? '', 'base64');
      await until('the Secret to have the user', async () => (await users()).includes('van'));
      await lookNow('1');
      const readiness = async () => (await kubernetes.get('mqttuser', 'van'))?.status?.conditions?.[0];
      await until('it to be Ready', async () => (await readiness())?.status === 'True', {
        timeoutMs: 2 * minute,
      }).catch(async error => {
        const said = await kubernetes.kubectl(['logs', 'cars-broker-0', '--all-containers', '--prefix', '--tail=20']);
        throw new Error(`${error.message}\n${JSON.stringify(await readiness())}\n${said}`, { cause: error });
      });
      const password = Buffer.from(secret.data.password, 'base64').toString();
      const url = `mqtt://${await addressOf('cars-broker')}:1883`;
      const options = { username: 'van', password, reconnectPeriod: 0 };
      const device = await mqtt.connectAsync(url, options);
      await device.publishAsync('vans/van', 'hello', { qos: 1 });
      const cut = new Promise<void>(resolve => device.once('close', () => resolve()));
      await kubernetes.kubectl(['delete', 'mqttuser', 'van']);
      await until('the Secret not to have it', async () => !(await users()).includes('van'));
      await lookNow('2');
      await cut;
      await expect(mqtt.connectAsync(url, options)).rejects.toThrow(/not authori[sz]ed/i);
      expect(await brokerUid()).toBe(before);
    },
    4 * minute,
  );

  describe('moves every message that the broker acknowledged', () => {
    let oracle: Oracle;
    beforeAll(async () => {
      oracle = new Oracle({
        mqttUrl: `mqtt://car:drive@${await addressOf('cars-broker')}:1883`,
        topicPrefix: 'cars',
        kafka: cluster.kafka.client(),
        kafkaTopic: 'cars',
        // Two bridges share the subscription.
        ordered: false,
        clients: 4,
        messagesPerClient: 3500,
        messagesPerSecond: 150,
      });
      await oracle.start();
    });
    afterAll(() => oracle?.stop());

    const bridges = () => cluster.pods('default', bridgePods);
    const uids = (pods: readonly KubernetesObject[]) => pods.map(({ metadata }) => metadata.uid).sort();

    it('while a bridge is killed', async () => {
      const [pod] = await bridges();
      const { containerID, restartCount } = pod!.status.containerStatuses[0];
      const [, container] = containerID.split('//');
      await cluster.node.ctr(['tasks', 'kill', '--signal', 'SIGKILL', container]);
      await until('the container to be started again', async () => {
        const again = await cluster.kubernetes.get('pod', pod!.metadata.name);
        const { restartCount: now, ready: runs } = again!.status.containerStatuses[0];
        return now > restartCount && runs;
      });
    });

    it('while a bridge is evicted', async () => {
      const before = uids(await bridges());
      await cluster.kubernetes
        .kubectl([
          ...['drain', cluster.node.name, `--pod-selector=${bridgePods}`, '--disable-eviction=false'],
          ...['--ignore-daemonsets', '--delete-emptydir-data', '--timeout=5s'],
        ])
        .catch(() => undefined);
      await cluster.kubernetes.kubectl(['uncordon', cluster.node.name]);
      await ready();
      expect(uids(await bridges())).not.toEqual(before);
    });

    // Every change of a rule ended the sessions and the windows of all replicas, one after the other.
    it('while rules change three times, and no Pod is replaced or started again', async () => {
      const lives = async () =>
        (await bridges()).map(({ metadata, status }) => {
          const { containerID, restartCount } = status.containerStatuses[0];
          return [metadata.name, metadata.uid, containerID, restartCount];
        });
      const before = await lives();
      const { kafka, rules } = spec();
      for (const topic of ['copies', 'others', 'copies']) {
        const sql = 'SELECT payload FROM "more/{id}"';
        const more = { name: 'more', sql, sinks: [{ kafka: { topic, key: '${id}' } }] };
        const topics = [...kafka.topics, { name: topic, partitions: 1 }];
        await apply({ kafka: { ...kafka, topics }, rules: [...rules, more] });
      }
      const { configHash, replicaConfigs } = await ready();
      expect(replicaConfigs.map(({ hash }: { hash: number }) => hash)).toEqual([configHash, configHash]);
      const device = await mqtt.connectAsync(`mqtt://car:drive@${await addressOf('cars-broker')}:1883`);
      for (const pod of await bridges()) {
        const page = async () => await (await fetch(`http://${pod.status.podIP}:9400/metrics`)).text();
        expect(await page()).toMatch(new RegExp(`^mkb_config_hash\\{.*\\} ${configHash}$`, 'm'));
        // Each of the replicas gets some of what is published to the new filter.
        await until('the new rule to write', async () => {
          await device.publishAsync('more/1', 'x', { qos: 1 });
          return /^mkb_rule_passed_total\{.*rule="more".*\} [1-9]/m.test(await page());
        });
      }
      await device.endAsync();
      expect(await lives()).toEqual(before);
    });

    it('while bridges are rolled to another image', async () => {
      await apply({ bridge: { replicas: 2, image: secondImage } });
      await until(
        'both to run it',
        async () => {
          const pods = await bridges();
          return pods.length === 2 && pods.every(pod => pod.spec.containers[0].image === secondImage);
        },
        { timeoutMs: 2 * minute },
      );
      await ready();
    });

    it('while an image is asked for that there is not, and put right', async () => {
      await apply({ bridge: { replicas: 2, image: 'mkb:none' } });
      await until('the operator to say why', async () => {
        const { conditions } = (await resource()).status;
        return JSON.stringify(conditions).includes('mkb:none');
      });
      const serving = async () => (await bridges()).filter(pod => pod.status.containerStatuses?.[0].ready);
      await until('one replica to serve all the same', async () => (await serving()).length === 1);
      await apply({ bridge: { replicas: 2, image: secondImage } });
      await ready();
    });

    it('while the operator is killed, and another takes over', async () => {
      const before = uids(await bridges());
      const operators = 'app.kubernetes.io/component=operator';
      for (const { metadata } of await cluster.pods(system, operators)) {
        await cluster.kubernetes.kubectl(['-n', system, 'delete', 'pod', metadata.name, '--grace-period=0', '--force']);
      }
      await cluster.kubernetes.kubectl(['label', 'service', 'cars-bridge', 'app.kubernetes.io/managed-by-']);
      await until('another operator to set right what was changed', async () => {
        const { labels } = (await cluster.kubernetes.get('service', 'cars-bridge'))!.metadata;
        return labels['app.kubernetes.io/managed-by'] === 'mqtt-kafka-operator';
      });
      expect(uids(await bridges())).toEqual(before);
    });

    it('while one replica is scaled away, and its session drained', async () => {
      await cluster.kubernetes.kubectl(['scale', 'mkb/cars', '--replicas=1']);
      await until('the session to be drained', async () => (await resource()).status.sessions === 1, {
        timeoutMs: 2 * minute,
      });
      expect(await bridges()).toHaveLength(1);
    });

    it('to the last one', async () => {
      const verdict = await oracle.verdict();
      expect(verdict.problems).toEqual([]);
      expect(verdict.acknowledged).toBe(14_000);
      console.info(verdict.text);
    });
  });

  it('is watched by its own Prometheus', async () => {
    const url = `http://${await addressOf('cars-prometheus')}:9090/api/v1/query?query=up`;
    const up = await until('every target to be up', async () => {
      const { data } = (await (await fetch(url)).json()) as {
        data: { result: { metric: { job: string }; value: [number, string] }[] };
      };
      const jobs = data.result.filter(({ value }) => value[1] === '1').map(({ metric }) => metric.job);
      return jobs.includes('bridge') && jobs.includes('exporter') ? jobs : undefined;
    });
    expect(up).toBeDefined();
  });

  it('leaves nothing of a bridge that is deleted', async () => {
    await cluster.kubernetes.kubectl(['delete', 'mkb', 'cars']);
    await until('everything to be gone', async () => {
      const kinds =
        'statefulsets,deployments,services,configmaps,secrets,pods,jobs,networkpolicies,poddisruptionbudgets,serviceaccounts';
      const names = await cluster.kubernetes.kubectl([
        'get',
        kinds,
        '-o',
        'name',
        '-l',
        'app.kubernetes.io/instance=cars',
      ]);
      return names.trim() === '';
    });
  });
});
