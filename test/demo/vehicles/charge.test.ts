import fc from 'fast-check';
import { expect, test } from 'vitest';
import { charge } from '../../../demo/vehicles/charge.ts';
import type { Moment } from '../../../demo/vehicles/leg.ts';

const where: Moment = {
  point: { x: 0, y: 0 },
  elevationM: 500,
  heading: 0,
  speedMps: 0,
  shift: 'P',
  powerW: 0,
  travelledM: 0,
  usedJ: 0,
};

const plans = fc
  .record({
    batteryKwh: fc.double({ min: 40, max: 120, noNaN: true }),
    from: fc.double({ min: 0.05, max: 0.85, noNaN: true }),
    more: fc.double({ min: 0.05, max: 0.99, noNaN: true }),
    powerKw: fc.double({ min: 3, max: 250, noNaN: true }),
    knee: fc.double({ min: 0.3, max: 0.97, noNaN: true }),
  })
  .map(({ batteryKwh, from, more, powerKw, knee }) => ({
    batteryKwh,
    fromKwh: from * batteryKwh,
    toKwh: (from + (1 - from) * more) * batteryKwh,
    powerKw,
    knee,
  }));

test('a charge ends with exactly the energy that was planned', () => {
  fc.assert(
    fc.property(plans, plan => {
      const leg = charge(where, plan);
      expect(-leg.at(leg.seconds).usedJ / 3.6e6).toBeCloseTo(plan.toKwh - plan.fromKwh, 6);
    }),
  );
});

test('the energy gained is the power over time, and power never rises', () => {
  fc.assert(
    fc.property(plans, plan => {
      const leg = charge(where, plan);
      const step = leg.seconds / 2000;
      for (let i = 0; i < 2000; i += 100) {
        const [before, after] = [leg.at(i * step), leg.at((i + 1) * step)];
        expect(after.powerW).toBeGreaterThanOrEqual(before.powerW - 1e-6);
        const mean = (before.powerW + after.powerW) / 2;
        expect((after.usedJ - before.usedJ) / (mean * step)).toBeCloseTo(1, 2);
      }
    }),
  );
});

test('a charge from 10 to 80 percent at 150 kW takes 20 to 45 minutes', () => {
  const leg = charge(where, { batteryKwh: 75, fromKwh: 7.5, toKwh: 60, powerKw: 150, knee: 0.5 });
  expect(leg.seconds / 60).toBeGreaterThan(20);
  expect(leg.seconds / 60).toBeLessThan(45);
});
