import type { MkbError } from '../api/errors.ts';
import { Loop } from './loop.ts';
import { Readings } from './readings.ts';

/** How often and how long targets are asked, and who gets their errors. */
export interface TargetSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** A clock that only goes forward, milliseconds. */
  readonly now: () => number;
  /** Called for each error, so whoever logs them should hold back repetitions. */
  readonly report: (error: MkbError, context: { readonly kind: string; readonly target: string }) => void;
}

/** How many intervals a value stays after it was last read. */
const keptIntervals = 3;

/** Something that is watched: its values, and the loop that asks for them. */
export abstract class Target {
  readonly kind: 'mqtt' | 'emqx' | 'kafka';
  readonly name: string;
  readonly readings: Readings;
  protected readonly settings: TargetSettings;
  readonly #loop: Loop;
  #tried = false;

  protected constructor(kind: Target['kind'], name: string, settings: TargetSettings) {
    const { intervalMs, timeoutMs, now } = settings;
    this.kind = kind;
    this.name = name;
    this.settings = settings;
    this.readings = new Readings(name, { maxAgeMs: keptIntervals * intervalMs, now });
    this.#loop = new Loop({
      target: `The ${kind} target ${name}`,
      intervalMs,
      timeoutMs,
      round: signal => this.round(signal),
      ended: (error, tookMs) => this.#ended(error, tookMs),
    });
  }

  /** Whether one round has ended, well or not. */
  get tried(): boolean {
    return this.#tried;
  }

  start(): void {
    this.#loop.start();
  }

  /** Ends the loop and all connections. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** Reads values, and says whether the target is up. Throws an error of the table when it could not read all; it may have read some. */
  protected abstract round(signal: AbortSignal): Promise<void>;

  protected report(error: MkbError): void {
    this.settings.report(error, { kind: this.kind, target: this.name });
  }

  #ended(error: MkbError | undefined, tookMs: number): void {
    const { readings, kind } = this;
    this.#tried = true;
    if (error) this.report(error);
    for (const outcome of ['ok', 'failed']) {
      readings.add('exporter_collections_total', { kind, outcome }, Number(outcome === (error ? 'failed' : 'ok')));
    }
    readings.set('exporter_collection_seconds', { kind }, tookMs / 1000);
    const limit = readings.sweep();
    if (limit) this.report(limit);
  }
}
