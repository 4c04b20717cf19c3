/** One vehicle of a fleet: what it is, what it writes, how it is connected. */
import type { Connection } from './connection.ts';
import type { Turn } from './faults.ts';
import type { VehiclePosition } from './options.ts';
import type { PayloadWriter } from './payload.ts';
import type { Vehicle, VehicleState } from './vehicle.ts';

export interface Member {
  readonly vehicle: Vehicle;
  readonly connection: Connection;
  readonly topic: string;
  readonly write: PayloadWriter;
  /** Whether something goes wrong in this turn. */
  readonly throwDice: () => Turn;
  /** What it published last, or where it began. */
  shown: VehicleState;
  /** Whether it has ever been connected. Before, it has no turns to miss. */
  met: boolean;
  /** Attempts to connect since it was last connected. */
  attempts: number;
  /** How long it stays away when the connection closes, if it was dropped on purpose, ms. */
  awayMs: number;
}

export const positionOf = ({ vehicle, connection, shown }: Member): VehiclePosition => ({
  clientId: connection.clientId,
  vin: vehicle.identity.vin,
  displayName: vehicle.identity.displayName,
  model: vehicle.identity.car.name,
  connected: connection.connected,
  timeMs: shown.timeMs,
  activity: shown.activity,
  latitude: shown.location.latitude,
  longitude: shown.location.longitude,
  heading: shown.heading,
  speedKmh: shown.speedMps * 3.6,
  soc: shown.soc,
  powerKw: shown.powerKw,
  odometerKm: shown.odometerKm,
});
