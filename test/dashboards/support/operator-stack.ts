/**
 * An operator at work on a real API server, and a Prometheus that scrapes it as it does a Pod: the target has the labels `namespace` and
 * `pod`, and those that a series has already stay. Something is deleted again and again, so that there is work to see.
 */
import { join } from 'node:path';
import { collectDefaultMetrics } from 'prom-client';
import { type HttpEndpoint, serveHttp } from '../../../bridge/observe/http.ts';
import { operatorJob } from '../../../dashboards/operator/promql.ts';
import { bridge, looks, type RunningOperator, startCluster, startOperator } from '../../operator/support/stage.ts';
import type { RunningKubernetes } from '../../real/kubernetes.ts';
import { type RunningPrometheus, startPrometheus } from '../../real/prometheus.ts';
import { until } from '../../real/until.ts';
import { root } from './committed.ts';

export interface OperatorStack {
  readonly kubernetes: RunningKubernetes;
  readonly operator: RunningOperator;
  readonly prometheus: RunningPrometheus;
  /** Metrics that the operator has by itself, without those of every Node process. */
  readonly ownMetrics: readonly string[];
  /** Ends the operator as a Pod would. */
  endOperator(): Promise<void>;
  stop(): Promise<void>;
}

const userOfShips = {
  apiVersion: 'mqttkafka.dev/v1alpha1',
  kind: 'MqttUser',
  metadata: { name: 'crew', namespace: 'default' },
  spec: { bridgeRef: { name: 'ships' } },
};

/** The namespace of the operator; bridges are in `default`. */
export const operatorNamespace = 'mqtt-kafka-system';

/** Starts all of it, with two bridges that are ready: my-vehicles and ships. */
export async function startOperatorStack(): Promise<OperatorStack> {
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const kubernetes = await startCluster();
    stops.push(() => kubernetes.stop());
    const operator = await startOperator(kubernetes, { resync: '10s' });
    stops.push(() => operator.stop());
    const ownMetrics = operator.registry.getMetricsAsArray().map(({ name }) => name);
    const http = await serve(operator);
    stops.push(() => http.close());
    const { reaches } = looks(kubernetes);
    await kubernetes.apply(
      bridge('my-vehicles'),
      bridge('ships', { mqtt: { broker: { kind: 'mosquitto' } } }),
      userOfShips,
    );
    for (const name of ['my-vehicles', 'ships']) await reaches(name, 'Ready', 'True');
    const prometheus = await scrape(http);
    stops.push(() => prometheus.stop());
    const load = startLoad(kubernetes);
    stops.push(load);
    const endOperator = async () => {
      await load();
      await http.close();
      await operator.stop();
    };
    return { kubernetes, operator, prometheus, ownMetrics, endOperator, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** As `mkb operator` does. */
function serve({ registry }: RunningOperator): Promise<HttpEndpoint> {
  collectDefaultMetrics({ register: registry });
  return serveHttp({ host: '127.0.0.1', port: 0 }, registry, () => []);
}

async function scrape({ url }: HttpEndpoint): Promise<RunningPrometheus> {
  const target = {
    address: url.replace('http://', ''),
    labels: { namespace: operatorNamespace, pod: 'mqtt-kafka-operator-0' },
    honorLabels: true,
  };
  const rules = [join(root, 'dashboards', 'operator', 'generated', 'rules.yaml')];
  const prometheus = await startPrometheus({ jobs: { [operatorJob]: target }, rules });
  await until('the scrape to succeed', () => prometheus.targetsUp());
  return prometheus;
}

/** Deletes a Service, and again as soon as it is back, however long the API server is away. Returns what ends it. */
function startLoad(kubernetes: RunningKubernetes): () => Promise<void> {
  let stopped = false;
  const name = 'ships-bridge';
  const work = async () => {
    while (!stopped) {
      await until('the Service to be deleted', () => kubernetes.kubectl(['delete', 'service', name]), { everyMs: 500 });
      await until('the Service to be back', () => kubernetes.get('service', name), { everyMs: 500 });
    }
  };
  const worked = work();
  return async () => {
    stopped = true;
    await worked;
  };
}
