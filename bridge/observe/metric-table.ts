/**
 * Metrics as tables: what each means, and how its values are read off whatever is shown when Prometheus asks. Nothing runs between two
 * scrapes, and all values of one scrape are read in one turn of the event loop.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

/** A value with its labels. */
export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** One metric of something of type `T`. */
export interface MetricEntry<T> {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (shown: T) => Iterable<Sample>;
}

/** The samples of a metric without labels. */
export const one = (value: number): Sample[] => [[{}, value]];

/**
 * Registers the metrics of a table.
 *
 * @param shown what is there at a scrape, each with the labels that tell it from the others; all of them have the same label names
 */
export function registerTable<T>(
  registry: Registry,
  table: readonly MetricEntry<T>[],
  shownLabels: readonly string[],
  shown: () => Iterable<readonly [T, Sample[0]]>,
): void {
  for (const { name, help, type, labels, samples } of table) {
    const configuration = { name, help, labelNames: [...shownLabels, ...labels], registers: [registry] };
    const metric = type === 'counter' ? new Counter(configuration) : new Gauge(configuration);
    Object.assign(metric, {
      collect: () => {
        metric.reset();
        for (const [each, own] of shown())
          for (const [more, value] of samples(each)) metric.inc({ ...own, ...more }, value);
      },
    });
  }
}
