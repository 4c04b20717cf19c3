/** The options of a fleet, and what it says about itself. */
import type { Clock } from './clock.ts';
import type { TlsSettings } from './connection.ts';
import type { Faults } from './faults.ts';
import type { Profile } from './payload.ts';
import type { Activity } from './vehicle.ts';

export interface FleetOptions {
  /** mqtt://, mqtts://, ws:// or wss://, with host and port. */
  readonly url: string;
  /** How many, each with a connection of its own. Default 10. */
  readonly vehicles?: number;
  /** Time between two messages of one vehicle, ms, at least 1. Default 1,000. */
  readonly intervalMs?: number;
  /** The same seed gives the same vehicles, trips and faults. Default 1. */
  readonly seed?: number | string;
  /** `{clientid}` and `{vin}` stand for the vehicle's own. Default `mqttx/simulate/tesla/{clientid}`. */
  readonly topic?: string;
  /** Client ids are this, `_` and the vehicle's number. Default `mqttx_` and eight digits of the seed. */
  readonly clientId?: string;
  readonly profile?: Profile;
  /** Default 1. */
  readonly qos?: 0 | 1 | 2;
  /** Default 5. */
  readonly mqttVersion?: '3.1.1' | '5' | 'auto';
  readonly username?: string;
  readonly password?: string;
  readonly tls?: TlsSettings;
  readonly faults?: Faults;
  /** Stop after this many messages in all. */
  readonly limit?: number;
  /** Stop this long after the first vehicle has connected, ms. */
  readonly durationMs?: number;
  /** How long to try before the first vehicle has connected, ms. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** How many vehicles may begin to connect in a second. Default 200. */
  readonly connectsPerSecond?: number;
  /** The simulated time of the first message, ms since 1970. Default: now. With it, and the same seed, payloads are the same bytes. */
  readonly beginMs?: number;
  readonly clock?: Clock;
}

/** Turns in which a vehicle sent nothing although it had its turn. */
export interface Skipped {
  /** Its connection was away. */
  disconnected: number;
  /** Too many messages were unacknowledged, or the server did not read. */
  window: number;
  /** This process could not keep up. */
  late: number;
}

/** Counted since the start. */
export interface FleetCounters {
  /** Messages handed to a connection, the malformed ones included. */
  published: number;
  /** Of these, accepted by the server. Always 0 with QoS 0, which knows no acknowledgement. */
  acknowledged: number;
  /** Of these, answered by the server with an error. */
  refused: number;
  /** Of these, malformed on purpose. */
  malformed: number;
  bursts: number;
  /** Connections dropped on purpose. */
  dropouts: number;
  /** Connections that were lost otherwise. */
  lost: number;
  /** Connections that came back, after dropouts too. */
  reconnected: number;
  readonly skipped: Skipped;
}

export interface FleetSummary extends Readonly<FleetCounters> {
  /** Seconds from the first connection to the end. */
  readonly seconds: number;
  /** Messages with an answer still due at the end. */
  readonly unacknowledged: number;
}

/** A vehicle as its last message showed it. */
export interface VehiclePosition {
  readonly clientId: string;
  readonly vin: string;
  readonly displayName: string;
  readonly model: string;
  readonly connected: boolean;
  readonly timeMs: number;
  readonly activity: Activity;
  readonly latitude: number;
  readonly longitude: number;
  /** Degrees from north. */
  readonly heading: number;
  readonly speedKmh: number;
  readonly soc: number;
  readonly powerKw: number;
  readonly odometerKm: number;
}
