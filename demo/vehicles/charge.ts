/**
 * Charging: constant power up to a knee, then less and less, as lithium cells want it.
 *
 * Behind the knee power falls in proportion to the room that is left below a little more than full. That makes it an exponential
 * of time, so that energy and duration are formulas too.
 */
import type { Leg, Moment } from './leg.ts';

const joulesPerKwh = 3.6e6;
/** Power would reach zero at this share of the battery, so that 100 percent is reached in finite time. */
const emptyRoomAt = 1.03;

export interface ChargePlan {
  readonly batteryKwh: number;
  /** Energy in the battery at the start, kWh. */
  readonly fromKwh: number;
  /** Where to stop, kWh; more than `fromKwh`, at most `batteryKwh`. */
  readonly toKwh: number;
  /** Power before the knee, kW. */
  readonly powerKw: number;
  /** The share of the battery from which power falls, 0 to 1. */
  readonly knee: number;
}

/** A leg that stands at `where` and gains energy as planned. */
export const charge = (where: Moment, plan: ChargePlan): Leg => {
  const powerW = plan.powerKw * 1000;
  const [from, to, knee, full] = [
    plan.fromKwh,
    plan.toKwh,
    plan.knee * plan.batteryKwh,
    emptyRoomAt * plan.batteryKwh,
  ].map(kwh => kwh * joulesPerKwh) as [number, number, number, number];
  const bend = Math.min(Math.max(from, knee), to);
  const constantSeconds = (bend - from) / powerW;
  // Starting above the knee means starting with the power that is left there.
  const bendW = powerW * Math.min(1, (full - bend) / (full - knee));
  const fallSeconds = (full - bend) / bendW;
  const seconds = constantSeconds + fallSeconds * Math.log((full - bend) / (full - to));

  const gained = (second: number): { joules: number; watts: number } => {
    if (second < constantSeconds) return { joules: powerW * second, watts: powerW };
    const left = Math.exp((constantSeconds - second) / fallSeconds);
    return { joules: bend - from + (full - bend) * (1 - left), watts: bendW * left };
  };
  return {
    kind: 'charge',
    seconds,
    at: second => {
      const { joules, watts } = gained(second);
      return { ...where, speedMps: 0, shift: 'P', powerW: -watts, travelledM: 0, usedJ: -joules };
    },
  };
};
