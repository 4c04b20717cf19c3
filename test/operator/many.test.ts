/**
 * Two hundred bridges: what they cost the API server and the operator's memory, and that nothing is missed when the API server falls over.
 * Requests are counted by the API server itself, in its audit log.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { operatorNodeOptions } from '../../deploy/manifests/deployment.ts';
import { defaultConfiguration } from '../../operator/configuration.ts';
import type { KubernetesObject, RunningKubernetes } from '../real/kubernetes.ts';
import { freePorts } from '../real/ports.ts';
import { describeReal } from '../real/require.ts';
import { ServerProcess } from '../real/server-process.ts';
import { until } from '../real/until.ts';
import { bridge, operatorAccount, type RunningOperator, startCluster, startOperator } from './support/stage.ts';

const program = fileURLToPath(new URL('./support/operator-process.ts', import.meta.url));
const many = 200;
/** Two hundred of anything take their time. */
const slowly = { timeoutMs: 180_000, everyMs: 500 };
/** Pods say nothing: the first rate of each would be a write, half a minute after its start. */
const page = (): string => {
  throw new Error('no answer');
};
const names = Array.from({ length: many }, (_, index) => `cars-${index}`);

describeReal('kubernetes', 'kwok')('two hundred bridges', () => {
  let kubernetes: RunningKubernetes;
  let operator: RunningOperator;
  let inPod: ServerProcess;

  beforeAll(async () => {
    kubernetes = await startCluster();
  });

  afterAll(async () => {
    await inPod?.kill();
    await operator?.stop();
    await kubernetes?.stop();
  });

  const list = async (what: string): Promise<KubernetesObject[]> =>
    JSON.parse(await kubernetes.kubectl(['get', what, '-o', 'json'])).items;
  const isReady = ({ metadata, status }: KubernetesObject) =>
    status?.observedGeneration === metadata.generation &&
    status?.conditions?.some(
      (each: { type: string; status: string }) => each.type === 'Ready' && each.status === 'True',
    );
  const allReady = () =>
    until('all bridges to be ready', async () => (await list('mkb')).filter(isReady).length === many, {
      timeoutMs: 400_000,
      everyMs: 1000,
    });
  /** Requests of operators since the last call, but for watches, which are counted when they end. */
  let counted = 0;
  const requests = async () => {
    const all = (await kubernetes.audit()).filter(
      ({ userAgent, verb }) => userAgent === 'mqtt-kafka-operator' && verb !== 'watch',
    );
    const added = all.slice(counted);
    counted = all.length;
    return added;
  };
  const writesAmong = (some: Awaited<ReturnType<typeof requests>>) =>
    some
      .filter(({ verb }) => !['get', 'list'].includes(verb))
      .map(({ verb, resource, subresource, name }) => `${verb} ${resource}/${subresource} ${name}`);
  /** Waits until the operator has nothing to do any more. */
  const idle = (read = () => operator.registry.metrics()) =>
    until('an empty queue', async () => {
      const metrics = await read();
      const depth = [...metrics.matchAll(/^workqueue_depth\{.*\} (\d+)$/gm)].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
      return depth === 0 && metrics.includes('controller_runtime_active_workers{controller="mqttkafkabridge"} 0');
    });

  // 22 requests each and 421 MiB: an operator of a few hundred bridges was the busiest client of its API server, and was killed for memory.
  it('become ready, at a cost that is counted', async () => {
    const kubeconfig = await kubernetes.kubeconfigFor(operatorAccount);
    const [port] = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    inPod = new ServerProcess({
      name: 'operator',
      command: process.execPath,
      args: [operatorNodeOptions, '--max-old-space-size=256', program, kubeconfig, 'one', String(port)],
      logFile: join(kubernetes.folder, 'operator.log'),
      env: { SILENT_PODS: '1' },
    });
    await inPod.launch();
    await until('the operator to be ready', async () => (await fetch(`${url}/readyz`)).ok);
    await kubernetes.apply(...names.map(name => bridge(name)));
    await allReady();
    await idle(async () => (await fetch(`${url}/metrics`)).text());
    const all = await requests();
    const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${inPod.pid}/status`, 'utf8'))!;
    const mib = Math.round(Number(kib) / 1024);
    await inPod.kill();
    const count = (wanted: (request: (typeof all)[number]) => boolean) => all.filter(wanted).length / many;
    const perBridge = all.length / many;
    const statuses = count(({ subresource }) => subresource === 'status');
    console.log(
      `${perBridge.toFixed(1)} requests for each bridge, ${statuses.toFixed(1)} of them of its status; ${mib} MiB at most`,
    );
    expect(perBridge).toBeLessThan(15);
    // How often a status must be written depends on how much of what happens is seen at once. All else is the same each time: seven objects, two
    // marks on the bridge itself, one event.
    expect(perBridge - statuses).toBeLessThan(12);
    // Asked for in vain, but for kinds that may come to be served: a write that makes an object says by itself that there was none.
    expect(count(({ verb, resource, code }) => verb === 'get' && resource !== '' && code === 404)).toBeLessThan(0.1);
    expect(mib).toBeLessThan(250);
  });

  it('are left alone by an operator that has just started, whatever image is its default now', async () => {
    await requests();
    const generations = async () =>
      (await list('statefulsets')).map(({ metadata }) => `${metadata.name} ${metadata.generation}`);
    const before = await generations();
    const images = { ...defaultConfiguration().images, bridge: 'mkb:of-another-version' };
    operator = await startOperator(kubernetes, { images, page });
    await until(
      'all of them to be looked at',
      async () => {
        const [, looks] =
          /^controller_runtime_reconcile_total\{.*result="requeue_after"\} (\d+)$/m.exec(
            await operator.registry.metrics(),
          ) ?? [];
        return Number(looks) >= many;
      },
      slowly,
    );
    await idle();
    expect(writesAmong(await requests())).toEqual([]);
    expect(await generations()).toEqual(before);
  });

  it('cost nothing while nothing changes', async () => {
    const other = await startOperator(kubernetes, { resync: '10s', page });
    await operator.stop();
    operator = other;
    const looks = async () => Number(/result="requeue_after"\} (\d+)$/m.exec(await operator.registry.metrics())?.[1]);
    await until('all of them to be looked at three times', async () => (await looks()) >= 3 * many, slowly);
    expect(writesAmong(await requests())).toEqual([]);
  });

  it('are all right after the API server was killed and its history was forgotten', async () => {
    await kubernetes.restartApiServer();
    const gone = names.slice(0, 40);
    await kubernetes.kubectl(['delete', 'service', '--wait=false', ...gone.map(name => `${name}-bridge`)]);
    await kubernetes.compactEtcd();
    await until(
      'the Services to be back',
      async () => {
        const services = new Set((await list('services')).map(({ metadata }) => metadata.name));
        return gone.every(name => services.has(`${name}-bridge`));
      },
      slowly,
    );
    await kubernetes.kubectl(['scale', 'statefulset', '--replicas=3', ...gone.map(name => `${name}-bridge`)]);
    await until(
      'one replica of each',
      async () => (await list('statefulsets')).every(({ spec }) => spec.replicas === 1),
      slowly,
    );
    await allReady();
    expect(await operator.registry.metrics()).not.toMatch(/^mkb_operator_watch_missed_events_total\{.*\} [1-9]/m);
  });
});
