/** Numbers as a payload shows them. */
import type { Identity } from './identity.ts';
import type { VehicleState } from './vehicle.ts';

/** A number with at most this many decimals. */
export const decimals = (value: number, digits: number): number => {
  const scale = 10 ** digits;
  // Adding 0 turns -0, which JSON would write as 0 too but equality would not, into 0.
  return Math.round(value * scale) / scale + 0;
};

/** Ranges in km: by the rated consumption, and as estimated for this weather. */
export const rangesOf = (identity: Identity, state: VehicleState): { rated: number; estimated: number } => {
  const rated = (state.soc / 100) * identity.car.batteryKwh * (1000 / identity.car.ratedWhPerKm);
  const weather = 1 - Math.min(0.3, Math.abs(21 - state.outsideCelsius) * 0.009);
  return { rated, estimated: rated * weather };
};
