import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { exporterMetricTable, type MetricEntry } from './metrics.ts';
import type { Readings } from './readings.ts';

/** A registry that prints what the targets' readings hold at that moment, and the figures of this process. */
export function exporterRegistry(targets: readonly Readings[]): Registry {
  const registry = new Registry();
  for (const entry of exporterMetricTable) register(registry, entry, targets);
  collectDefaultMetrics({ register: registry });
  return registry;
}

function register(registry: Registry, { name, type, help, labels }: MetricEntry, targets: readonly Readings[]): void {
  const Metric = type === 'counter' ? Counter : Gauge;
  const metric: Counter | Gauge = new Metric({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect: () => {
      metric.reset();
      for (const readings of targets) {
        for (const [own, value] of readings.samples(name)) metric.inc(own, value);
      }
    },
  });
}
