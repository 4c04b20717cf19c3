/** One scrape, asked by metric and labels. */
import type { Scraped } from '../../../exporter/registry.ts';

export class Scrape {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  }

  /** The value of the one series of that name with those labels (and perhaps others); undefined if there is none. Throws for several. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const found = this.series(name, labels);
    if (found.length > 1) throw new Error(`There are ${found.length} of ${name}.`);
    return found[0];
  }

  /** The values of all such series. */
  series(name: string, labels: Readonly<Record<string, string>> = {}): number[] {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return this.#lines
      .filter(
        line =>
          /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name) && wanted.every(each => line.includes(each)),
      )
      .map(line => Number(line.slice(line.lastIndexOf(' ') + 1)));
  }
}

export const scrape = async (registry: Scraped): Promise<Scrape> => new Scrape(await registry.metrics());
