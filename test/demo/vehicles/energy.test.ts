import { describe, expect, test } from 'vitest';
import { batteryPower, besidePower, carModels, outsideCelsius } from '../../../demo/vehicles/energy.ts';

describe.each(carModels)('model $name', car => {
  const power = (kmh: number, acceleration = 0, slope = 0) => batteryPower(car, kmh / 3.6, acceleration, slope, 300);

  test('costs what such a car costs: 70 to 130 Wh/km at 50 km/h, 150 to 260 at 120', () => {
    expect(power(50) / 50).toBeGreaterThan(70);
    expect(power(50) / 50).toBeLessThan(130);
    expect(power(120) / 120).toBeGreaterThan(150);
    expect(power(120) / 120).toBeLessThan(260);
  });

  test('takes more power uphill, when accelerating, and the faster it is', () => {
    expect(power(50, 0, 0.04)).toBeGreaterThan(power(50));
    expect(power(50, 1)).toBeGreaterThan(power(50));
    expect(power(100)).toBeGreaterThan(power(50));
  });

  test('gains when braking and downhill, but never more than 60 kW', () => {
    expect(power(50, -1)).toBeLessThan(0);
    expect(power(50, 0, -0.06)).toBeLessThan(0);
    expect(power(120, -3)).toBe(300 - 60_000);
  });

  test('gets back less by braking than it took to accelerate', () => {
    expect(-power(50, -1)).toBeLessThan(power(50, 1));
  });

  test('takes only what runs beside the motor when it stands', () => {
    expect(power(0)).toBe(300);
  });
});

test('climate control takes more in frost and heat than on a mild day', () => {
  expect(besidePower(-10)).toBeGreaterThan(besidePower(15));
  expect(besidePower(38)).toBeGreaterThan(besidePower(24));
});

test('July is warmer than January, the afternoon than the night, and the valley than the hill', () => {
  const at = (month: number, hour: number, elevation = 500) =>
    outsideCelsius(Date.UTC(2026, month, 15, hour), elevation);
  expect(at(6, 15)).toBeGreaterThan(at(0, 15) + 10);
  expect(at(6, 15)).toBeGreaterThan(at(6, 3));
  expect(at(6, 15, 400)).toBeGreaterThan(at(6, 15, 600));
});
