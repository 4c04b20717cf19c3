/** What the page shows of a record, and of the vehicle that a record speaks of. */
import type { EmbeddedRecord } from '../embedded/records.ts';
import { pointOf } from '../vehicles/geography.ts';

/** A record of the topic, for the eye. */
export interface RecordView {
  readonly key: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly bytes: number;
  /** Text, cut after `longestText` characters. */
  readonly value: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** A vehicle as its newest record shows it. */
export interface VehicleView {
  readonly key: string;
  readonly name: string;
  readonly model: string;
  /** On the map, metres from its origin: x to the east, y to the north. */
  readonly x: number;
  readonly y: number;
  /** Degrees from north. */
  readonly heading: number;
  readonly speedKmh: number;
  /** Percent. */
  readonly charge: number;
  readonly odometerKm: number;
  readonly shift: string;
  /** Negative while it charges or recuperates. */
  readonly powerKw: number;
}

const longestText = 4096;
const text = (bytes: Buffer | null): string => bytes?.toString('utf8', 0, longestText) ?? '';

export const recordView = ({ key, partition, offset, timestamp, value, headers }: EmbeddedRecord): RecordView => ({
  key: text(key),
  partition,
  offset,
  timestamp,
  bytes: value?.length ?? 0,
  value: text(value),
  headers: headers.map(([name, content]) => [name, text(content)] as const),
});

/** The vehicle of a record; undefined if it holds something else, since anybody may write to the topic. */
export const vehicleView = ({ key, value }: EmbeddedRecord): VehicleView | undefined => {
  const payload = jsonObject(value);
  const location = payload?.location as { latitude?: unknown; longitude?: unknown } | undefined;
  if (payload === undefined || key === null || location === undefined) return undefined;
  const number = (found: unknown): number => (typeof found === 'number' ? found : Number.NaN);
  const { x, y } = pointOf({ latitude: number(location.latitude), longitude: number(location.longitude) });
  const view: VehicleView = {
    key: text(key),
    name: String(payload.display_name ?? text(key)),
    model: String(payload.model ?? ''),
    x: Math.round(x * 10) / 10,
    y: Math.round(y * 10) / 10,
    heading: number(payload.heading),
    speedKmh: number(payload.speed),
    charge: number(payload.soc),
    odometerKm: number(payload.odometer),
    shift: String(payload.shift_state ?? ''),
    powerKw: number(payload.power),
  };
  return Object.values(view).some(Number.isNaN) ? undefined : view;
};

const jsonObject = (bytes: Buffer | null): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(String(bytes));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
};
