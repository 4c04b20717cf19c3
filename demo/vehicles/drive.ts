/**
 * A trip: a route becomes a timetable of knots, with constant acceleration between two of them.
 *
 * Speed at each point is the least of: the limit; what the curve allows; what can be reached from the point before; and what can
 * still be braked down for what comes after. Two sweeps over the points, one forwards, one backwards, find it. Times, heights and
 * energy follow. What surprises: a wait is two knots at one point, so a knot is not a point, and a stretch may have no length.
 */

import { batteryPower, type CarModel } from './energy.ts';
import { elevationAt, headingBetween, normalHeading, turnBetween } from './geography.ts';
import type { Leg, Moment, ShiftState } from './leg.ts';
import type { Random } from './random.ts';
import type { Route, Waypoint } from './routes.ts';

/** How somebody drives. */
export interface Driver {
  /** Times the speed limit, about 1. */
  readonly pace: number;
  /** The hardest they accelerate and brake, m/s^2. */
  readonly accelerationMps2: number;
}

const sidewaysMps2 = 2.3;
const chanceOfStop = 0.3;
/** A share of the motor's might that a driver uses, W per kg. */
const accelerationWattsPerKg = 25;

interface Knot {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly heading: number;
  readonly wayM: number;
  readonly speedMps: number;
  readonly second: number;
  readonly usedJ: number;
  /** From this knot on. */
  readonly shift: ShiftState;
}

/** A trip along `route`. All chance (stops at junctions) is drawn here, none later. */
export const drive = (route: Route, car: CarModel, driver: Driver, besideW: number, random: Random): Leg => {
  const table = new Timetable(car, besideW);
  table.follow(route.reverse, speedsAlong(route.reverse, driver, new Set()), 'R', new Map());
  table.wait(1.2, 'N');
  const waits = drawWaits(route.forward, random);
  table.follow(route.forward, speedsAlong(route.forward, driver, waits), 'D', waits);
  return table.leg();
};

/** Seconds to wait, by index of the point. Never within 60 m of either end, so that two stops never touch. */
const drawWaits = (line: readonly Waypoint[], random: Random): Map<number, number> => {
  const waits = new Map<number, number>();
  const ends = [line[0]!, line.at(-1)!];
  line.forEach((point, index) => {
    if (!point.stopLine || !random.chance(chanceOfStop)) return;
    const clear = ends.every(end => Math.hypot(point.x - end.x, point.y - end.y) > 60);
    const seconds = random.spread(3, 40);
    if (clear) waits.set(index, seconds);
  });
  return waits;
};

/** The speed at each point, m/s; zero at both ends and where somebody waits. */
const speedsAlong = (line: readonly Waypoint[], driver: Driver, waits: { has(index: number): boolean }): number[] => {
  const last = line.length - 1;
  const speeds = line.map((point, index) => {
    if (index === 0 || index === last || waits.has(index)) return 0;
    const limit = Math.min(point.limitMps, line[index - 1]!.limitMps) * driver.pace;
    return Math.min(limit, curveSpeed(line[index - 1]!, point, line[index + 1]!));
  });
  const relax = (from: number, to: number, acceleration: number): void => {
    const way = gap(line[from]!, line[to]!);
    speeds[to] = Math.min(speeds[to]!, Math.sqrt(speeds[from]! ** 2 + 2 * acceleration * way));
  };
  const hardest = driver.accelerationMps2;
  for (let i = 1; i <= last; i++)
    relax(i - 1, i, Math.min(hardest, accelerationWattsPerKg / Math.max(1, speeds[i - 1]!)));
  for (let i = last; i > 0; i--) relax(i, i - 1, hardest);
  return speeds;
};

const curveSpeed = (before: Waypoint, here: Waypoint, after: Waypoint): number => {
  const radians = (Math.abs(turnBetween(headingBetween(before, here), headingBetween(here, after))) * Math.PI) / 180;
  const way = (gap(before, here) + gap(here, after)) / 2;
  return radians < 1e-4 ? Number.POSITIVE_INFINITY : Math.sqrt((sidewaysMps2 * way) / radians);
};

const gap = (a: Waypoint, b: Waypoint): number => Math.hypot(b.x - a.x, b.y - a.y);

class Timetable {
  readonly #knots: Knot[] = [];
  readonly #car: CarModel;
  readonly #besideW: number;

  constructor(car: CarModel, besideW: number) {
    this.#car = car;
    this.#besideW = besideW;
  }

  /** Appends a line. The first point of a second line is where the first line ended. */
  follow(
    line: readonly Waypoint[],
    speeds: readonly number[],
    shift: ShiftState,
    waits: ReadonlyMap<number, number>,
  ): void {
    line.forEach((point, index) => {
      this.#reach(point, headingAt(line, index, shift), speeds[index]!, shift);
      const seconds = waits.get(index);
      if (seconds !== undefined) this.wait(seconds, shift);
    });
  }

