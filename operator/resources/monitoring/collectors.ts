/** Who collects the metrics of a bridge: the Prometheus operator of the cluster, a Prometheus that we run, or nobody. */
import type { Pipeline } from '../pipeline.ts';

export interface Collectors {
  /** Whether the Prometheus operator is told what to scrape. */
  readonly monitors: boolean;
  /** Whether a Prometheus is run. */
  readonly managed: boolean;
}

/**
 * `auto` leaves it to the Prometheus operator where there is one. Which Prometheus of it has the metrics then, nobody can tell from here: a
 * Grafana of ours that was not told which to ask gets one of its own to ask.
 */
export function collectorsOf({ document, observed }: Pipeline): Collectors {
  const { prometheus, grafana } = document.spec.monitoring ?? {};
  if (prometheus === undefined) return { monitors: false, managed: false };
  if (prometheus.mode !== 'auto') {
    return { monitors: prometheus.mode === 'operator', managed: prometheus.mode === 'managed' };
  }
  const monitors = observed.apis.prometheusOperator;
  const asks = grafana !== undefined && grafana.existing === undefined && grafana.prometheusUrl === undefined;
  return { monitors, managed: !monitors || asks };
}
