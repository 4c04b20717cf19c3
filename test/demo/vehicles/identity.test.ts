import fc from 'fast-check';
import { expect, test } from 'vitest';
import { identityOf, vinCheckDigit } from '../../../demo/vehicles/identity.ts';

test('the check digit of the standard’s well-known examples is right', () => {
  expect(vinCheckDigit('1M8GDM9AXKP042788')).toBe('X');
  expect(vinCheckDigit('11111111111111111')).toBe('1');
  expect(vinCheckDigit('1HGCM82633A004352')).toBe('3');
});

test('every VIN has 17 allowed characters and a valid check digit', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 100_000 }), (seed, number) => {
      const { vin } = identityOf(seed, number);
      expect(vin).toMatch(/^[A-HJ-NPR-Z0-9]{17}$/);
      expect(vin[8]).toBe(vinCheckDigit(vin));
    }),
  );
});

test('a thousand vehicles of a seed have a thousand VINs', () => {
  const vins = new Set(Array.from({ length: 1000 }, (_, index) => identityOf(1, index + 1).vin));
  expect(vins.size).toBe(1000);
});

test('a vehicle keeps its identity', () => {
  expect(identityOf('x', 5)).toEqual(identityOf('x', 5));
});
