import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headingBetween, pointOf, turnBetween } from '../../../demo/vehicles/geography.ts';
import { Vehicle, type VehicleState } from '../../../demo/vehicles/vehicle.ts';

const begin = Date.UTC(2026, 6, 1, 8);

const anyone = fc.record({
  seed: fc.integer(),
  number: fc.integer({ min: 1, max: 5000 }),
  laterS: fc.integer({ min: 0, max: 40_000 }),
});

/** A vehicle of any seed, and its states at equal steps from some time on. */
const live = (
  { seed, number, laterS }: { seed: number; number: number; laterS: number },
  steps: number,
  stepMs: number,
) => {
  const vehicle = new Vehicle(seed, number, begin);
  const states = Array.from({ length: steps }, (_, step) => vehicle.at(begin + laterS * 1000 + step * stepMs));
  return { vehicle, states };
};

const pairs = (states: readonly VehicleState[]) =>
  states.slice(1).map((after, index) => [states[index]!, after] as const);

/** Checks every pair of neighbouring states of many lives. */
const always = (stepMs: number, holds: (before: VehicleState, after: VehicleState, vehicle: Vehicle) => void) =>
  fc.assert(
    fc.property(anyone, who => {
      const { vehicle, states } = live(who, 600, stepMs);
      for (const [before, after] of pairs(states)) holds(before, after, vehicle);
    }),
    { numRuns: 60 },
  );

const way = (a: VehicleState, b: VehicleState): number => {
  const [from, to] = [pointOf(a.location), pointOf(b.location)];
  return Math.hypot(to.x - from.x, to.y - from.y);
};

