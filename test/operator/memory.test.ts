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
/** Of each of two kinds. */
const documents = long ? 200 : 30;
/** What a Pod of the operator may be limited to, MiB. */
const limitMib = 256;
/** As in such a Pod: its Deployment says the first, and Node takes the second from the limit. */
const nodeOptions = [operatorNodeOptions, `--max-old-space-size=${limitMib / 2}`];

const text = (bytes: number) => 'x'.repeat(bytes);

describeReal('kubernetes', 'kwok')('an operator in a cluster that is full of other things', () => {
  let kubernetes: RunningKubernetes;
  let status: (field: string) => number;
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
    status = field => {
      const [, kib] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${operator.pid}/status`, 'utf8'))!;
      return Math.round(Number(kib) / 1024);
    };
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
    const mib = status('VmHWM');
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

  it('stays there when somebody writes large documents, right and wrong, and the bridge of another namespace is made meanwhile', async () => {
    // Each document was kept whole, and copied while it waited for its check: two hundred of a megabyte were all of its memory.
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'tenant' } });
    const rule = (index: number, from: string) => ({
      name: `r${index}`,
      sql: `SELECT payload ${from} "a/${index}" -- ${text(62_000)}`,
      sinks: [{ kafka: { topic: 't' } }],
    });
    const large = (name: string, rules: number, from = 'FROM') => ({
      ...bridge(name, { rules: Array.from({ length: rules }, (_, index) => rule(index, from)) }),
      metadata: { name, namespace: 'tenant' },
    });
    for (let index = 0; index < documents; index++) {
      await kubernetes.apply(large(`right-${index}`, 7), large(`wrong-${index}`, 16));
    }
    await kubernetes.apply(bridge('meanwhile'));
    await looks(kubernetes).reaches('meanwhile', 'Ready', 'True');
    const conditionsOf = async (name: string) =>
      (await kubernetes.get('mqttkafkabridge', name, 'tenant'))?.status?.conditions as
        | { readonly type: string; readonly status: string; readonly message: string }[]
        | undefined;
    const last = documents - 1;
    await until('the last document that is wrong to be refused', async () =>
      (await conditionsOf(`wrong-${last}`))?.some(({ message }) => message.includes('KiB of JSON')),
    );
    await until(
      'the last one that is right to run',
      async () => (await kubernetes.get('statefulset', `right-${last}-bridge`, 'tenant')) !== undefined,
      { timeoutMs: 300_000 },
    );
    // From then on the last good one of each is looked after, which is kept as a text.
    for (let index = 0; index < documents; index += 4) {
      await kubernetes.apply(large(`right-${index}`, 7, 'FORM'));
    }
    await kubernetes.apply(bridge('afterwards'));
    await looks(kubernetes).reaches('afterwards', 'Ready', 'True');
    // The pages of the program are read from its file again when memory is short.
    const mib = status('VmHWM') - status('RssFile');
    console.log(`${mib} MiB at most with ${documents} documents of 440 KB, and ${documents} of 1 MB`);
    expect(mib).toBeLessThan(limitMib);
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
