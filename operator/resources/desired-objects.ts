/** All objects of a bridge: what `kubectl get all` shows, and what is pruned when it is not among them any more. */
import type { KubeObject } from '../runtime/object.ts';
import { bridgeObjects } from './bridge.ts';
import { bridgeConfigMap } from './bridge-document.ts';
import { brokerObjects } from './broker/broker.ts';
import { customized } from './customized.ts';
import { documentSecret } from './document-secrets.ts';
import { drainObjects } from './drain.ts';
import { kafkaSecret, kafkaTopics } from './kafka.ts';
import { monitoringObjects } from './monitoring/monitoring.ts';
import type { Pipeline } from './pipeline.ts';

/** @throws lookup-needs-cluster for what nobody has looked up */
export function desiredObjects(pipeline: Pipeline): KubeObject[] {
  const secrets = [...documentSecret(pipeline), ...kafkaSecret(pipeline)];
  const broker = brokerObjects(pipeline, secrets);
  const made = [...readByPods([...secrets, ...broker]), bridgeConfigMap(pipeline)];
  return customized(pipeline, [
    ...secrets,
    bridgeConfigMap(pipeline),
    ...bridgeObjects(pipeline, made),
    ...drainObjects(pipeline),
    ...kafkaTopics(pipeline),
    ...broker,
    ...monitoringObjects(pipeline, made),
  ]);
}

const readByPods = (objects: readonly KubeObject[]): KubeObject[] =>
  objects.filter(({ kind }) => kind === 'Secret' || kind === 'ConfigMap');
