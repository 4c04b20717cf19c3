/**
 * Two hostile tenants against a third, who must not notice. One writes documents and objects, the other runs Pods; each has the rights of `edit` in a namespace of
 * its own. The operator is a process of its own, with the memory of its Pod; the third is the namespace `default`.
 *
 * The addresses of Pods are of this machine, where the test answers as they would.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { operatorNodeOptions } from '../../deploy/manifests/deployment.ts';
import { peoplesRoles } from '../../deploy/manifests/roles.ts';
import { managedBy, operatorName } from '../../operator/observed/observed-objects.ts';
import { ruleOf } from '../api/support/documents.ts';
import type { KubernetesObject, RunningKubernetes } from '../real/kubernetes.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { ServerProcess } from '../real/server-process.ts';
import { until } from '../real/until.ts';
import { bridge, connectedPage, looks, operatorAccount, startCluster } from './support/stage.ts';

const program = fileURLToPath(new URL('./support/operator-process.ts', import.meta.url));
/** What its Deployment gives it. */
const limitMib = 512;

const inNamespace = (namespace: string, object: KubernetesObject) => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

/** Rules that take seconds to check. */
const heavyRules = Array.from({ length: 7 }, (_, index) => ({
  ...ruleOf({ topic: 'cars' }, `r${index}`),
  sql: `SELECT ${`${'abs('.repeat(60)}1${')'.repeat(60)} + `.repeat(190)} 1 AS x FROM 'a/${index}'`,
}));
/** JSON that a serializer could not write. */
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

