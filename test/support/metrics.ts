/** One scrape in Prometheus' text format. */
export class Metrics {
  readonly #values = new Map<string, number[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const sample = /^([a-zA-Z_:][\w:]*)(?:\{.*\})? (\S+)/.exec(line);
      if (sample) this.#values.set(sample[1]!, [...(this.#values.get(sample[1]!) ?? []), Number(sample[2])]);
    }
  }

  /** The sum of a metric over its labels. Throws when it is not there: a renamed metric must not read as 0. */
  sum(name: string): number {
    const values = this.#values.get(name);
    if (!values) throw new Error(`There is no metric ${name}.`);
    return values.reduce((total, value) => total + value, 0);
  }
}
