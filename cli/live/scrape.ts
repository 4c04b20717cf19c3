/** /metrics of a process, twice: what is there, and how fast it grows. https://prometheus.io/docs/instrumenting/exposition_formats/ */

export interface Series {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface Scrape {
  /** Milliseconds of a clock that nobody sets. */
  readonly at: number;
  /** By the series as it is written. */
  readonly series: ReadonlyMap<string, Series>;
}

export interface Moving extends Series {
  /** By how much it grows in a second; of a gauge it means nothing. */
  readonly rate: number;
}

const line = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/;
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Only metrics of the kit: Node's own are as many. What cannot be read is left out. */
export function scrapeOf(text: string, at: number): Scrape {
  const series = new Map<string, Series>();
  for (const each of text.split('\n')) {
    if (!each.startsWith('mkb_')) continue;
    const [, name, labels = '', value] = line.exec(each) ?? [];
    if (name === undefined || Number.isNaN(Number(value))) continue;
    const pairs = [...labels.matchAll(label)].map(([, key, quoted]) => [key!, unquoted(quoted!)] as const);
    series.set(`${name}{${labels}}`, { name, labels: new Map(pairs), value: Number(value) });
  }
  return { at, series };
}

const unquoted = (text: string): string => text.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char));

/** A counter that is lower than before has begun again, with its process; one that was not there has begun at 0. */
export function movingBetween(before: Scrape, after: Scrape): Moving[] {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  return [...after.series].map(([key, each]) => {
    const old = before.series.get(key)?.value ?? 0;
    return { ...each, rate: (each.value >= old ? each.value - old : each.value) / seconds };
  });
}
