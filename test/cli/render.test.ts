import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { documentOf } from '../api/support/documents.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { mkb } from './mkb-process.ts';

type Spec = Parameters<typeof documentOf>[0];

const render = (spec: Spec, ...args: string[]) =>
  mkb(['render', 'k8s', '-', ...args], { stdin: stringify(documentOf(spec)) });
// biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any kind
const objectsOf = (text: string): any[] => parseAllDocuments(text).map(document => document.toJS());
const titles = (text: string) => objectsOf(text).map(({ kind, metadata }) => `${kind} ${metadata.name}`);

const whole: Spec = {
  mqtt: { broker: { kind: 'mosquitto', storage: '1GiB' }, share: 'g' },
  bridge: { autoscaling: { maxReplicas: 3, cpu: 80 } },
  monitoring: { exporter: {}, prometheus: { mode: 'managed' }, grafana: {} },
};

describe('mkb render k8s', () => {
  it('prints the objects of the bridge, which belong to nobody', async () => {
    const { code, stdout, stderr } = await render({}, '--namespace', 'shop');
    expect([code, stderr]).toEqual([0, '']);
    expect(titles(stdout)).toEqual(expect.arrayContaining(['ConfigMap cars-bridge', 'StatefulSet cars-bridge']));
    for (const { metadata } of objectsOf(stdout)) {
      expect(metadata.namespace).toBe('shop');
      expect(metadata).not.toHaveProperty('ownerReferences');
    }
  });

  it('prints the same each time, and no password that is made up', async () => {
    const [first, second] = await Promise.all([render(whole), render(whole)]);
    expect(first.stdout).toBe(second.stdout);
    expect(first.code).toBe(0);
    expect(titles(first.stdout)).not.toContain('Secret cars-broker-user');
    expect(first.stderr).toContain('Not printed: the Secret cars-broker-user (');
  });

  it('prints the Secrets of those alone, with new passwords, when asked', async () => {
    const [first, second] = await Promise.all([render(whole, '--secrets'), render(whole, '--secrets')]);
    expect(first.stdout).not.toBe(second.stdout);
    const secrets = objectsOf(first.stdout);
    expect(secrets.map(({ kind }) => kind)).toEqual(secrets.map(() => 'Secret'));
    expect(titles(first.stdout)).toContain('Secret cars-broker-user');
    expect(Buffer.from(secrets[0].data.password, 'base64').toString()).toMatch(/^[\w-]{32}$/);
  });

  it('lets an autoscaler scale the StatefulSet, for there is no resource to scale', async () => {
    const objects = objectsOf((await render(whole)).stdout);
    const find = (kind: string, name: string) =>
      objects.find(object => object.kind === kind && object.metadata.name === name);
    const scaled = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'cars-bridge' };
    expect(find('HorizontalPodAutoscaler', 'cars-bridge').spec.scaleTargetRef).toEqual(scaled);
    expect(find('StatefulSet', 'cars-bridge').spec).not.toHaveProperty('replicas');
  });

  it('takes images from the configuration of an operator', async () => {
    const configuration = {
      apiVersion: 'mqttkafka.dev/v1alpha1',
      kind: 'MqttKafkaOperator',
      spec: { images: { bridge: 'mine:7' } },
    };
    const args = ['render', 'k8s', '--config', '-', 'demo/my-vehicles.yaml'];
    const { stdout } = await mkb(args, { stdin: stringify(configuration) });
    expect(objectsOf(stdout).find(({ kind }) => kind === 'StatefulSet').spec.template.spec.containers[0].image).toBe(
      'mine:7',
    );
  });

  it.each([
    [{ kafka: { clusterRef: { name: 'k' } } }, 1, 'spec.kafka.clusterRef is looked up in a cluster'],
    [{ mqtt: { url: 'http://a' } }, 78, 'spec.mqtt.url'],
    [
      { mqtt: { listen: [{ port: 9400 }], clients: { passwords: { value: 'x' } } } },
      78,
      'the port 9400 is that of its metrics',
    ],
  ])('prints nothing for %j, and says why', async (spec, wanted, words) => {
    const { code, stdout, stderr } = await render(spec);
    expect([code, stdout]).toEqual([wanted, '']);
    expect(stderr).toContain(words);
  });
});

describeReal('etcd', 'kubernetes')('what mkb render k8s prints', () => {
  let kubernetes: RunningKubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes();
  });
  afterAll(() => kubernetes?.stop());

  it('is taken by an API server that looks at every field', async () => {
    for (const args of [[], ['--secrets']]) {
      const { stdout } = await render(whole, ...args, '--namespace', 'default');
      await kubernetes.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], stdout);
    }
  });
});
