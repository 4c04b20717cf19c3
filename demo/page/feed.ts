/**
 * The page's window on the topic: what it shows of a vehicle has been through MQTT, the rule and Kafka, and is read off the records there.
 *
 * Batches are only remembered when they arrive, and opened when the page asks. What one look takes is bounded: when more
 * arrives than a person could see, the newest records are shown and older ones are passed over.
 */
import type { NewBatch } from '../embedded/cluster.ts';
import type { EmbeddedRecord } from '../embedded/records.ts';
import { type RecordView, recordView, type VehicleView, vehicleView } from './views.ts';

/** A vehicle, and where it has been. */
export interface TrackedVehicle extends VehicleView {
  /** x and y in turn, oldest first. */
  readonly trail: readonly number[];
}

/** What has changed since the last look. */
export interface Changes {
  readonly vehicles: readonly VehicleView[];
  /** The newest first. */
  readonly records: readonly RecordView[];
  /** New records by partition. */
  readonly partitions: Readonly<Record<number, number>>;
}

const recordsAtOnce = 2000;
const batchesAtOnce = 4000;
const newestShown = 12;
/** More would fill no screen sensibly; those beyond it drive unseen. */
const vehiclesShown = 100;
const trailPoints = 240;

export class Feed {
  readonly #vehicles = new Map<string, VehicleView>();
  readonly #trails = new Map<string, number[]>();
  #pending: NewBatch[] = [];
  #newest: readonly RecordView[] = [];

  /** Remembers a batch for the next look. */
  add(batch: NewBatch): void {
    this.#pending.push(batch);
    if (this.#pending.length > batchesAtOnce) this.#pending = this.#pending.slice(batchesAtOnce / 2);
  }

  /** Looks at what has arrived. */
  look(): Changes {
    const batches = this.#pending;
    this.#pending = [];
    const records = newestOf(batches);
    const partitions: Record<number, number> = {};
    for (const { partition, count } of batches) partitions[partition] = (partitions[partition] ?? 0) + count;
    const changed = new Map<string, VehicleView>();
    for (const record of records) {
      const view = vehicleView(record);
      if (view !== undefined && this.#follow(view)) changed.set(view.key, view);
    }
    const newest = records.slice(-newestShown).reverse().map(recordView);
    this.#newest = [...newest, ...this.#newest].slice(0, newestShown);
    return { vehicles: [...changed.values()], records: newest, partitions };
  }

  /** Everything, for a page that has just been opened. */
  whole(): { readonly vehicles: readonly TrackedVehicle[]; readonly records: readonly RecordView[] } {
    const vehicles = [...this.#vehicles.values()].map(view => ({ ...view, trail: this.#trails.get(view.key)! }));
    return { vehicles, records: this.#newest };
  }

  /** Whether the vehicle is one of those that are shown. */
  #follow(view: VehicleView): boolean {
    if (!this.#vehicles.has(view.key) && this.#vehicles.size === vehiclesShown) return false;
    this.#vehicles.set(view.key, view);
    const trail = this.#trails.get(view.key) ?? [];
    this.#trails.set(view.key, trail);
    if (trail.at(-2) !== view.x || trail.at(-1) !== view.y) trail.push(view.x, view.y);
    if (trail.length > 2 * trailPoints) trail.splice(0, 2);
    return true;
  }
}

/** The records of the newest batches in the order they were appended. */
const newestOf = (batches: readonly NewBatch[]): EmbeddedRecord[] => {
  const chosen: EmbeddedRecord[][] = [];
  for (let count = 0, index = batches.length - 1; index >= 0 && count < recordsAtOnce; index--) {
    const records = recordsOf(batches[index]!);
    chosen.push(records);
    count += records.length;
  }
  return chosen.reverse().flat().slice(-recordsAtOnce);
};

/** Other clients may write to the topic, and the broker keeps what it cannot read. */
const recordsOf = (batch: NewBatch): EmbeddedRecord[] => {
  try {
    return batch.records();
  } catch {
    return [];
  }
};
