/** The operator as whoever installs it meets it: a process, what it says, and how it ends. */
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { webhookPath } from '../../operator/webhook/server.ts';
import { ruleOf } from '../api/support/documents.ts';
import { bridge, operatorAccount, startCluster } from '../operator/support/stage.ts';
import { makeCertificates } from '../real/certificates.ts';
import { removeFolder, temporaryFolder } from '../real/cleanup.ts';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { mkb } from './mkb-process.ts';
import { type StartedOperator, startOperatorCommand } from './started-operator.ts';

const folder = temporaryFolder('operator-command');
const started: StartedOperator[] = [];
afterEach(() => {
  for (const operator of started.splice(0)) operator.kill();
});
afterAll(() => removeFolder(folder));

const start = async (...args: string[]): Promise<StartedOperator> => {
  const operator = await startOperatorCommand(...args);
  started.push(operator);
  return operator;
};

const page = async (url: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> => {
  const answer = await fetch(url, { headers });
  return { status: answer.status, text: await answer.text() };
};

/** A folder as a Secret of the type kubernetes.io/tls is mounted. */
function certificatesIn(name: string): { readonly ca: string; readonly mounted: string } {
  const mounted = join(folder, name);
  mkdirSync(mounted);
  const made = makeCertificates(mounted);
  cpSync(made.serverCertFile, join(mounted, 'tls.crt'));
  cpSync(made.serverKeyFile, join(mounted, 'tls.key'));
  return { ca: made.ca, mounted };
}

describeReal(
  'etcd',
  'kubernetes',
  'kwok',
)('mkb operator, beside a cluster', () => {
  let kubernetes: RunningKubernetes;

  beforeAll(async () => {
    kubernetes = await startCluster();
    for (const namespace of ['shop', 'market']) await kubernetes.kubectl(['create', 'namespace', namespace]);
  });
  afterAll(() => kubernetes?.stop());

  /** A kubeconfig with the operator's rights in these namespaces, and nowhere else: not even to a Lease. */
  const limitedTo = async (account: string, ...namespaces: string[]): Promise<string> => {
    for (const namespace of namespaces) {
      const who = [`--clusterrole=${operatorAccount}`, `--serviceaccount=default:${account}`];
      await kubernetes.kubectl(['create', 'rolebinding', account, '-n', namespace, ...who]);
    }
    return kubernetes.kubeconfigFor(account);
  };

  const readyReplicas = async (namespace: string, name: string) =>
    (await kubernetes.get('statefulset', name, namespace))?.status?.readyReplicas;

  it('runs a bridge, and gives the Lease back when it is asked to stop, while the bridge goes on', async () => {
    // An empty name is how the Operator Lifecycle Manager says that all are meant.
    const operator = await start('--kubeconfig', await kubernetes.kubeconfigFor(operatorAccount), '--namespace', '');
    await operator.ready();
    await kubernetes.apply(bridge('cars'));
    await until('a replica', async () => (await readyReplicas('default', 'cars-bridge')) === 1);
    expect(await page(`${operator.url}/healthz`)).toEqual({ status: 200, text: 'ok\n' });
    const authorization = `Bearer ${kubernetes.config.getCurrentUser()!.token}`;
    const { text } = await page(`${operator.url}/metrics`, { authorization });
    expect(text).toMatch(
      /^controller_runtime_reconcile_total\{controller="mqttkafkabridge",result="(success|requeue_after)"\} [1-9]/m,
    );
    expect(text).toMatch(/^workqueue_adds_total\{[^}]*\} [1-9]/m);
    expect(text).toMatch(/^leader_election_master_status\{[^}]*\} 1$/m);
    const lease = async () => (await kubernetes.get('lease', 'mqtt-kafka-operator'))!.spec.holderIdentity;
    expect(await lease()).not.toBe('');
    const pod = async () => (await kubernetes.get('pod', 'cars-bridge-0'))!.metadata.uid;
    const before = await pod();

    expect(await operator.stop()).toBe(0);
    expect(operator.stdout()).toBe(`Operator: ${operator.url}/metrics\n`);
    expect((await lease()) ?? '').toBe('');
    expect([await pod(), await readyReplicas('default', 'cars-bridge')]).toEqual([before, 1]);
  });

  it('needs rights in no namespace but those that it is told, and none to a Lease where it is told to take none', async () => {
    const kubeconfig = await limitedTo('limited', 'shop', 'market');
    const operator = await start('--kubeconfig', kubeconfig, '--namespace', 'shop,market', '--no-leader-elect');
    await operator.ready();
    for (const namespace of ['shop', 'market', 'default']) await kubernetes.apply(bridge('trucks', {}, { namespace }));
    for (const namespace of ['shop', 'market'])
      await until(`a replica in ${namespace}`, async () => (await readyReplicas(namespace, 'trucks-bridge')) === 1);
    expect(await operator.stop()).toBe(0);
    const asked = (await kubernetes.audit()).filter(
      ({ user, resource }) => user === 'system:serviceaccount:default:limited' && resource !== '',
    );
    expect(new Set(asked.map(({ namespace }) => namespace))).toEqual(new Set(['shop', 'market']));
    expect(asked.filter(({ resource, code }) => resource === 'leases' || code === 403)).toEqual([]);
    expect(await kubernetes.get('statefulset', 'trucks-bridge')).toBeUndefined();
  });

  it('lets the API server refuse a rule that cannot be parsed', async () => {
    const { ca, mounted } = certificatesIn('webhook');
    const operator = await start(
      ...['--kubeconfig', await kubernetes.kubeconfigFor(operatorAccount)],
      ...['--webhook', '127.0.0.1:0', '--webhook-certificates', mounted],
    );
    const port = await until(
      'the port of the webhook',
      () => /"port":(\d+),"msg":"the webhook is served"/.exec(operator.stderr())?.[1],
    );
    await kubernetes.apply({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'bridges' },
      webhooks: [
        {
          name: 'bridges.mqttkafka.dev',
          clientConfig: {
            url: `https://127.0.0.1:${port}${webhookPath}`,
            caBundle: Buffer.from(ca).toString('base64'),
          },
          rules: [
            {
              apiGroups: ['mqttkafka.dev'],
              apiVersions: ['*'],
              operations: ['CREATE'],
              resources: ['mqttkafkabridges'],
            },
          ],
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
        },
      ],
    });
    const wrong = bridge('wrong', { rules: [{ ...ruleOf({ topic: 'cars' }), sql: 'SELECT payload\nFORM "cars/#"' }] });
    const refusal = await until('the API server to ask the webhook', () =>
      kubernetes.kubectl(['create', '--dry-run=server', '-f', '-'], stringify(wrong)).then(
        () => undefined,
        (error: Error) => error.message,
      ),
    );
    expect(refusal).toContain('spec.rules[0].sql, line 2, column 6');
    await kubernetes.kubectl(['delete', 'validatingwebhookconfiguration', 'bridges']);
    expect(await operator.stop()).toBe(0);
  });

  it('says that it cannot reach the API server, waits, and goes on when it is there', async () => {
    const kubeconfig = await kubernetes.kubeconfigFor(operatorAccount);
    await kubernetes.apiServer.kill();
    const operator = await start('--kubeconfig', kubeconfig, '--no-leader-elect');
    await until('it to say so', () => operator.stderr().includes('"code":"kube-unreachable"'));
    expect(operator.stderr()).toContain(`The Kubernetes API server ${kubernetes.server} cannot be reached`);
    expect(await page(`${operator.url}/readyz`)).toEqual({
      status: 503,
      text: 'operator: not everything has been read from the API server\n',
    });
    expect((await page(`${operator.url}/healthz`)).status).toBe(200);
    await kubernetes.restartApiServer();
    await operator.ready();
    await kubernetes.apply(bridge('late'));
    await until('a replica', async () => (await readyReplicas('default', 'late-bridge')) === 1);
    expect(await operator.stop()).toBe(0);
  });
});

