/** Every query of the operator's dashboard, alerts and runbooks against a real Prometheus that scrapes a real operator at work. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { operatorRuleGroups } from '../../dashboards/rule-file.ts';
import { operatorMetrics } from '../../scripts/operator-metrics.ts';
import { ruleOf } from '../api/support/documents.ts';
import { installed } from '../deploy/deployed.ts';
import { bridge } from '../operator/support/stage.ts';
import { kubernetesProgram } from '../real/kubernetes-programs.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { committedOperatorDashboards, root } from './support/committed.ts';
import { type OperatorStack, operatorNamespace, startOperatorStack } from './support/operator-stack.ts';
import { begins, describeAnswers } from './support/queries-answered.ts';
import { nothingRemembered } from './support/remembered.ts';

const runbooks = join(root, 'docs', 'runbooks');
/** Each once. A fake node has no logs. */
const commands = [
  ...new Set(
    readdirSync(runbooks).flatMap(file =>
      [...readFileSync(join(runbooks, file), 'utf8').matchAll(/^ {4,}(kubectl .*)$/gm)].map(([, command]) => command!),
    ),
  ),
].filter(command => !/^kubectl (-n \S+ )?logs /.test(command));

describeReal(
  'etcd',
  'kubernetes',
  'kwok',
  'prometheus',
)('an operator at work', () => {
  let stack: OperatorStack;
  beforeAll(async () => {
    stack = await startOperatorStack();
  });
  afterAll(() => stack?.stop());

  describeAnswers({
    dashboards: committedOperatorDashboards,
    groups: operatorRuleGroups,
    prometheus: () => stack.prometheus,
    rateInterval: '30s',
  });

  test('the reference lists every metric that it has, and no other', () => {
    expect([...stack.ownMetrics].sort()).toEqual(operatorMetrics().map(({ name }) => name));
    const page = readFileSync(join(root, 'docs/reference/operator-metrics.md'), 'utf8');
    for (const { name } of operatorMetrics()) expect(page).toContain(`| \`${name}\` |`);
  });

  test('a bridge keeps its own namespace, although the operator is in another', async () => {
    const series = await stack.prometheus.query('mkb_operator_bridge_condition{type="Ready",status="True"} == 1');
    expect(series.map(({ labels }) => `${labels.namespace}/${labels.name}`).sort()).toEqual([
      'default/my-vehicles',
      'default/ships',
    ]);
    const [leader] = await stack.prometheus.query('leader_election_master_status');
    expect(leader!.labels.namespace).toBe(operatorNamespace);
  });

  // From here on, things are broken, one after another.

  test('watches that the API server has forgotten are seen to start again', async () => {
    const lists = async () => (await stack.prometheus.query('sum(mkb_operator_watch_lists_total)'))[0]!.value;
    const before = await lists();
    await stack.kubernetes.compactEtcd();
    await stack.kubernetes.restartApiServer();
    await until('new lists', async () => (await lists()) > before);
    expect(await stack.prometheus.query('mkb_operator_watch_missed_events_total > 0')).toEqual([]);
  });

  test('a bridge whose newest document is wrong is told, with its name', async () => {
    await stack.kubernetes.apply(bridge('my-vehicles', { rules: [{ ...ruleOf({ topic: 'cars' }), sql: 'SELECT' }] }));
    expect(await begins(stack.prometheus, 'MkbBridgeNotReady')).toMatchObject({
      namespace: 'default',
      name: 'my-vehicles',
    });
  });

  test('an operator that is gone is seen by Prometheus', async () => {
    await stack.endOperator();
    await begins(stack.prometheus, 'MkbOperatorDown');
    const metrics = /^(mkb_operator|controller_runtime|workqueue|rest_client|leader_election|process|nodejs)_/;
    await nothingRemembered(stack.prometheus, {
      dashboards: committedOperatorDashboards,
      metrics,
      rateInterval: '30s',
    });
  });

  test.each(commands)('%s', async command => {
    await installation();
    const env = {
      ...process.env,
      PATH: `${dirname(kubernetesProgram('kubectl'))}:${process.env.PATH}`,
      KUBECONFIG: stack.kubernetes.kubeconfig,
      EDITOR: 'true',
    };
    await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], { env });
  });

  /** What install.yaml makes in the operator's namespace, with a Lease as an operator there would have made it. */
  let made: Promise<void> | undefined;
  const installation = () => {
    const inNamespace = installed().filter(
      ({ kind, metadata }) => kind === 'Namespace' || metadata.namespace === operatorNamespace,
    );
    const metadata = { name: 'mqtt-kafka-operator', namespace: operatorNamespace };
    made ??= stack.kubernetes.apply(...inNamespace, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata });
    return made;
  };
});