describeReal('kubernetes', 'kwok')('two hostile tenants and a third', () => {
  let kubernetes: RunningKubernetes;
  let operator: ServerProcess;
  let look: ReturnType<typeof looks>;
  let url: string;
  const servers: Server[] = [];
  /** How long the operator took to answer kubelets, milliseconds. */
  let slowest = 0;
  let unanswered = 0;
  let probing: NodeJS.Timeout;

  /** As somebody with `edit` in this namespace. */
  const as = (namespace: string, ...objects: object[]) =>
    kubernetes.kubectl(
      ['apply', '--server-side', `--as=system:serviceaccount:${namespace}:tenant`, '-f', '-'],
      objects.map(object => stringify(object, { aliasDuplicateObjects: false })).join('---\n'),
    );

  const serve = async (address: string, answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    const server = createServer(answer);
    servers.push(server);
    await new Promise<void>(resolve => server.listen(9400, address, resolve));
  };
  const addressed = async (namespace: string, pod: string, podIP: string) => {
    await until(`Pod ${pod} to run`, async () => (await kubernetes.get('pod', pod, namespace))?.status?.podIP);
    const patch = JSON.stringify({ status: { podIP, podIPs: [{ ip: podIP }] } });
    await kubernetes.kubectl([
      'patch',
      'pod',
      pod,
      '-n',
      namespace,
      '--subresource=status',
      '--type=merge',
      '-p',
      patch,
    ]);
  };

  beforeAll(async () => {
    kubernetes = await startCluster();
    look = looks(kubernetes);
    await kubernetes.apply(...peoplesRoles());
    for (const namespace of ['writer', 'runner', 'kafka']) {
      await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      const roles = ['edit', 'mqttkafkabridges-edit'];
      for (const role of namespace === 'kafka' ? [] : roles)
        await kubernetes.kubectl([
          'create',
          'rolebinding',
          role,
          `--clusterrole=${role}`,
          `--serviceaccount=${namespace}:tenant`,
          '-n',
          namespace,
        ]);
    }
    const strimzi = (kind: string, name: string, more: object) => ({
      ...{ apiVersion: 'kafka.strimzi.io/v1', kind, metadata: { name, namespace: 'kafka' } },
      ...more,
    });
    const listener = { name: 'plain', type: 'internal', tls: false };
    await kubernetes.apply(
      strimzi('Kafka', 'main', {
        spec: { kafka: { listeners: [listener] } },
        status: { listeners: [{ name: 'plain', bootstrapServers: 'main:9092' }] },
      }),
      strimzi('KafkaUser', 'payments-admin', {
        spec: { authentication: { type: 'scram-sha-512' } },
        status: { username: 'payments-admin', secret: 'payments-admin' },
      }),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'payments-admin', namespace: 'kafka' },
        stringData: { password: 'the-password' },
      },
    );
    const kubeconfig = await kubernetes.kubeconfigFor(operatorAccount);
    const [port] = await freePorts(1);
    url = `http://127.0.0.1:${port}`;
    const args = [
      operatorNodeOptions,
      `--max-old-space-size=${limitMib / 2}`,
      program,
      kubeconfig,
      'one',
      String(port),
    ];
    const logFile = join(kubernetes.folder, 'operator.log');
    operator = new ServerProcess({
      name: 'operator',
      command: process.execPath,
      args,
      logFile,
      env: { READ_PAGES: '1' },
    });
    await operator.launch();
    await until('the operator to be ready', async () => (await fetch(`${url}/readyz`)).ok);
    await kubernetes.apply(bridge('cars'));
    await look.reaches('cars', 'Ready', 'True');
    let received = 0;
    const page = () => {
      received += 3000;
      return connectedPage(received);
    };
    await serve('127.94.0.1', (_, response) => response.end(page()));
    await addressed('default', 'cars-bridge-0', '127.94.0.1');
    probing = setInterval(() => {
      const askedAt = performance.now();
      fetch(`${url}/healthz`, { signal: AbortSignal.timeout(30_000) }).then(
        () => {
          slowest = Math.max(slowest, performance.now() - askedAt);
        },
        () => unanswered++,
      );
    }, 500);
  });

  afterAll(async () => {
    clearInterval(probing);
    for (const server of servers) server.close().closeAllConnections();
    await operator?.kill();
    await kubernetes?.stop();
  });

  /** Only its status: what is nested is written with as much white space. */
  const statusIn = async (namespace: string, name: string, type = 'Ready') => {
    const path = ['get', 'mqttkafkabridge', name, '-n', namespace, '-o', 'jsonpath={.status.conditions}'];
    const conditions = (await kubernetes.kubectl(path)) || '[]';
    const found = JSON.parse(conditions).find((each: { type: string }) => each.type === type);
    return found as { status: string; reason: string; message: string } | undefined;
  };

  it('a document gets neither the password nor the topics of another namespace', async () => {
    const clusterRef = { name: 'main', namespace: 'kafka', user: 'payments-admin' };
    const kafka = { clusterRef, topics: [{ name: 'payments' }] };
    const thief = inNamespace('writer', bridge('thief', { kafka }));
    await as('writer', thief);
    await until(
      'the refusal',
      async () => (await statusIn('writer', 'thief', 'KafkaReachable'))?.reason === 'ReferenceNotAllowed',
    );
    const secrets = await kubernetes.kubectl(['get', 'secrets', '-n', 'writer', '-o', 'json']);
    expect(secrets).not.toContain(Buffer.from('the-password').toString('base64'));
    expect(await kubernetes.kubectl(['get', 'kafkatopics', '-A', '-o', 'name'])).toBe('');

    // Nor does it learn what exists there.
    const message = async (name: string) => (await statusIn('writer', name, 'KafkaReachable'))?.message;
    const nowhere = { ...kafka, clusterRef: { ...clusterRef, name: 'nothing' } };
    await as('writer', inNamespace('writer', bridge('curious', { kafka: nowhere })));
    await until('the answer', async () => await message('curious'));
    expect((await message('curious'))!.replace('nothing', 'main')).toBe(await message('thief'));

    // Its owner may agree.
    for (const what of ['kafka/main', 'kafkauser/payments-admin'])
      await kubernetes.kubectl(['annotate', what, '-n', 'kafka', 'mqttkafka.dev/allow-from=writer']);
    await kubernetes.kubectl(['annotate', 'mqttkafkabridge/thief', '-n', 'writer', 'mqttkafka.dev/restarted-at=now']);
    await until('the password', async () =>
      (await kubernetes.kubectl(['get', 'secrets', '-n', 'writer', '-o', 'json'])).includes(
        Buffer.from('the-password').toString('base64'),
      ),
    );
    expect(await kubernetes.kubectl(['get', 'kafkatopics', '-A', '-o', 'name'])).toBe('');
  });

  it('documents that are written to stop the operator cost only their author', async () => {
    const heavy = Array.from({ length: process.env.MKB_LONG === '1' ? 10 : 3 }, (_, index) =>
      inNamespace('writer', bridge(`heavy-${index}`, { rules: heavyRules })),
    );
    const deep = [3000, 9000].map(levels => {
      const podTemplate = { spec: { affinity: 'nested' } };
      const document = inNamespace('writer', bridge(`deep-${levels}`, { bridge: { podTemplate } }));
      return JSON.stringify(document).replace('"nested"', nested(levels));
    });
    const large = Array.from({ length: 200 }, (_, index) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: `large-${index}`,
        namespace: 'writer',
        ...(index % 2 === 0 && { labels: { [managedBy]: operatorName } }),
      },
      data: { key: 'x'.repeat(100_000) },
    }));
    await as('writer', ...large);
    // As JSON: no one writes this by hand.
    for (const document of [...heavy.map(each => JSON.stringify(each)), ...deep]) {
      await kubernetes.kubectl(
        ['create', '--validate=false', '--as=system:serviceaccount:writer:tenant', '-f', '-'],
        document,
      );
    }
    // The third changes its document meanwhile, and loses a Service.
    await kubernetes.kubectl(['delete', 'service', 'cars-bridge']);
    await until('the Service', () => kubernetes.get('service', 'cars-bridge'));
    await kubernetes.apply(bridge('cars', { kafka: { bootstrapServers: ['other:9092'] } }));
    await look.reaches('cars', 'Ready', 'True');
    for (const levels of [3000, 9000]) {
      const said = await until('a status', () => statusIn('writer', `deep-${levels}`));
      expect(said).toMatchObject({ status: 'False', message: expect.stringContaining('over 100 levels') });
    }
    await until(
      'all documents to have a status',
      async () => (await Promise.all(heavy.map(({ metadata }) => statusIn('writer', metadata.name)))).every(Boolean),
      { timeoutMs: 300_000, everyMs: 500 },
    );
  });

  it('Pods that are run to stop the operator say nothing of others, and cost little', async () => {
    // It has a new Pod since its document was changed.
    await addressed('default', 'cars-bridge-0', '127.94.0.1');
    let streamed = 0;
    await serve('127.94.0.2', (_, response) => {
      streamed++;
      const write = () => {
        while (!response.destroyed && response.write('mkb_nothing 1\n'.repeat(1000)));
      };
      response.on('drain', write);
      write();
    });
    let strangers = 0;
    await serve('127.94.0.3', (_, response) => {
      strangers++;
      response.end(connectedPage(9, { mqtt: 0, kafka: 0 }));
    });
    await as(
      'runner',
      inNamespace('runner', bridge('evil', { mqtt: { url: 'mqtt://a', share: 's' }, bridge: { replicas: 6 } })),
    );
    for (const index of Array.from({ length: 6 }, (_, ordinal) => ordinal)) {
      await addressed('runner', `evil-bridge-${index}`, '127.94.0.2');
    }
    const labels = {
      'app.kubernetes.io/name': 'mqtt-kafka-kit',
      'app.kubernetes.io/instance': 'evil',
      'app.kubernetes.io/component': 'bridge',
    };
    await as('runner', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'stranger', namespace: 'runner', labels },
      spec: { containers: [{ name: 'x', image: 'x' }] },
    });
    await addressed('runner', 'stranger', '127.94.0.3');
    await until('the Pods to be asked', () => streamed >= 6);
    const flow = await until('the flow of the third', async () => (await look.status('cars'))?.flow, {
      timeoutMs: 120_000,
    });
    expect(flow.received).not.toBe('0/s');
    expect(await look.condition('cars', 'KafkaReachable')).toMatchObject({ status: 'True' });
    expect(strangers).toBe(0);
  });

  it('the operator has led all the time, answered, and stayed below its memory', async () => {
    expect(operator.ending).toBeUndefined();
    expect((await kubernetes.get('lease', 'mqtt-kafka-operator'))!.spec.leaseTransitions).toBe(0);
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${operator.pid}/status`, 'utf8'))!;
    console.log(`${Math.round(Number(kib) / 1024)} MiB at most, the slowest answer after ${slowest.toFixed(0)} ms`);
    expect(Number(kib) / 1024).toBeLessThan(limitMib);
    expect(unanswered).toBe(0);
  });
});
