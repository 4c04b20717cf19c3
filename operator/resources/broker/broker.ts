/** The broker of a bridge that asks for one. */
import type { KubeObject } from '../../runtime/object.ts';
import type { Pipeline } from '../pipeline.ts';

/** @param secrets that its Pods read and that are made with them */
export function brokerObjects({ document }: Pipeline, _secrets: readonly KubeObject[]): KubeObject[] {
  if (document.spec.mqtt.broker === undefined) return [];
  return [];
}