describeReal('openssl')('mkb operator, told something wrong', () => {
  const kubeconfig = join(folder, 'kubeconfig');
  /** One that nobody answers: what is tested here comes before anything is asked. */
  const env = { KUBECONFIG: kubeconfig };

  beforeAll(async () => {
    const [port] = await freePorts(1);
    const cluster = { name: 'c', cluster: { server: `https://127.0.0.1:${port}` } };
    const context = { name: 'here', context: { cluster: 'c', user: 'u' } };
    const config = { clusters: [cluster], users: [{ name: 'u', user: {} }], contexts: [context] };
    writeFileSync(kubeconfig, stringify({ ...config, 'current-context': 'here' }));
  });

  const write = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return file;
  };

  it('says where its configuration is wrong', async () => {
    const head = 'apiVersion: mqttkafka.dev/v1alpha1\nkind: MqttKafkaOperator\n';
    const file = write('operator.yaml', `${head}spec:\n  replcas: 2\n`);
    const { code, stdout, stderr } = await mkb(['operator', '--config', file], { env });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toContain(`${file}:4:3: error: \`replcas\` is not a field here. Did you mean \`replicas\`?`);
  });

  it.each([
    ['a configuration', '--config', '[document-unreadable]'],
    ['a kubeconfig', '--kubeconfig', '[kube-config]'],
  ])('says that there is no such file: %s', async (_, option, code) => {
    const file = join(folder, 'none');
    const outcome = await mkb(['operator', option, file], { env });
    expect([outcome.code, outcome.stdout]).toEqual([78, '']);
    expect(outcome.stderr).toContain(file);
    expect(outcome.stderr).toContain(code);
  });

  it('says where a kubeconfig is no YAML', async () => {
    const { code, stderr } = await mkb(['operator', '--kubeconfig', write('torn', 'clusters: [')]);
    expect(code).toBe(78);
    expect(stderr).toMatch(/torn: unexpected end of the stream .*\(1:12\)/);
  });

  it('says which context the kubeconfig does not have', async () => {
    const { code, stderr } = await mkb(['operator', '--context', 'there'], { env });
    expect([code, stderr]).toEqual([78, expect.stringContaining('it has no context there. [kube-config]')]);
  });

  it.each([
    [['--namespace', 'shop,Market'], '"Market" is not the name of a namespace'],
    [['--http', '8080'], 'Write HOST:PORT'],
    [['--log-level', 'loud'], 'Allowed choices are trace, debug'],
  ])('says what it does not understand: %j', async (args, words) => {
    const { code, stdout, stderr } = await mkb(['operator', ...args], { env });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(words);
  });

  it('ends when a port is taken, whichever it is, and says which option has another', async () => {
    const { mounted } = certificatesIn('ports');
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = `127.0.0.1:${(other.address() as { port: number }).port}`;
    const certificates = ['--webhook-certificates', mounted];
    const outcomes = await Promise.all([
      mkb(['operator', '--http', taken, '--webhook', '127.0.0.1:0', ...certificates], { env }),
      mkb(['operator', '--http', '127.0.0.1:0', '--webhook', taken, ...certificates], { env }),
    ]);
    other.close();
    for (const { code, stdout, stderr } of outcomes) {
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`error: Cannot listen on ${taken}: listen EADDRINUSE`);
      expect(stderr).toMatch(/remedy: .*--http .*--webhook /);
    }
  });

  it.each([
    ['is missing', () => undefined, 'ENOENT'],
    ['is none', (mounted: string) => writeFileSync(join(mounted, 'tls.crt'), 'none'), 'no start line'],
    ['belongs to another key', (mounted: string) => swapKey(mounted), 'mismatch'],
  ])('does not start when the certificate of the webhook %s', async (title, spoil, reason) => {
    const mounted = title === 'is missing' ? folder : certificatesIn(title).mounted;
    spoil(mounted);
    const options = ['--http', '127.0.0.1:0', '--webhook', '127.0.0.1:0', '--webhook-certificates', mounted];
    const { code, stdout, stderr } = await mkb(['operator', ...options], { env });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`error: The certificate of the webhook cannot be read from ${mounted}: `);
    expect(stderr).toContain(reason);
    expect(stderr).toContain('[webhook-certificate-unreadable]\n  remedy: ');
  });

  const swapKey = (mounted: string): void => {
    const other = certificatesIn('another');
    cpSync(join(other.mounted, 'tls.key'), join(mounted, 'tls.key'));
  };
});
