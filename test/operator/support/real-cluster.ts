/**
 * All of it for real: a control plane, a node with containers, the images of deploy/images, Kafka beside it. Images of others (Mosquitto,
 * Prometheus, Grafana) are stand-ins where none can be had: the real programs of this machine in the images' places, but for Grafana's.
 */

import { defaultConfiguration } from '../../../operator/configuration.ts';
import { type RunningEngine, startEngine } from '../../compose/engine.ts';
import { demoVariables } from '../../compose/stack.ts';
import { buildStandIns } from '../../compose/stand-ins.ts';
import { type RunningKafka, startKafka } from '../../real/kafka.ts';
import { type KubernetesObject, type RunningKubernetes, startKubernetes } from '../../real/kubernetes.ts';
import { importFromEngine } from '../../real/node/images.ts';
import { type RunningNode, startNode } from '../../real/node.ts';

export interface RealCluster {
  readonly kubernetes: RunningKubernetes;
  readonly node: RunningNode;
  /** Pods reach it at `bootstrapProxied`. */
  readonly kafka: RunningKafka;
  /** The Pods of a namespace that have these labels, and are not on their way out. */
  pods(namespace: string, labels: string): Promise<KubernetesObject[]>;
  stop(): Promise<void>;
}

const minute = 60_000;

/** Another name of the bridge's image, for a roll from one to the other. */
export const secondImage = 'mkb:second';

export async function startRealCluster(): Promise<RealCluster> {
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const engine = await startEngine();
    undo.push(() => engine.stop());
    const images = await buildImages(engine);
    const kubernetes = await startKubernetes({ parts: 'controllers' });
    undo.push(() => kubernetes.stop());
    const node = await startNode(kubernetes);
    undo.push(() => node.stop());
    await importFromEngine(engine, node, ...images);
    const kafka = await startKafka({ proxied: node.host });
    undo.push(() => kafka.stop());
    const pods = async (namespace: string, labels: string): Promise<KubernetesObject[]> => {
      const list = JSON.parse(await kubernetes.kubectl(['get', 'pods', '-n', namespace, '-l', labels, '-o', 'json']));
      return list.items.filter((pod: KubernetesObject) => !pod.metadata.deletionTimestamp);
    };
    return { kubernetes, node, kafka, pods, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @returns the names of all images that Pods run */
async function buildImages(engine: RunningEngine): Promise<string[]> {
  const names = demoVariables();
  const { bridge, mosquitto, prometheus, grafana } = defaultConfiguration().images;
  await buildStandIns(engine, {
    ...names,
    MOSQUITTO_IMAGE: mosquitto,
    PROMETHEUS_IMAGE: prometheus,
    GRAFANA_IMAGE: grafana,
  });
  const build = [
    'build',
    '--network',
    'host',
    '-f',
    'deploy/images/Dockerfile',
    '--build-arg',
    `NODE_IMAGE=${names.NODE_IMAGE}`,
  ];
  await engine.docker([...build, '-t', bridge, '.'], { timeoutMs: 8 * minute });
  await engine.docker(['tag', bridge, secondImage]);
  return [bridge, secondImage, mosquitto, prometheus, grafana];
}