describe('a vehicle, whatever its seed and the time', () => {
  test('moves as far as its speed says', () => {
    always(200, (before, after) => {
      const expected = ((before.speedMps + after.speedMps) / 2) * 0.2;
      expect(Math.abs(way(before, after) - expected)).toBeLessThan(0.06 + 0.02 * expected);
    });
  });

  test('has an odometer that never goes back and counts the way it drives', () => {
    always(200, (before, after) => {
      const counted = (after.odometerKm - before.odometerKm) * 1000;
      expect(counted).toBeGreaterThanOrEqual(0);
      expect(Math.abs(counted - way(before, after))).toBeLessThan(0.1 + 0.02 * counted);
    });
  });

  test('accelerates and brakes no harder than people do', () => {
    always(200, (before, after) => {
      expect(Math.abs(after.speedMps - before.speedMps) / 0.2).toBeLessThan(2.2);
      expect(after.speedMps).toBeGreaterThanOrEqual(0);
      expect(after.speedMps).toBeLessThan(130 / 3.6);
    });
  });

  test('points its nose where it goes, or away from it in reverse', () => {
    always(200, (before, after) => {
      if (way(before, after) < 0.2 || before.shift !== after.shift) return;
      const movement = headingBetween(pointOf(before.location), pointOf(after.location));
      const expected = after.shift === 'R' ? movement + 180 : movement;
      expect(Math.abs(turnBetween(expected, after.heading))).toBeLessThan(20);
    });
  });

  test('turns no faster than a steering wheel allows', () => {
    always(200, (before, after) => {
      const turn = Math.abs(turnBetween(before.heading, after.heading));
      // The tightest corner of all routes has a radius of 4.1 m, and no turn at all while standing.
      expect(turn).toBeLessThanOrEqual(0.001 + (way(before, after) * 180) / (Math.PI * 4));
    });
  });

  test('stands still in P, backs out slowly in R, and drives in D', () => {
    always(500, (_, state) => {
      if (state.shift === 'P' || state.shift === 'N') expect(state.speedMps).toBe(0);
      if (state.shift === 'R') expect(state.speedMps).toBeLessThan(2.5);
      expect(state.shift === 'P').toBe(state.activity !== 'driving');
    });
  });

  test('takes out of the battery what its power says', () => {
    always(200, (before, after, { identity }) => {
      const usedKwh = ((before.soc - after.soc) / 100) * identity.car.batteryKwh;
      const [low, high] = [Math.min(before.powerKw, after.powerKw), Math.max(before.powerKw, after.powerKw)];
      const hours = 0.2 / 3600;
      // Power jumps where acceleration does, so that the mean of a step lies in a band around its ends.
      const jump = identity.car.massKg * 0.0045 * (1 + after.speedMps);
      expect(usedKwh / hours).toBeGreaterThan(low - jump);
      expect(usedKwh / hours).toBeLessThan(high + jump);
    });
  });

  test('never runs flat and is never more than full', () => {
    always(120_000, (_, state) => {
      expect(state.soc).toBeGreaterThan(3);
      expect(state.soc).toBeLessThanOrEqual(100);
    });
  });

  test('charges with negative power, and less and less of it', () => {
    always(60_000, (before, after) => {
      if (before.activity !== 'charging' || after.sinceMs !== before.sinceMs) return;
      expect(after.powerKw).toBeLessThan(0);
      expect(after.powerKw).toBeGreaterThanOrEqual(before.powerKw);
      expect(after.soc).toBeGreaterThan(before.soc);
      expect(after.soc).toBeLessThanOrEqual(after.chargeLimit + 0.001);
      expect(after.location).toEqual(before.location);
    });
  });

  test('climbs no road steeper than 6 percent', () => {
    always(1000, (before, after) => {
      expect(Math.abs(after.elevationM - before.elevationM)).toBeLessThanOrEqual(
        0.01 + 0.06 * way(before, after) * 1.1,
      );
    });
  });

  test('loses charge over every trip of more than two kilometres', () => {
    fc.assert(
      fc.property(anyone, who => {
        const { states } = live(who, 2000, 5000);
        let start: VehicleState | undefined;
        for (const state of states) {
          if (state.activity !== 'driving' || state.sinceMs !== start?.sinceMs) start = state;
          else if (state.odometerKm - start.odometerKm > 2 && Math.abs(state.elevationM - start.elevationM) < 15) {
            expect(state.soc).toBeLessThan(start.soc);
          }
        }
      }),
      { numRuns: 20 },
    );
  });

  test('is at the same place whether it is asked often or seldom', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 100_000 }), (seed, seconds) => {
        const [often, once] = [new Vehicle(seed, 1, begin), new Vehicle(seed, 1, begin)];
        for (let s = 0; s < seconds; s += 997) often.at(begin + s * 1000);
        expect(often.at(begin + seconds * 1000)).toEqual(once.at(begin + seconds * 1000));
      }),
    );
  });
});

test('vehicles drive, park and charge in the course of a day', () => {
  const seen = new Set<string>();
  for (let number = 1; number <= 20; number++) {
    const vehicle = new Vehicle(1, number, begin);
    for (let minute = 0; minute < 24 * 60; minute++) {
      const { activity, shift } = vehicle.at(begin + minute * 60_000);
      seen.add(activity).add(shift);
    }
  }
  expect([...seen].sort()).toEqual(expect.arrayContaining(['D', 'P', 'R', 'charging', 'driving', 'parked']));
});

test('two seeds give two fleets', () => {
  const place = (seed: number) => new Vehicle(seed, 1, begin).at(begin).location;
  expect(place(1)).not.toEqual(place(2));
});

test('a long day costs 120 to 260 Wh a kilometre', () => {
  let [km, kwh] = [0, 0];
  for (let number = 1; number <= 30; number++) {
    const vehicle = new Vehicle(3, number, begin);
    let before = vehicle.at(begin);
    for (let s = 30; s < 6 * 3600; s += 30) {
      const after = vehicle.at(begin + s * 1000);
      if (after.activity === 'driving' && after.sinceMs === before.sinceMs) {
        km += after.odometerKm - before.odometerKm;
        kwh += ((before.soc - after.soc) / 100) * vehicle.identity.car.batteryKwh;
      }
      before = after;
    }
  }
  expect(km).toBeGreaterThan(500);
  expect((kwh * 1000) / km).toBeGreaterThan(120);
  expect((kwh * 1000) / km).toBeLessThan(260);
});
