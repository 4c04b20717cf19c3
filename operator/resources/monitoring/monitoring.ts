/** What watches a bridge: exporter, Prometheus and Grafana, as far as the document names them. */
import type { KubeObject } from '../../runtime/object.ts';
import type { Pipeline } from '../pipeline.ts';
import { exporterObjects } from './exporter.ts';
import { grafanaObjects } from './grafana.ts';
import { prometheusObjects } from './prometheus.ts';
import { prometheusOperatorObjects } from './prometheus-operator.ts';

/** @param made ConfigMaps and Secrets that its Pods read besides their own */
export const monitoringObjects = (pipeline: Pipeline, made: readonly KubeObject[]): KubeObject[] => [
  ...exporterObjects(pipeline, made),
  ...prometheusOperatorObjects(pipeline),
  ...prometheusObjects(pipeline),
  ...grafanaObjects(pipeline, made),
];
