/** The broker of a bridge that asks for one. */
import type { KubeObject } from '../../runtime/object.ts';
import type { Pipeline } from '../pipeline.ts';
import { emqxObjects } from './emqx.ts';
import { mosquittoObjects } from './mosquitto.ts';

/** @param secrets that its Pods read and that are made with them */
export function brokerObjects(pipeline: Pipeline, secrets: readonly KubeObject[]): KubeObject[] {
  const { broker } = pipeline.document.spec.mqtt;
  if (broker === undefined) return [];
  return broker.kind === 'mosquitto' ? mosquittoObjects(pipeline, secrets) : emqxObjects(pipeline, secrets);
}
