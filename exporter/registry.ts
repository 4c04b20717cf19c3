/**
 * What a scrape shows: the targets' readings at that moment, and the figures of this process.
 *
 * The readings are written here and not by prom-client's metrics, which would keep a second copy of each value for the sake of a scrape:
 * with 10,000 topics that was four fifths of the memory.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { aliases } from './aliases.ts';
import { emqxOtherNames } from './emqx/other-names.ts';
import { exporterMetricTable, type MetricEntry } from './metrics.ts';
import type { Readings } from './readings.ts';

/** What an HTTP endpoint needs of a registry. */
export type Scraped = Pick<Registry, 'metrics' | 'contentType'>;

/** @param withAliases whether the names of other exporters are shown too */
export function exporterRegistry(targets: readonly Readings[], { withAliases = false } = {}): Scraped {
  const process = new Registry();
  collectDefaultMetrics({ register: process });
  const shown = withAliases ? [...exporterMetricTable, ...aliases, ...emqxOtherNames] : exporterMetricTable;
  return {
    contentType: process.contentType,
    metrics: async () => `${shown.map(entry => family(entry, targets)).join('')}${await process.metrics()}`,
  };
}

/** A metric in Prometheus' text format. */
function family({ name, type, help, of = name, renamed }: MetricEntry, targets: readonly Readings[]): string {
  let text = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  for (const readings of targets) {
    for (const [labels, value] of readings.samples(of)) {
      text += `${name}${renamed ? labels.replace(`${renamed[0]}=`, `${renamed[1]}=`) : labels} ${value}\n`;
    }
  }
  return text;
}
