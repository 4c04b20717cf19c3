/** `mkb status` against a real API server. */
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { kinds } from '../../operator/kinds.ts';
import { EventRecorder } from '../../operator/runtime/events.ts';
import type { RunningKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { type BridgesStage, invalidStatus, startBridgesStage } from './bridges-stage.ts';
import { goodStatus } from './made-up-bridges.ts';
import { mkb, type Outcome, startMkb } from './mkb-process.ts';

it.each([
  ['-A', '-n', 'shop'],
  ['-o', 'xml'],
])('refuses %s %s with exit code 2', async (...options) => {
  expect((await mkb(['status', ...options.filter(Boolean)])).code).toBe(2);
});

describeReal('etcd', 'kubernetes')('mkb status', () => {
  let stage: BridgesStage;
  let kubernetes: RunningKubernetes;
  const status = (...args: string[]) => mkb(['status', ...args], { env: { KUBECONFIG: kubernetes.kubeconfig } });

  beforeAll(async () => {
    stage = await startBridgesStage();
    ({ kubernetes } = stage);
  });
  afterAll(() => stage?.stop());

  it('shows the bridges of all namespaces, why one is not ready, and ends with 1', async () => {
    const { code, stdout, stderr } = await status('-A');
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout.replace(/[0-9]+s$/gm, '0s')).toBe(
      `NAMESPACE  NAME    READY  REASON        REPLICAS  RULES  RECEIVED  DELIVERED  DEAD-LETTERED  DROPPED  AGE
market     trucks  False  RulesInvalid  2/2       3      950/s     940/s      12             0        0s
shop       cars    True   AllReady      2/2       3      950/s     940/s      12             0        0s

market/trucks is not ready, RulesInvalid
  rules[0].sql:1:8: There is no column speeed.
`,
    );
  });

  it('ends with 0 where all are ready, and where there are none', async () => {
    expect(await status('-n', 'shop')).toMatchObject({ code: 0, stderr: '' });
    const none = {
      code: 0,
      stdout: '',
      stderr: 'There are no bridges in namespace empty; -A shows those of all namespaces.\n',
    };
    expect(await status('-n', 'empty')).toEqual(none);
    expect(await status('-n', 'empty', '-o', 'json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  });

  it('tells of a change that the operator has not looked at yet, however well everything ran before', async () => {
    await stage.make('busy', 'changed');
    await stage.tell('busy', 'changed', goodStatus);
    expect((await status('-n', 'busy')).code).toBe(0);
    await kubernetes.kubectl(['scale', 'mkb', 'changed', '-n', 'busy', '--replicas=3']);
    const { code, stdout } = await status('-n', 'busy', 'changed');
    expect(code).toBe(1);
    expect(stdout).toContain('generation 2 has not been looked at yet; what runs is generation 1');
    expect(stdout).toContain('2 of 3 ready');
  });

  it('tells of one bridge what happened, and how often', async () => {
    const options = { component: 'mqtt-kafka-operator', instance: 'test', log: pino({ level: 'silent' }) };
    const events = new EventRecorder(stage.client, options);
    const cars = (await stage.client.get(kinds.bridge, { namespace: 'shop', name: 'cars' }))!;
    const bad = {
      type: 'Warning',
      reason: 'NotConnected',
      action: 'KafkaReachable',
      message: 'Kafka is away.',
    } as const;
    for (let times = 0; times < 2; times++) {
      events.record(cars, bad);
      await events.idle();
    }
    const trucks = (await stage.client.get(kinds.bridge, { namespace: 'market', name: 'trucks' }))!;
    events.record(trucks, { ...bad, message: 'This is of another bridge.' });
    await events.idle();
    const { code, stdout, stderr } = await status('cars', '-n', 'shop');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^shop\/cars\nReady {6}True, AllReady\nDocument {3}generation 1 runs\n/);
    expect(stdout).toContain('KafkaReachable  True');
    expect(stdout).toMatch(/\nEvents\n {2}Warning {2}2x {2}[0-9]+s {2}NotConnected {2}Kafka is away\.\n$/);
  });

  it('prints for programs what it prints for people, and the whole status', async () => {
    const json = await status('-A', '-o', 'json');
    const [trucks, cars] = (JSON.parse(json.stdout) as Record<string, unknown>[]).filter(
      ({ namespace }) => namespace !== 'busy',
    );
    expect(cars).toMatchObject({ namespace: 'shop', name: 'cars', ready: true, wanted: 2, status: goodStatus });
    expect(trucks).toMatchObject({ name: 'trucks', ready: false, reason: 'RulesInvalid' });
    const yaml = await status('-A', '-o', 'yaml');
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
  });

  it('says which bridge there is not, and which one may have been meant', async () => {
    const { code, stdout, stderr } = await status('crs', 'cars', '-n', 'shop');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^shop\/cars\n/);
    expect(stderr).toMatch(/There is no bridge crs in namespace shop\. Did you mean cars\? \[bridge-not-found\]/);
  });

  it('finds a bridge by its name in any namespace', async () => {
    expect((await status('-A', 'trucks')).stdout).toMatch(/^market\/trucks\n/);
  });

  describe('for somebody with few rights', () => {
    /** An account that may do with bridges of `shop` what the role says. */
    const account = async (name: string, resources: readonly string[]) => {
      if (resources.length === 0) return kubernetes.kubeconfigFor(name, 'shop');
      const flags = [`--resource=${resources.join()}`, '--verb=get,list,watch', '-n', 'shop'];
      await kubernetes.kubectl(['create', 'role', name, ...flags]);
      await kubernetes.kubectl([
        ...['create', 'rolebinding', name, `--role=${name}`, `--serviceaccount=shop:${name}`, '-n', 'shop'],
      ]);
      return kubernetes.kubeconfigFor(name, 'shop');
    };

    it('says what is not allowed, and what to ask for', async () => {
      const { code, stderr } = await status('-n', 'shop', '--kubeconfig', await account('stranger', []));
      expect(code).toBe(69);
      expect(stderr).toMatch(
        /cannot list resource "mqttkafkabridges".*\[bridges-forbidden\]\n {2}remedy: Ask for .*view/,
      );
    });

    it('shows a namespace to who may not look at all, and details without events', async () => {
      const kubeconfig = ['--kubeconfig', await account('viewer', ['mqttkafkabridges.mqttkafka.dev'])];
      expect((await status('-A', ...kubeconfig)).code).toBe(69);
      const { code, stdout } = await status('cars', '-n', 'shop', ...kubeconfig);
      expect(code).toBe(0);
      expect(stdout).toMatch(/\nEvents\n {2}cannot be read\n$/);
    });

    it('reads events by the role that everybody is given who may look', async () => {
      const rules = JSON.parse(
        await kubernetes.kubectl(['get', 'clusterrole', 'system:aggregate-to-view', '-o', 'json']),
      );
      const allowed = rules.rules.filter(({ resources }: { resources: string[] }) => resources.includes('events'));
      expect(allowed.map(({ apiGroups }: { apiGroups: string[] }) => apiGroups)).toEqual([['']]);
    });
  });

  describe('--watch', () => {
    /** Runs until `steps` are over, then asks it to stop as Ctrl-C does. */
    const watched = async (
      args: string[],
      steps: (said: (stream?: 'stdout' | 'stderr') => string) => Promise<void>,
    ): Promise<Outcome> => {
      const child = startMkb(['status', '--watch', ...args], { KUBECONFIG: kubernetes.kubeconfig });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream]!.on('data', chunk => {
          said[stream] += chunk;
        });
      const ended = new Promise<number | null>(end => child.once('close', end));
      try {
        await steps((stream = 'stdout') => said[stream]);
        child.kill('SIGINT');
        return { code: await ended, ...said };
      } finally {
        child.kill('SIGKILL');
      }
    };

    it('prints a row for each bridge that changes, comes or goes, and ends with SIGINT', async () => {
      await stage.make('watched', 'cars', 'still');
      await stage.tell('watched', 'cars', goodStatus);
      await stage.tell('watched', 'still', goodStatus);
      const { code, stdout, stderr } = await watched(['-n', 'watched'], async said => {
        await until('the table', () => said().includes('still'));
        await stage.tell('watched', 'cars', { ...goodStatus, readyReplicas: 1 });
        await until('the change', () => said().includes('1/2'));
        await stage.make('watched', 'new');
        await until('the new one', () => said().includes('NotLookedAt'));
        await kubernetes.kubectl(['delete', 'mkb', 'new', '-n', 'watched']);
        await until('its end', () => said().includes('Deleted'));
      });
      expect([code, stderr]).toEqual([0, '']);
      const rows = stdout.split('\n').map(line => line.split(/ +/).slice(1, 5).join(' '));
      expect(rows).toEqual([
        'NAME READY REASON REPLICAS',
        'cars True AllReady 2/2',
        'still True AllReady 2/2',
        'cars True AllReady 1/2',
        'new False NotLookedAt -/2',
        'new False Deleted -/2',
        '',
      ]);
    });

    it('waits for a bridge that is not there yet, and prints it as one document at each change', async () => {
      const args = ['late', '-n', 'later', '-o', 'yaml'];
      const { code, stdout, stderr } = await watched(args, async said => {
        await until('it to be missed', () => said('stderr').includes('no bridge late'));
        await stage.make('later', 'late');
        await until('it to be seen', () => said().includes('NotLookedAt'));
        await stage.tell('later', 'late', invalidStatus);
        await until('its status', () => said().includes('RulesInvalid'));
      });
      expect(code).toBe(1);
      expect(stderr).toContain('There is no bridge late in namespace later.');
      const documents = parseAllDocuments(stdout).map(document => document.toJS() as { name: string; reason: string });
      expect(documents.map(({ name, reason }) => [name, reason])).toEqual([
        ['late', 'NotLookedAt'],
        ['late', 'RulesInvalid'],
      ]);
    });

    it('goes on when the API server was away, and says so meanwhile', async () => {
      await stage.make('away', 'cars');
      const { code, stderr } = await watched(['-n', 'away', '-o', 'json'], async said => {
        await until('it to be seen', () => said().includes('NotLookedAt'));
        await kubernetes.restartApiServer();
        await stage.tell('away', 'cars', goodStatus);
        await until('the change', () => said().includes('AllReady'));
      });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^watching failed; it is retried: The Kubernetes API server .* cannot be reached/);
    });
  });

  it('says how to install where the cluster does not know bridges', async () => {
    await kubernetes.kubectl(['delete', 'crd', '--all']);
    await until('bridges to be unknown', async () => !(await kubernetes.kubectl(['api-resources'])).includes('mkb'));
    const { code, stdout, stderr } = await status('-A');
    expect([code, stdout]).toEqual([69, '']);
    expect(stderr).toMatch(
      /does not know the kind MqttKafkaBridge\. \[bridges-not-installed\]\n {2}remedy: Install the operator/,
    );
  });
});
