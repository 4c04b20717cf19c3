/** The condition of the exporter, Prometheus and Grafana. Whatever becomes of them, the bridge runs, so they have one of their own. */
import { monitoringKinds } from '../kinds.ts';
import type { Component } from '../resources/labels.ts';
import { type Answer, answer, failureWhy, missingWhy, shortfall } from './answer.ts';
import type { Findings } from './findings.ts';

const components: readonly Component[] = ['exporter', 'prometheus', 'grafana'];

export function monitoringReady({ document, unserved, monitoring, workloads }: Findings): Answer {
  const type = 'MonitoringReady';
  if (!document?.spec.monitoring) return answer(type, 'True', 'NotAsked', 'The document asks for no monitoring.');
  const monitors = unserved.filter(each => monitoringKinds.some(({ kind }) => kind === each));
  if (monitors.length > 0) {
    const message = `The cluster has no ${monitors.join(' and no ')}, which monitoring.prometheus.mode asks for. Install the Prometheus operator, or leave the mode out.`;
    return answer(type, 'False', 'PrometheusOperatorMissing', message);
  }
  const parts = workloads.filter(({ component }) => components.includes(component));
  const why =
    missingWhy(monitoring.missing) ??
    failureWhy(monitoring.failure) ??
    parts.flatMap(part => shortfall(part, 'PodsNotReady') ?? [])[0];
  if (why) return answer(type, 'False', why.reason, why.message);
  return answer(type, 'True', 'AllReady', 'All of it is ready.');
}
