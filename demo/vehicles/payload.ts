/**
 * What a vehicle publishes: JSON, about 380 bytes, for the profile `demo`; about 1.4 KB for `teslamate` (teslamate.ts).
 *
 * Units: km, km/h, kW, percent, metres, degrees, and milliseconds since 1970.
 */
import { decimals, rangesOf } from './figures.ts';
import type { Identity } from './identity.ts';
import { Random } from './random.ts';
import { teslamatePayload } from './teslamate.ts';
import type { VehicleState } from './vehicle.ts';

export const profiles = ['demo', 'teslamate'] as const;
export type Profile = (typeof profiles)[number];

/** Writes the payload of one vehicle's state. */
export type PayloadWriter = (state: VehicleState) => string;

/** A writer for a vehicle; what never changes about the vehicle is worked out once. */
export const payloadWriter = (profile: Profile, identity: Identity, seed: number | string): PayloadWriter => {
  const random = new Random(seed, `vehicle ${identity.number} equipment`);
  return profile === 'teslamate' ? teslamatePayload(identity, random) : demoPayload(identity, random);
};

const demoPayload = (identity: Identity, random: Random): PayloadWriter => {
  const accuracy = random.whole(3, 9);
  return state => {
    const { rated, estimated } = rangesOf(identity, state);
    return JSON.stringify({
      vin: identity.vin,
      speed: decimals(state.speedMps * 3.6, 1),
      odometer: decimals(state.odometerKm, 3),
      soc: decimals(state.soc, 2),
      elevation: decimals(state.elevationM, 0),
      heading: Math.floor(state.heading),
      accuracy,
      power: decimals(state.powerKw, 1),
      shift_state: state.shift,
      range: decimals(rated, 1),
      est_battery_range: decimals(estimated, 1),
      gps_as_of: state.timeMs,
      location: {
        latitude: decimals(state.location.latitude, 6),
        longitude: decimals(state.location.longitude, 6),
      },
      car_id: identity.number,
      display_name: identity.displayName,
      model: identity.car.name,
      timestamp: state.timeMs,
    });
  };
};
