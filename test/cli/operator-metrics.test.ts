// Any Pod of the cluster could read the names and states of every team's bridges off the operator's /metrics.
import { createSign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { metricsAccount } from '../../deploy/manifests/monitoring.ts';
import { operatorNamespace } from '../../deploy/manifests/names.ts';
import { clusterRoles, leaseRoles, metricsReaderName } from '../../deploy/manifests/roles.ts';
import { crdFile, operatorAccount } from '../operator/support/stage.ts';
import { type RunningKubernetes, startKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { type StartedOperator, startOperatorCommand } from './started-operator.ts';

const started: StartedOperator[] = [];
afterEach(() => {
  for (const operator of started.splice(0)) operator.kill();
});

describeReal('etcd', 'kubernetes')('the metrics of mkb operator', () => {
  let kubernetes: RunningKubernetes;
  let reader: string;

  beforeAll(async () => {
    kubernetes = await startKubernetes({ parts: 'controllers', apply: [crdFile] });
    const here = leaseRoles().map(role => ({ ...role, metadata: { ...role.metadata, namespace: 'default' } }));
    await kubernetes.apply(...clusterRoles('default'), ...here);
    reader = await tokenOf('reader', true);
  });
  afterAll(() => kubernetes?.stop());

  const start = async (...args: string[]): Promise<StartedOperator> => {
    const operator = await startOperatorCommand(
      ...['--kubeconfig', await kubernetes.kubeconfigFor(operatorAccount), ...args],
    );
    started.push(operator);
    return operator;
  };

  /** Of a new service account, which may read metrics or not. */
  async function tokenOf(account: string, mayRead: boolean): Promise<string> {
    await kubernetes.kubectl(['create', 'serviceaccount', account, '-n', 'default']);
    if (mayRead) {
      const who = [`--clusterrole=${metricsReaderName}`, `--serviceaccount=default:${account}`];
      await kubernetes.kubectl(['create', 'clusterrolebinding', account, ...who]);
    }
    return (await kubernetes.kubectl(['create', 'token', account, '-n', 'default'])).trim();
  }

  /** The same token as the API server would have signed it with these claims. */
  function signedAgain(token: string, claims: object): string {
    const [head, body] = token.split('.') as [string, string];
    const old = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
    const text = `${head}.${Buffer.from(JSON.stringify({ ...old, ...claims })).toString('base64url')}`;
    const key = readFileSync(join(kubernetes.folder, 'sa.key'));
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
  }

  const read = async ({ url }: StartedOperator, token?: string, path = '/metrics') => {
    const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(url + path, { headers });
    const text = await answer.text();
    // Whatever the answer is, nothing of the page is in a refusal.
    expect(text.includes('leader_election_master_status')).toBe(answer.ok && path === '/metrics');
    return answer.status;
  };

  it('are for accounts that may get them, of an operator that leads and of one that waits', async () => {
    const other = await tokenOf('other', false);
    const deleted = await tokenOf('deleted', true);
    await kubernetes.kubectl(['delete', 'serviceaccount', 'deleted', '-n', 'default']);
    const now = Math.floor(Date.now() / 1000);
    const past = { iat: now - 7200, nbf: now - 7200, exp: now - 3600 };
    const readers: [string, string | undefined, number][] = [
      ['nobody', undefined, 401],
      ['no token of this cluster', 'aaa.bbb.ccc', 401],
      ['an account without the right', other, 403],
      ['an account that was deleted', deleted, 401],
      ['a token that has expired', signedAgain(reader, past), 401],
      ['a token signed by somebody else', `${reader.slice(0, -8)}AAAAAAAA`, 401],
      ['an account with the right', reader, 200],
      ['the same with another token', signedAgain(reader, { exp: now + 1800 }), 200],
      ['an administrator', kubernetes.config.getCurrentUser()!.token, 200],
    ];
    for (const operator of [await start(), await start()]) {
      await operator.ready();
      for (const [who, token, status] of readers) {
        // A few strangers a second have a place.
        const answer = await until(`an answer to ${who}`, async () => {
          const is = await read(operator, token);
          return is === 503 ? undefined : is;
        });
        expect([who, answer]).toEqual([who, status]);
      }
      expect([await read(operator, undefined, '/healthz'), await read(operator, undefined, '/readyz')]).toEqual([
        200, 200,
      ]);
    }
  });

  it('are read with the token that comes with the monitor', async () => {
    await kubernetes.kubectl(['create', 'namespace', operatorNamespace]);
    await kubernetes.apply(...metricsAccount);
    const token = await until('Kubernetes to write the token', async () => {
      const { data } = (await kubernetes.get('secret', 'mqtt-kafka-operator-metrics', operatorNamespace))!;
      return data?.token && Buffer.from(data.token, 'base64').toString('utf8');
    });
    expect(await read(await start('--no-leader-elect'), token)).toBe(200);
  });

  it('are for nobody where the operator may not ask, and its log has the missing right', async () => {
    const kubeconfig = await kubernetes.kubeconfigFor('unprivileged');
    const operator = await start('--kubeconfig', kubeconfig, '--no-leader-elect');
    expect(await read(operator, reader)).toBe(503);
    expect(await read(operator)).toBe(401);
    await until('the log', () => /who reads \/metrics cannot be reviewed/.test(operator.stderr()));
    expect(operator.stderr()).toMatch(
      /create TokenReview.*"code":"kube-forbidden"|"code":"kube-forbidden".*create TokenReview/,
    );
  });

  it('are for everybody where the configuration or the command line says so', async () => {
    const file = join(kubernetes.folder, 'operator.yaml');
    const head = 'apiVersion: mqttkafka.dev/v1alpha1\nkind: MqttKafkaOperator\n';
    writeFileSync(file, `${head}spec: {metrics: {authentication: false}}\n`);
    const open = [['--no-metrics-authentication'], ['--config', file]];
    for (const args of open) expect(await read(await start('--no-leader-elect', ...args))).toBe(200);
    expect(await read(await start('--no-leader-elect', '--config', file, '--metrics-authentication'))).toBe(401);
  });

  it('are for nobody new while the API server is down, and for the same again when it is back', async () => {
    const operator = await start('--no-leader-elect');
    await operator.ready();
    expect(await read(operator, reader)).toBe(200);
    await kubernetes.apiServer.kill();
    const second = signedAgain(reader, { exp: Math.floor(Date.now() / 1000) + 1700 });
    expect([await read(operator, second), await read(operator, 'aaa.bbb.ccc'), await read(operator)]).toEqual([
      ...[503, 503, 401],
    ]);
    // A minute of silence is no gap in the graphs.
    expect(await read(operator, reader)).toBe(200);
    expect(await read(operator, undefined, '/healthz')).toBe(200);
    await kubernetes.restartApiServer();
    await until('an answer', async () => (await read(operator, second)) === 200);
    await until('the other to be refused', async () => (await read(operator, 'aaa.bbb.ccc')) === 401);
  });
});
