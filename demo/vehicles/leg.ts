/**
 * A vehicle's life is a row of legs: drive, stay, charge. Each is a formula of time, not a simulation that is stepped.
 *
 * So a vehicle is at the same place at a given moment whether it is asked ten times a second or once an hour, and asking costs
 * the same after a pause of any length.
 */
import type { Point } from './geography.ts';

export type ShiftState = 'P' | 'R' | 'N' | 'D';

/** What a leg knows about one moment. */
export interface Moment {
  readonly point: Point;
  readonly elevationM: number;
  /** Where the nose points, degrees from north; the opposite of the movement in reverse. */
  readonly heading: number;
  readonly speedMps: number;
  readonly shift: ShiftState;
  /** Out of the battery; negative into it. */
  readonly powerW: number;
  /** Way since the leg began. */
  readonly travelledM: number;
  /** Energy out of the battery since the leg began; negative if it gained. */
  readonly usedJ: number;
}

export interface Leg {
  readonly kind: 'drive' | 'stay' | 'charge';
  readonly seconds: number;
  /** @param second since the leg began, 0 to `seconds` */
  at(second: number): Moment;
}

/** Standing still, with a constant drain. */
export const stay = (where: Moment, seconds: number, drainW: number): Leg => ({
  kind: 'stay',
  seconds,
  at: second => ({ ...where, speedMps: 0, shift: 'P', powerW: drainW, travelledM: 0, usedJ: drainW * second }),
});
