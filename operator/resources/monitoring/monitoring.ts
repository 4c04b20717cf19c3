/** What watches a bridge: exporter, Prometheus and Grafana, as far as the document names them. */
import type { KubeObject } from '../../runtime/object.ts';
import type { Pipeline } from '../pipeline.ts';

/** @param made ConfigMaps and Secrets that its Pods read besides their own */
export function monitoringObjects({ document }: Pipeline, _made: readonly KubeObject[]): KubeObject[] {
  if (document.spec.monitoring === undefined) return [];
  return [];
}
