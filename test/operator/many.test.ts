/**
 * Two hundred bridges: what they cost the API server and the operator's memory, and that nothing is missed when the API server falls over.
 * Requests are counted by the API server itself, in its audit log.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultConfiguration } from '../../operator/configuration.ts';
import type { KubernetesObject, RunningKubernetes } from '../real/kubernetes.ts';
import { describeReal } from '../real/require.ts';
import { until } from '../real/until.ts';
import { heap } from './support/heap.ts';
import { bridge, type RunningOperator, startCluster, startOperator } from './support/stage.ts';

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
  let heapBefore: number;

  beforeAll(async () => {
    kubernetes = await startCluster();
    heapBefore = heap();
    operator = await startOperator(kubernetes, { page });
    await kubernetes.apply(...names.map(name => bridge(name)));
  });

  afterAll(async () => {
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
  const idle = () =>
    until('an empty queue', async () => {
      const metrics = await operator.registry.metrics();
      const depth = [...metrics.matchAll(/^workqueue_depth\{.*\} (\d+)$/gm)].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
      return depth === 0 && metrics.includes('controller_runtime_active_workers{controller="mqttkafkabridge"} 0');
    });

  it('become ready, at a cost that is counted', async () => {
    await allReady();
    await idle();
    const all = await requests();
    const perBridge = all.length / many;
    const kept = (heap() - heapBefore) / many;
    console.log(`${perBridge.toFixed(1)} requests and ${(kept / 1024).toFixed(0)} KiB of memory for each bridge`);
    // How often there is news, and how often a status must be written again, depends on how much of what happens is seen at once: 12 to 22
    // requests in all. What is made is the same each time: eleven writes, of objects and of marks on the bridge itself.
    const made = all.filter(
      ({ verb, code, subresource, resource }) =>
        !['get', 'list'].includes(verb) && code < 400 && subresource !== 'status' && resource !== 'events',
    );
    expect(made.length / many).toBeLessThan(11.5);
    expect(perBridge).toBeLessThan(40);
    // Asked for in vain: a write that makes an object says by itself that there was none.
    expect(all.filter(({ verb, code }) => verb === 'get' && code === 404).length).toBeLessThan(many / 10);
    expect(kept).toBeLessThan(128 * 1024);
  });

  it('are left alone by an operator that has just started, whatever image is its default now', async () => {
    await operator.stop();
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
