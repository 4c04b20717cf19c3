/**
 * What is in a cluster besides must not cost the operator memory: in any namespace there may be thousands of Secrets and ConfigMaps, of whatever size, with
 * whatever labels. The operator is a process of its own, and Linux says what it has had at most.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorNodeOptions } from '../../deploy/manifests/deployment.ts';
import { kinds } from '../../operator/kinds.ts';
import { managedBy, operatorName } from '../../operator/observed/observed-objects.ts';
import { inputsHash } from '../../operator/resources/labels.ts';
import { ApiClient } from '../../operator/runtime/client.ts';
import type { ResourceKind } from '../../operator/runtime/kinds.ts';
import type { KubeObject } from '../../operator/runtime/object.ts';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { ServerProcess } from '../real/server-process.ts';
import { until } from '../real/until.ts';
import { bridge, looks, operatorAccount, startCluster } from './support/stage.ts';

const program = fileURLToPath(new URL('./support/operator-process.ts', import.meta.url));

const long = process.env.MKB_LONG === '1';
const secrets = long ? 10_000 : 1000;
const configMaps = long ? 5000 : 400;
/** What a Pod of the operator may be limited to, MiB. */
const limitMib = 256;
/** As in such a Pod: its Deployment says the first, and Node takes the second from the limit. */
const nodeOptions = [operatorNodeOptions, `--max-old-space-size=${limitMib / 2}`];

const text = (bytes: number) => 'x'.repeat(bytes);

describeReal('kubernetes', 'kwok')('an operator in a cluster that is full of other things', () => {
  let kubernetes: RunningKubernetes;
  let operator: ServerProcess;
  let url: string;

  beforeAll(async () => {
    kubernetes = await startCluster();
    const client = new ApiClient(kubernetes.config, { timeoutMs: 120_000 });
    const make = async (count: number, kind: ResourceKind, more: (index: number) => Partial<KubeObject>) => {
      const indexes = Array.from({ length: count }, (_, index) => index);
      const worker = async () => {
        for (let index = indexes.pop(); index !== undefined; index = indexes.pop()) {
          const { apiVersion, kind: name, plural } = kind;
          const metadata = { namespace: 'default', name: `${plural}-${index}`, ...more(index).metadata };
          await client.create(kind, { apiVersion, kind: name, ...more(index), metadata });
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
    };
    await make(secrets, kinds.secret, () => ({ data: { key: Buffer.from(text(1000)).toString('base64') } }));
    // As kubectl apply leaves them: with all that they hold in an annotation; and with the label of what is the operator's.
    await make(configMaps, kinds.configMap, index => ({
      data: { key: text(100_000) },
      metadata: {
        name: `large-${index}`,
        ...(index % 4 === 0 && { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': text(100_000) } }),
        ...(index % 10 === 1 && { labels: { [managedBy]: operatorName } }),
      },
    }));
    client.close();
    const kubeconfig = await kubernetes.kubeconfigFor(operatorAccount);
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    const logFile = join(kubernetes.folder, 'operator.log');
    const args = [...nodeOptions, program, kubeconfig, 'one', String(port)];
    operator = new ServerProcess({ name: 'operator', command: process.execPath, args, logFile });
    await operator.launch();
  }, 900_000);

  afterAll(async () => {
    await operator?.kill();
    await kubernetes?.stop();
  });

  it('stays below the memory that it has, from its start on', async () => {
    // Two thousand ConfigMaps of 100 KB in any namespace, and the operator was killed for memory at each start.
    const startedAt = performance.now();
    await until('the operator to be ready', async () => (await fetch(`${url}/readyz`)).ok, { timeoutMs: 120_000 });
    const look = looks(kubernetes);
    await kubernetes.apply(bridge('cars'));
    await look.reaches('cars', 'Ready', 'True');
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${operator.pid}/status`, 'utf8'))!;
    const mib = Math.round(Number(kib) / 1024);
    console.log(
      `${mib} MiB at most with ${secrets} Secrets and ${configMaps} ConfigMaps of 100 KB, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
    );
    expect(mib).toBeLessThan(limitMib);
  });

  it('notices that a Secret has changed, of which it sees the metadata alone', async () => {
    const password = { valueFrom: { secretKeyRef: { name: 'mqtt', key: 'password' } } };
    const secret = (value: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'mqtt', namespace: 'default' },
      stringData: { password: value },
    });
    await kubernetes.apply(
      secret('a'),
      bridge('boats', { mqtt: { url: 'mqtt://a', auth: { username: 'u', password } } }),
    );
    await looks(kubernetes).reaches('boats', 'Ready', 'True');
    const hash = async () =>
      (await kubernetes.get('statefulset', 'boats-bridge'))!.spec.template.metadata.annotations[inputsHash] as string;
    const before = await hash();
    await kubernetes.apply(secret('b'));
    const changedAt = performance.now();
    await until('the Pods to be rolled', async () => (await hash()) !== before, { everyMs: 50 });
    console.log(`noticed within ${(performance.now() - changedAt).toFixed(0)} ms`);
  });

  it('has asked for no content but of what bridges name, and its own', async () => {
    const content = (await kubernetes.audit()).filter(
      ({ user, verb, resource }) =>
        user.endsWith(`:${operatorAccount}`) && verb === 'get' && ['secrets', 'configmaps'].includes(resource),
    );
    expect(content.map(({ name }) => name).filter(name => /^(secrets|large)-/.test(name))).toEqual([]);
    expect(content.some(({ name }) => name === 'mqtt')).toBe(true);
  });
});