  /** Stands for a while where the last knot is. */
  wait(seconds: number, shift: ShiftState): void {
    const last = this.#knots.pop()!;
    this.#knots.push({ ...last, shift });
    this.#knots.push({ ...last, second: last.second + seconds, usedJ: last.usedJ + seconds * this.#besideW });
  }

  #reach({ x, y }: Waypoint, heading: number, speedMps: number, shift: ShiftState): void {
    const z = elevationAt({ x, y });
    const last = this.#knots.at(-1);
    if (last === undefined) {
      this.#knots.push({ x, y, z, heading, wayM: 0, speedMps, second: 0, usedJ: 0, shift });
      return;
    }
    const way = Math.hypot(x - last.x, y - last.y);
    if (way === 0) {
      this.#knots[this.#knots.length - 1] = { ...last, heading, shift };
      return;
    }
    const seconds = (2 * way) / (last.speedMps + speedMps);
    const acceleration = (speedMps - last.speedMps) / seconds;
    const slope = (z - last.z) / way;
    const power = (speed: number) => batteryPower(this.#car, speed, acceleration, slope, this.#besideW);
    const usedJ = last.usedJ + ((power(last.speedMps) + power(speedMps)) / 2) * seconds;
    const second = last.second + seconds;
    this.#knots.push({ x, y, z, heading, wayM: last.wayM + way, speedMps, second, usedJ, shift });
  }

  leg(): Leg {
    const knots = new Columns(this.#knots);
    const [car, besideW] = [this.#car, this.#besideW];
    return { kind: 'drive', seconds: knots.seconds, at: second => momentOf(knots, car, besideW, second) };
  }
}

/** Where the nose points at a point of the line: midway between the stretch before and the one after. */
const headingAt = (line: readonly Waypoint[], index: number, shift: ShiftState): number => {
  const before = index > 0 ? headingBetween(line[index - 1]!, line[index]!) : undefined;
  const after = index < line.length - 1 ? headingBetween(line[index]!, line[index + 1]!) : undefined;
  const movement =
    before === undefined || after === undefined ? (before ?? after)! : before + turnBetween(before, after) / 2;
  return normalHeading(shift === 'R' ? movement + 180 : movement);
};

const shiftStates: readonly ShiftState[] = ['P', 'R', 'N', 'D'];
const fields = 8;

/** Knots as numbers side by side: thousands of vehicles keep some 500 each. */
class Columns {
  readonly #numbers: Float64Array;
  readonly #shifts: Uint8Array;
  readonly #count: number;

  constructor(knots: readonly Knot[]) {
    this.#count = knots.length;
    this.#shifts = Uint8Array.from(knots, knot => shiftStates.indexOf(knot.shift));
    this.#numbers = Float64Array.from(
      knots.flatMap(({ x, y, z, heading, wayM, speedMps, second, usedJ }) => [
        x,
        y,
        z,
        heading,
        wayM,
        speedMps,
        second,
        usedJ,
      ]),
    );
  }

  get seconds(): number {
    return this.#numbers[(this.#count - 1) * fields + 6]!;
  }

  knot(index: number): Knot {
    const at = (field: number) => this.#numbers[index * fields + field]!;
    const shift = shiftStates[this.#shifts[index]!]!;
    return {
      x: at(0),
      y: at(1),
      z: at(2),
      heading: at(3),
      wayM: at(4),
      speedMps: at(5),
      second: at(6),
      usedJ: at(7),
      shift,
    };
  }

  /** The last knot at or before a time, but never the very last one. */
  before(second: number): number {
    let [low, high] = [0, this.#count - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#numbers[middle * fields + 6]! <= second) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

const momentOf = (knots: Columns, car: CarModel, besideW: number, second: number): Moment => {
  const index = knots.before(second);
  const [a, b] = [knots.knot(index), knots.knot(index + 1)];
  const elapsed = Math.min(second, b.second) - a.second;
  const way = b.wayM - a.wayM;
  const acceleration = (b.speedMps - a.speedMps) / (b.second - a.second);
  const speedMps = way === 0 ? 0 : Math.max(0, a.speedMps + acceleration * elapsed);
  const gone = way === 0 ? 0 : Math.min(way, ((a.speedMps + speedMps) / 2) * elapsed);
  const share = way === 0 ? 0 : gone / way;
  const slope = way === 0 ? 0 : (b.z - a.z) / way;
  const power = (speed: number) => batteryPower(car, speed, acceleration, slope, besideW);
  const powerW = power(speedMps);
  const usedJ = a.usedJ + ((power(a.speedMps) + powerW) / 2) * elapsed;
  return {
    point: { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share },
    elevationM: a.z + (b.z - a.z) * share,
    heading: normalHeading(a.heading + turnBetween(a.heading, b.heading) * share),
    speedMps,
    shift: a.shift,
    powerW,
    travelledM: a.wayM + gone,
    usedJ,
  };
};
