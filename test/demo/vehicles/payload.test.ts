import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Profile, payloadWriter } from '../../../demo/vehicles/payload.ts';
import { Vehicle } from '../../../demo/vehicles/vehicle.ts';

const begin = Date.UTC(2026, 6, 1, 8);

const written = (profile: Profile, seed: number, number: number, timeMs: number): string => {
  const vehicle = new Vehicle(seed, number, begin);
  return payloadWriter(profile, vehicle.identity, seed)(vehicle.at(timeMs));
};

const moments = fc.tuple(fc.integer(), fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 0, max: 2e5 }));

test('the demo payload has the documented fields in the documented order', () => {
  const payload = JSON.parse(written('demo', 1, 1, begin));
  expect(Object.keys(payload).join(' ')).toBe(
    'vin speed odometer soc elevation heading accuracy power shift_state range est_battery_range gps_as_of location ' +
      'car_id display_name model timestamp',
  );
  expect(Object.keys(payload.location)).toEqual(['latitude', 'longitude']);
});

test('the teslamate payload has the 54 fields of MQTTX’s tesla scenario', () => {
  const keys = Object.keys(JSON.parse(written('teslamate', 1, 1, begin)));
  expect(keys.length).toBe(54);
  expect(keys.join(' ')).toBe(
    'car_id display_name model trim_badging exterior_color wheel_type spoiler_type geofence state since healthy version ' +
      'update_available update_version latitude longitude shift_state power speed heading elevation locked sentry_mode ' +
      'windows_open doors_open trunk_open frunk_open is_user_present is_climate_on inside_temp outside_temp ' +
      'is_preconditioning odometer est_battery_range_km rated_battery_range_km ideal_battery_range_km battery_level ' +
      'usable_battery_level plugged_in charge_energy_added charge_limit_soc charge_port_door_open charger_actual_current ' +
      'charger_power charger_voltage charge_current_request charge_current_request_max scheduled_charging_start_time ' +
      'time_to_full_charge tpms_pressure_fl tpms_pressure_fr tpms_pressure_rl tpms_pressure_rr timestamp',
  );
});

test('the same seed, vehicle and time give the same bytes', () => {
  fc.assert(
    fc.property(moments, fc.constantFrom<Profile>('demo', 'teslamate'), ([seed, number, second], profile) => {
      const timeMs = begin + second * 1000;
      expect(written(profile, seed, number, timeMs)).toBe(written(profile, seed, number, timeMs));
    }),
  );
});

test('a demo payload is 300 to 450 bytes of ASCII, with numbers where numbers belong', () => {
  fc.assert(
    fc.property(moments, ([seed, number, second]) => {
      const text = written('demo', seed, number, begin + second * 1000);
      expect(text.length).toBeGreaterThan(300);
      expect(text.length).toBeLessThan(450);
      expect(Buffer.byteLength(text)).toBe(text.length);
      const { soc, heading, location, timestamp, gps_as_of, range, est_battery_range } = JSON.parse(text);
      expect(soc).toBeGreaterThanOrEqual(0);
      expect(soc).toBeLessThanOrEqual(100);
      expect(heading).toBeLessThan(360);
      expect(location.latitude).toBeCloseTo(48.2, 0);
      expect(timestamp).toBe(begin + second * 1000);
      expect(gps_as_of).toBe(timestamp);
      expect(est_battery_range).toBeLessThanOrEqual(range);
    }),
  );
});

test('the teslamate fields agree with one another', () => {
  fc.assert(
    fc.property(moments, ([seed, number, second]) => {
      const car = JSON.parse(written('teslamate', seed, number, begin + second * 1000));
      expect(car.plugged_in).toBe(car.state === 'charging');
      if (car.state === 'charging') {
        expect(car.charger_power).toBeCloseTo(-car.power, 1);
        expect(car.time_to_full_charge).toBeGreaterThanOrEqual(0);
        const phases = car.charger_voltage === 230 ? 3 : 1;
        expect((phases * car.charger_voltage * car.charger_actual_current) / 1000).toBeCloseTo(car.charger_power, 0);
      } else expect(car.charger_power).toBe(0);
      if (car.state === 'driving')
        expect(car).toMatchObject({ locked: false, is_user_present: true, doors_open: false });
      else expect(car).toMatchObject({ speed: 0, shift_state: 'P' });
      expect(Date.parse(car.since)).toBeLessThanOrEqual(car.timestamp);
      expect(Date.parse(car.scheduled_charging_start_time)).toBeGreaterThan(car.timestamp);
      expect(car.usable_battery_level).toBeLessThanOrEqual(car.battery_level);
    }),
  );
});
