/**
 * The wider payload: the 54 fields, in the order, that MQTTX's `tesla` scenario has (and TeslaMate's MQTT topics are named after),
 * with values that agree with one another. `car_id` is the VIN there.
 */
import { decimals, rangesOf } from './figures.ts';
import type { Identity } from './identity.ts';
import type { Random } from './random.ts';
import type { VehicleState } from './vehicle.ts';

const cities = ['Munich', 'Augsburg'];

export const teslamatePayload = (identity: Identity, random: Random): ((state: VehicleState) => string) => {
  const version = `2026.${random.whole(2, 38)}.${random.whole(1, 9)}`;
  const updateAvailable = random.chance(0.2);
  const guarded = random.chance(0.4);
  const tyres = Array.from({ length: 4 }, () => random.between(2.75, 2.95));
  const nightlyHour = random.whole(0, 5);

  return state => {
    const parked = state.activity === 'parked';
    const driving = state.activity === 'driving';
    const standsSeconds = (state.timeMs - state.sinceMs) / 1000;
    const { rated, estimated } = rangesOf(identity, state);
    // A degree more is a hundredth of a bar more; rolling tyres are warm.
    const warmth = (state.outsideCelsius - 15) * 0.01 + (driving ? 0.15 * (1 - Math.exp(-standsSeconds / 600)) : 0);
    const tyre = (wheel: number) => decimals(tyres[wheel]! + warmth, 1);
    return JSON.stringify({
      car_id: identity.vin,
      display_name: identity.displayName,
      model: identity.car.name,
      trim_badging: identity.car.trim,
      exterior_color: identity.colour,
      wheel_type: identity.wheels,
      spoiler_type: identity.spoiler,
      geofence: cities[state.city],
      state: parked ? resting(standsSeconds, guarded) : state.activity,
      since: new Date(state.sinceMs).toISOString(),
      healthy: true,
      version,
      update_available: updateAvailable,
      update_version: updateAvailable ? '2026.44.1' : version,
      latitude: decimals(state.location.latitude, 6),
      longitude: decimals(state.location.longitude, 6),
      shift_state: state.shift,
      power: decimals(state.powerKw, 1),
      speed: decimals(state.speedMps * 3.6, 1),
      heading: Math.floor(state.heading),
      elevation: decimals(state.elevationM, 0),
      locked: !driving && standsSeconds > 20,
      sentry_mode: !driving && guarded && standsSeconds > 20,
      windows_open: false,
      doors_open: parked && standsSeconds < 8,
      trunk_open: false,
      frunk_open: false,
      is_user_present: driving || (parked && standsSeconds < 10),
      is_climate_on: driving,
      inside_temp: decimals(state.insideCelsius, 1),
      outside_temp: decimals(state.outsideCelsius, 1),
      is_preconditioning: false,
      odometer: decimals(state.odometerKm, 3),
      est_battery_range_km: decimals(estimated, 1),
      rated_battery_range_km: decimals(rated, 1),
      ideal_battery_range_km: decimals(rated * 1.05, 1),
      battery_level: decimals(state.soc, 0),
      usable_battery_level: decimals(state.soc - (state.outsideCelsius < 0 ? 1 : 0), 0),
      ...charging(identity, state),
      scheduled_charging_start_time: nextHour(state.timeMs, nightlyHour),
      time_to_full_charge: decimals(state.secondsToFull / 3600, 2),
      tpms_pressure_fl: tyre(0),
      tpms_pressure_fr: tyre(1),
      tpms_pressure_rl: tyre(2),
      tpms_pressure_rr: tyre(3),
      timestamp: state.timeMs,
    });
  };
};

/** A parked car falls asleep after five minutes, unless it watches its surroundings. */
const resting = (seconds: number, guarded: boolean): string => (seconds > 300 && !guarded ? 'asleep' : 'online');

/** Three phases of 230 V, or the battery's own voltage at a fast charger. */
const charging = (identity: Identity, state: VehicleState): Record<string, number | boolean> => {
  const active = state.activity === 'charging';
  const kilowatts = active ? -state.powerKw : 0;
  const fast = active && state.fastCharger;
  const voltage = fast ? Math.round(320 + 0.8 * state.soc) : active ? 230 : 0;
  const current = active ? (kilowatts * 1000) / (fast ? voltage : 3 * voltage) : 0;
  const allowed = fast ? Math.round((identity.car.fastChargeKw * 1000) / voltage) : 16;
  return {
    plugged_in: active,
    charge_energy_added: decimals(state.chargedKwh, 2),
    charge_limit_soc: state.chargeLimit,
    charge_port_door_open: active,
    charger_actual_current: decimals(current, 2),
    charger_power: decimals(kilowatts, 1),
    charger_voltage: voltage,
    charge_current_request: allowed,
    charge_current_request_max: allowed,
  };
};

/** The next time that a clock in UTC shows this full hour. */
const nextHour = (timeMs: number, hour: number): string => {
  const [hourMs, dayMs] = [3_600_000, 86_400_000];
  const today = Math.floor(timeMs / dayMs) * dayMs + hour * hourMs;
  return new Date(today > timeMs ? today : today + dayMs).toISOString();
};
