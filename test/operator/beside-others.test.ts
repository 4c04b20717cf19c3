/** A bridge beside others on a real API server: Strimzi, which moves a cluster, and tools that apply or scale the same bridge. */
import { describe, expect, it } from 'vitest';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { expectNoFaults, stageForBridges } from './support/bridge-stage.ts';
import { bridge } from './support/stage.ts';

describeReal('kubernetes', 'kwok')('an operator', () => {
  const stage = stageForBridges();
  const { kubectl, apply } = stage;

  describe('whose bridge refers to a Kafka cluster of Strimzi', () => {
    const kafka = (name: string, port: number, certificate: string) => ({
      apiVersion: 'kafka.strimzi.io/v1',
      kind: 'Kafka',
      metadata: { name, namespace: 'default' },
      spec: { kafka: { listeners: [{ name: 'tls', type: 'internal', tls: true }] } },
      status: {
        listeners: [{ name: 'tls', bootstrapServers: `${name}-bootstrap:${port}`, certificates: [certificate] }],
      },
    });
    const runs = async (name: string) =>
      (await stage.kubernetes.get('configmap', `${name}-bridge`))?.data['bridge.yaml'];

    // More partitions in the document came to nothing: the KafkaTopic that the operator had made was taken for somebody else's.
    it('raises the partitions of a topic that it made, lowers none, and leaves those of others', async () => {
      await stage.kubernetes.apply(kafka('topics', 9093, 'one'), {
        apiVersion: 'kafka.strimzi.io/v1',
        kind: 'KafkaTopic',
        metadata: { name: 'theirs', namespace: 'default' },
        spec: { partitions: 3 },
      });
      const partitions = async (name: string) => (await stage.kubernetes.get('kafkatopic', name))?.spec.partitions;
      const wanted = (count: number) => ({
        kafka: {
          clusterRef: { name: 'topics' },
          topics: ['ours', 'theirs'].map(name => ({ name, partitions: count })),
        },
      });
      await apply('raised', wanted(4));
      await until('the topic', async () => (await partitions('ours')) === 4);
      await apply('raised', wanted(8));
      await until('more partitions', async () => (await partitions('ours')) === 8);
      await kubectl('patch', 'kafkatopic', 'ours', '--type=merge', '-p', '{"spec":{"partitions":16}}');
      await apply('raised', wanted(9));
      await stage.look.reaches('raised', 'Ready', 'True');
      expect(await partitions('ours')).toBe(16);
      expect(await partitions('theirs')).toBe(3);
      await kubectl('delete', 'mkb', 'raised');
    });

    // An address that changed was noticed ten minutes later, and a cluster that was ready late after up to five.
    it('connects to it as soon as it is ready, and where it is', async () => {
      await apply('follows', { kafka: { clusterRef: { name: 'late' } } });
      await stage.look.reaches('follows', 'Ready', 'False', 'KafkaClusterNotReady');
      await stage.kubernetes.apply(kafka('late', 9093, 'one'));
      await until('it to run', async () => (await stage.look.condition('follows', 'Ready'))?.status === 'True');
      expect(await runs('follows')).toContain('late-bootstrap:9093');
      await stage.kubernetes.apply(kafka('late', 9094, 'one'));
      await until('the other port', async () => (await runs('follows')).includes('late-bootstrap:9094'));
      const ca = async () => (await stage.kubernetes.get('secret', 'follows-kafka'))!.data['ca.crt'];
      await stage.kubernetes.apply(kafka('late', 9094, 'two'));
      await until('the other certificate', async () => atob(await ca()) === 'two');
      await kubectl('delete', 'mkb', 'follows');
    });
  });

  describe('beside others who apply the same bridge', () => {
    const applyAs = (manager: string, object: object) =>
      stage.kubernetes.kubectl(
        ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
        JSON.stringify(object),
      );

    // Argo CD could not set replicas: the operator had written them. And two tools with the same manifest had conflicts over defaults.
    it('owns nothing that they may want to say', async () => {
      const sinks = [{ mqtt: { topic: 'out' } }, { kafka: { topic: 'cars' } }];
      const tests = [{ name: 't', message: { topic: 'cars/1', payload: 'x' }, rows: [] }];
      const rules = [{ name: 'all', sql: 'SELECT payload FROM "cars/#"', sinks, tests }];
      const spec = {
        rules,
        kafka: { bootstrapServers: ['kafka:9092'], topics: [{ name: 'cars', config: { a: 'b' } }] },
      };
      const document = bridge('shared-field', { mqtt: { url: 'mqtt://a', share: 's' }, ...spec });
      await applyAs('argo', document);
      await stage.look.reaches('shared-field', 'Ready', 'True');
      await until(
        'the field to be nobody’s',
        async () =>
          !(await kubectl('get', 'mkb', 'shared-field', '-o', 'json', '--show-managed-fields')).includes(
            'operator-defaults',
          ),
      );
      await applyAs('flux', document);
      await applyAs('argo', document);
      await applyAs('flux', bridge('shared-field', { ...document.spec, bridge: { replicas: 2 } }));
      await stage.look.reaches('shared-field', 'Ready', 'True');
      await kubectl('delete', 'mkb', 'shared-field');
    });

    it('lets whoever scales scale', async () => {
      await applyAs('argo', bridge('scaled-by-all', { mqtt: { url: 'mqtt://a', share: 's' } }));
      await stage.look.reaches('scaled-by-all', 'Ready', 'True');
      await kubectl('scale', 'mkb', 'scaled-by-all', '--replicas=3');
      await until('three', async () => (await stage.look.status('scaled-by-all')).readyReplicas === 3);
      await applyAs('argo', bridge('scaled-by-all', { mqtt: { url: 'mqtt://a', share: 's' } }));
      expect((await stage.kubernetes.get('mkb', 'scaled-by-all'))!.spec.bridge.replicas).toBe(3);
      await kubectl('delete', 'mkb', 'scaled-by-all');
    });
  });

  expectNoFaults(stage);
});
