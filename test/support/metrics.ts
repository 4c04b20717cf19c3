/** One scrape in Prometheus' text format. */
export class Metrics {
  readonly #samples = new Map<string, { readonly labels: string; readonly value: number }[]>();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, name, labels = '', value] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line) ?? [];
      if (name === undefined) continue;
      const samples = this.#samples.get(name) ?? [];
      samples.push({ labels, value: Number(value) });
      this.#samples.set(name, samples);
    }
  }

  /** The sum of a metric over its labels, or of a source alone. Throws when it is not there: a renamed metric must not read as 0. */
  sum(name: string, source?: string): number {
    const of = source === undefined ? '' : `source="${source}"`;
    const samples = this.#samples.get(name)?.filter(({ labels }) => labels.includes(of)) ?? [];
    if (samples.length === 0) throw new Error(`There is no metric ${name}{${of}}.`);
    return samples.reduce((total, { value }) => total + value, 0);
  }

  /** The values of the label `source`. */
  get sources(): string[] {
    const samples = this.#samples.get('mkb_messages_received_total') ?? [];
    return samples.map(({ labels }) => /source="(\w+)"/.exec(labels)![1]!);
  }

  /** What is wrong with the account of each source; empty is good. */
  get unbalanced(): string[] {
    if (this.sources.length === 0) return ['there is no source'];
    const outcomes = ['delivered_total', 'dead_lettered_total', 'dropped_total', 'returned_total', 'in_flight'];
    return this.sources.flatMap(source => {
      const received = this.sum('mkb_messages_received_total', source);
      const parts = outcomes.map(name => this.sum(`mkb_messages_${name}`, source));
      const sum = parts.reduce((total, part) => total + part, 0);
      return received === sum ? [] : [`${source}: received ${received} is not ${parts.join(' + ')}`];
    });
  }
}
