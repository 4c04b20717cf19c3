/**
 * The last known values of one target.
 *
 * A value has the time at which it was read, and is shown until it is too old: what a target no longer says disappears, rather than
 * standing still for ever. Reading and showing know nothing of each other, so scrapes cost a target nothing.
 */
import { MkbError } from '../api/errors.ts';

export type Labels = Readonly<Record<string, string>>;

/** A value with its labels as a scrape shows them: `{target="k",topic="cars"}`. */
export type Sample = readonly [labels: string, value: number];

interface Reading {
  value: number;
  readAt: number;
}

export interface ReadingsOptions {
  /** How old a value may be and still be shown, milliseconds. */
  readonly maxAgeMs: number;
  /** A clock that only goes forward, milliseconds. */
  readonly now: () => number;
  /** The most values of one target; more are refused. Default 200,000, about 40 MB. */
  readonly limit?: number;
}

const defaultLimit = 200_000;

export class Readings {
  readonly target: string;
  readonly #options: Required<ReadingsOptions>;
  /** By metric and by labels as a scrape shows them: of many thousand values, the one string is most of what is kept. */
  readonly #metrics = new Map<string, Map<string, Reading>>();
  #size = 0;
  #refused = false;

  /** @param target the value of the label `target`, which every value gets */
  constructor(target: string, options: ReadingsOptions) {
    this.target = target;
    this.#options = { limit: defaultLimit, ...options };
  }

  /** Notes a value that was read now. `labels` has those of the metric but `target`, always in the same order. */
  set(metric: string, labels: Labels, value: number): void {
    const readings = this.#of(metric);
    const key = this.#shown(labels);
    const known = readings.get(key);
    const readAt = this.#options.now();
    if (known) {
      known.value = value;
      known.readAt = readAt;
    } else if (this.#size < this.#options.limit) {
      this.#size++;
      readings.set(key, { value, readAt });
    } else {
      this.#refused = true;
    }
  }

  /** Notes a value that goes up by `by`, from 0. */
  add(metric: string, labels: Labels, by: number): void {
    const known = this.#of(metric).get(this.#shown(labels));
    this.set(metric, labels, (known?.value ?? 0) + by);
  }

  /** The values of a metric are still right, as whoever said them would have told of a change. */
  confirm(metric: string): void {
    const now = this.#options.now();
    for (const [, reading] of this.#fresh(metric)) reading.readAt = now;
  }

  /** The values of a metric that are not too old. */
  *samples(metric: string): Generator<Sample> {
    for (const [labels, { value }] of this.#fresh(metric)) yield [labels, value];
  }

  /** Forgets what is too old. Returns a `series-limit` error if values had to be refused since the last call. */
  sweep(): MkbError | undefined {
    for (const [metric, readings] of this.#metrics) {
      for (const [key, reading] of readings) {
        if (!this.#isOld(reading)) continue;
        readings.delete(key);
        this.#size--;
      }
      if (readings.size === 0) this.#metrics.delete(metric);
    }
    const refused = this.#refused;
    this.#refused = false;
    return refused ? new MkbError('series-limit', { target: this.target, limit: this.#options.limit }) : undefined;
  }

  #of(metric: string): Map<string, Reading> {
    let readings = this.#metrics.get(metric);
    if (!readings) {
      readings = new Map();
      this.#metrics.set(metric, readings);
    }
    return readings;
  }

  *#fresh(metric: string): Generator<[labels: string, Reading]> {
    for (const entry of this.#metrics.get(metric) ?? []) if (!this.#isOld(entry[1])) yield entry;
  }

  #shown(labels: Labels): string {
    let text = `{target="${escaped(this.target)}"`;
    for (const [label, value] of Object.entries(labels)) text += `,${label}="${escaped(value)}"`;
    return `${text}}`;
  }

  #isOld({ readAt }: Reading): boolean {
    return this.#options.now() - readAt > this.#options.maxAgeMs;
  }
}

/** A label's value in Prometheus' text format. */
const escaped = (value: string): string =>
  /[\\"\n]/.test(value) ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n') : value;
