/**
 * The ground: a flat map in metres (x to the east, y to the north), its place on the globe, and the height of every point.
 *
 * The map covers some 80 km, so that one scale for all longitudes is wrong by at most 0.3 percent.
 */

/** A point of the map, in metres from its origin. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A place on the globe, in degrees. */
export interface Location {
  readonly latitude: number;
  readonly longitude: number;
}

const earthRadiusM = 6_371_008.8;
const origin: Location = { latitude: 48.25, longitude: 11.25 };
const metresPerDegree = (earthRadiusM * Math.PI) / 180;
const longitudeScale = Math.cos((origin.latitude * Math.PI) / 180);

export const locationOf = ({ x, y }: Point): Location => ({
  latitude: origin.latitude + y / metresPerDegree,
  longitude: origin.longitude + x / (metresPerDegree * longitudeScale),
});

export const pointOf = ({ latitude, longitude }: Location): Point => ({
  x: (longitude - origin.longitude) * metresPerDegree * longitudeScale,
  y: (latitude - origin.latitude) * metresPerDegree,
});

/** Metres above the sea: gentle hills, nowhere steeper than 5 percent. */
export const elevationAt = ({ x, y }: Point): number =>
  510 + 35 * Math.sin(x / 5200 + 0.7) + 22 * Math.sin(y / 3100 - x / 9000) + 9 * Math.sin((x + y) / 900);

export const distanceBetween = (a: Point, b: Point): number => Math.hypot(b.x - a.x, b.y - a.y);

/** The point this far from `a` towards `b`. The two must differ. */
export const towards = (a: Point, b: Point, metres: number): Point => {
  const share = metres / distanceBetween(a, b);
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
};

/** The compass direction from `a` to `b`: 0 is north, 90 east; below 360. */
export const headingBetween = (a: Point, b: Point): number =>
  normalHeading((Math.atan2(b.x - a.x, b.y - a.y) * 180) / Math.PI);

/** The same direction as a number from 0 (inclusive) to 360 (exclusive). */
export const normalHeading = (degrees: number): number => ((degrees % 360) + 360) % 360;

/** The shorter turn that leads from one heading to another, -180 to 180 degrees, right is positive. */
export const turnBetween = (from: number, to: number): number => ((((to - from) % 360) + 540) % 360) - 180;
