/**
 * From one address to another: the quickest roads, and the line a vehicle draws on them.
 *
 * Quickest ways come from one search per destination (Dijkstra, from the destination outwards), kept for all vehicles: 5,000 of
 * them share some 600 destinations.
 */
import { distanceBetween, headingBetween, type Point, towards, turnBetween } from './geography.ts';
import type { Place, Road, RoadNetwork } from './road-network.ts';

/** A point of a route. */
export interface Waypoint extends Point {
  /** The speed limit from here on, m/s. */
  readonly limitMps: number;
  /** Whether a traffic light or a stop sign may hold a vehicle here. */
  readonly stopLine: boolean;
}

/** The parts of a trip: first backwards out of the parking spot, then forwards to the next one. */
export interface Route {
  readonly reverse: readonly Waypoint[];
  readonly forward: readonly Waypoint[];
}

const parkingMps = 2.2;
const reversingMps = 1.4;
/** How far a vehicle backs out along the road, metres. */
const backOutM = 20;

/** The line from one place to another. The two must differ. */
export const routeBetween = (network: RoadNetwork, from: Place, to: Place): Route => {
  const driven = drivenPoints(network, quickestRoads(network, from.node, to.node), from.node);
  const start = network.nodes[from.node]!;
  const behind = towards(start, driven[1]!, -backOutM);
  const slow = (point: Point, limitMps: number): Waypoint => ({ ...point, limitMps, stopLine: false });
  const last = { ...driven.at(-1)!, limitMps: parkingMps };
  return {
    reverse: rounded([from.spot, start, behind].map(point => slow(point, reversingMps))),
    forward: rounded([
      { ...behind, limitMps: 5, stopLine: false },
      ...driven.slice(0, -1),
      last,
      slow(to.spot, parkingMps),
    ]),
  };
};

/** The points of the roads, one after the other, each joint once. */
const drivenPoints = (network: RoadNetwork, roads: readonly Road[], from: number): Waypoint[] => {
  const points: Waypoint[] = [];
  let node = from;
  for (const road of roads) {
    const forward = road.ends[0] === node;
    const line = forward ? road.points : road.points.toReversed();
    line.slice(0, -1).forEach((point, index) => {
      points.push({ ...point, limitMps: road.limitMps, stopLine: index === 0 && network.isJunction[node]! });
    });
    node = road.ends[forward ? 1 : 0];
  }
  points.push({ ...network.nodes[node]!, limitMps: roads.at(-1)!.limitMps, stopLine: false });
  return points;
};

/** Corners as a vehicle takes them: an arc in place of every turn of more than 25 degrees. It stops before the arc, if at all. */
const rounded = (line: readonly Waypoint[]): Waypoint[] => {
  const result: Waypoint[] = [line[0]!];
  for (let i = 1; i < line.length - 1; i++) {
    const [before, here, after] = [line[i - 1]!, line[i]!, line[i + 1]!];
    const turn = Math.abs(turnBetween(headingBetween(before, here), headingBetween(here, after)));
    for (const point of turn > 25 ? arc(before, here, after) : [here]) result.push(point);
  }
  result.push(line.at(-1)!);
  return result;
};

const arc = (before: Point, here: Waypoint, after: Point): Waypoint[] => {
  const cut = Math.min(12, 0.45 * distanceBetween(before, here), 0.45 * distanceBetween(here, after));
  const [enter, leave] = [towards(here, before, cut), towards(here, after, cut)];
  const steps = 8;
  return Array.from({ length: steps + 1 }, (_, step) => {
    const t = step / steps;
    const blend = (a: number, corner: number, b: number) => (1 - t) ** 2 * a + 2 * t * (1 - t) * corner + t ** 2 * b;
    return {
      x: blend(enter.x, here.x, leave.x),
      y: blend(enter.y, here.y, leave.y),
      limitMps: here.limitMps,
      stopLine: here.stopLine && step === 0,
    };
  });
};

/** For each destination: the road to take at every node, by index, -1 at the destination itself. */
const waysTo = new WeakMap<RoadNetwork, Map<number, Int16Array>>();

const nextRoads = (network: RoadNetwork, to: number): Int16Array => {
  const known = waysTo.get(network) ?? new Map<number, Int16Array>();
  waysTo.set(network, known);
  const next = known.get(to) ?? searchFrom(network, to);
  known.set(to, next);
  return next;
};

const quickestRoads = (network: RoadNetwork, from: number, to: number): Road[] => {
  const next = nextRoads(network, to);
  const roads: Road[] = [];
  for (let node = from; node !== to; ) {
    const road = network.roads[next[node]!]!;
    roads.push(road);
    node = otherEnd(road, node);
  }
  return roads;
};

const otherEnd = (road: Road, node: number): number => (road.ends[0] === node ? road.ends[1] : road.ends[0]);

const searchFrom = (network: RoadNetwork, destination: number): Int16Array => {
  const next = new Int16Array(network.nodes.length).fill(-1);
  const seconds = new Float64Array(network.nodes.length).fill(Number.POSITIVE_INFINITY);
  const open = new Set([destination]);
  seconds[destination] = 0;
  while (open.size > 0) {
    const node = nearest(open, seconds);
    open.delete(node);
    for (const index of network.roadsAt[node]!) {
      const road = network.roads[index]!;
      const neighbour = otherEnd(road, node);
      const arrival = seconds[node]! + road.lengthM / road.limitMps;
      if (arrival >= seconds[neighbour]!) continue;
      seconds[neighbour] = arrival;
      next[neighbour] = index;
      open.add(neighbour);
    }
  }
  return next;
};

const nearest = (open: ReadonlySet<number>, seconds: Float64Array): number => {
  let best = -1;
  for (const node of open) if (best < 0 || seconds[node]! < seconds[best]!) best = node;
  return best;
};
