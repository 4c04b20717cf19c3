/**
 * The roads: two cities of rings and spokes, joined by a motorway.
 *
 * It is the same for every seed: seeds differ in who drives where, not in the ground. Real towns grew like this, and it gives
 * everything a trip needs at no size: narrow slow streets inside, wide fast roads outside, junctions to stop at. Each road but the
 * motorway has an address half-way: a spot beside the road where trips begin and end.
 */
import { distanceBetween, headingBetween, type Point, pointOf } from './geography.ts';
import { Random } from './random.ts';

/** A road between two nodes, to be driven both ways. */
export interface Road {
  /** Indices into `nodes`. */
  readonly ends: readonly [number, number];
  /** From the first end to the second, both included. */
  readonly points: readonly Point[];
  readonly lengthM: number;
  readonly limitMps: number;
}

/** Where a vehicle can park. */
export interface Place {
  readonly node: number;
  /** Beside the road, 20 m from the node: enough to turn in with a car's turning circle. */
  readonly spot: Point;
  readonly city: number;
  /** Direct current; every other place charges slowly. */
  readonly fastCharger: boolean;
}

export interface RoadNetwork {
  readonly nodes: readonly Point[];
  readonly roads: readonly Road[];
  /** For each node, the indices of its roads. */
  readonly roadsAt: readonly (readonly number[])[];
  /** Whether vehicles may have to stop there. */
  readonly isJunction: readonly boolean[];
  readonly places: readonly Place[];
}

const cities = [pointOf({ latitude: 48.137, longitude: 11.575 }), pointOf({ latitude: 48.371, longitude: 10.898 })];
const kmh = 1 / 3.6;
const rings = [
  { radius: 380, limit: 30, spokes: 30 },
  { radius: 850, limit: 30, spokes: 50 },
  { radius: 1500, limit: 50, spokes: 50 },
  { radius: 2400, limit: 50, spokes: 60 },
  { radius: 3600, limit: 60, spokes: 70 },
  { radius: 5200, limit: 80, spokes: 100 },
  { radius: 7400, limit: 100, spokes: 100 },
];
const spokes = 12;
const kerbM = 20;
const motorwayLimit = 120;

class Builder {
  readonly nodes: Point[] = [];
  readonly roads: Road[] = [];
  readonly isJunction: boolean[] = [];
  readonly places: Place[] = [];
  readonly random = new Random('roads', 'network');

  node(point: Point, isJunction: boolean): number {
    this.isJunction.push(isJunction);
    return this.nodes.push(point) - 1;
  }

  road(from: number, to: number, points: readonly Point[], limitKmh: number): void {
    let lengthM = 0;
    for (let i = 1; i < points.length; i++) lengthM += distanceBetween(points[i - 1]!, points[i]!);
    this.roads.push({ ends: [from, to], points, lengthM, limitMps: limitKmh * kmh });
  }

  /** A road with an address half-way. */
  street(from: number, to: number, points: readonly Point[], limitKmh: number, city: number): void {
    const middle = Math.floor(points.length / 2);
    const [before, here] = [points[middle - 1]!, points[middle]!];
    const node = this.node(here, false);
    const side = this.random.chance(0.5) ? 1 : -1;
    const length = distanceBetween(before, here);
    const spot = {
      x: here.x + (side * kerbM * (here.y - before.y)) / length,
      y: here.y - (side * kerbM * (here.x - before.x)) / length,
    };
    this.places.push({ node, spot, city, fastCharger: this.places.length % 9 === 4 });
    this.road(from, node, points.slice(0, middle + 1), limitKmh);
    this.road(node, to, points.slice(middle), limitKmh);
  }
}

/** A city's nodes, ring by ring; its streets go into `builder`. */
const buildCity = (builder: Builder, city: number): number[] => {
  const { random } = builder;
  const centre = cities[city]!;
  const polar = (radius: number, angle: number): Point => ({
    x: centre.x + radius * Math.sin(angle),
    y: centre.y + radius * Math.cos(angle),
  });
  const corners = rings.flatMap(({ radius }) =>
    Array.from({ length: spokes }, (_, spoke) => ({
      radius: radius * random.between(0.93, 1.07),
      angle: ((spoke + random.between(-0.15, 0.15)) * 2 * Math.PI) / spokes,
    })),
  );
  const nodes = corners.map(corner => builder.node(polar(corner.radius, corner.angle), true));

  const connect = (from: number, to: number, limit: number, spacing: number): void => {
    const [a, b] = [corners[from]!, corners[to]!];
    const turn = Math.atan2(Math.sin(b.angle - a.angle), Math.cos(b.angle - a.angle));
    const roughLength = Math.hypot(b.radius - a.radius, turn * a.radius);
    const steps = Math.max(4, Math.round(roughLength / spacing));
    const bend = roughLength * random.between(-0.04, 0.04);
    const points = Array.from({ length: steps + 1 }, (_, step) => {
      const share = step / steps;
      const wave = bend * Math.sin(Math.PI * share) ** 2;
      const alongRing = Math.abs(turn) * a.radius > Math.abs(b.radius - a.radius);
      const radius = a.radius + (b.radius - a.radius) * share + (alongRing ? wave : 0);
      return polar(radius, a.angle + turn * share + (alongRing ? 0 : wave / radius));
    });
    builder.street(nodes[from]!, nodes[to]!, points, limit, city);
  };

  rings.forEach((ring, index) => {
    for (let spoke = 0; spoke < spokes; spoke++) {
      const here = index * spokes + spoke;
      const spacing = index < 3 ? 28 : 50;
      connect(here, index * spokes + ((spoke + 1) % spokes), ring.limit, spacing);
      const outward = index + 1 < rings.length && (index > 1 || spoke % 2 === 0);
      if (outward) connect(here, here + spokes, ring.spokes, spacing);
    }
  });
  return nodes;
};

/** From the outer ring of one city to that of the other, where they are nearest. */
const buildMotorway = (builder: Builder, outer: readonly (readonly number[])[]): void => {
  const [from, to] = [0, 1].map(city =>
    outer[city]!.reduce((best, node) => {
      const far = (index: number) => distanceBetween(builder.nodes[index]!, cities[1 - city]!);
      return far(node) < far(best) ? node : best;
    }),
  ) as [number, number];
  const [a, b] = [builder.nodes[from]!, builder.nodes[to]!];
  const length = distanceBetween(a, b);
  const steps = Math.round(length / 120);
  const points = Array.from({ length: steps + 1 }, (_, step) => {
    const share = step / steps;
    const aside = 900 * Math.sin(Math.PI * share) * Math.sin(share * 5 * Math.PI);
    return {
      x: a.x + (b.x - a.x) * share - (aside * (b.y - a.y)) / length,
      y: a.y + (b.y - a.y) * share + (aside * (b.x - a.x)) / length,
    };
  });
  builder.road(from, to, points, motorwayLimit);
};

const build = (): RoadNetwork => {
  const builder = new Builder();
  const outer = cities.map((_, city) => buildCity(builder, city).slice(-spokes));
  buildMotorway(builder, outer);
  const roadsAt: number[][] = builder.nodes.map(() => []);
  builder.roads.forEach((road, index) => {
    for (const end of road.ends) roadsAt[end]!.push(index);
  });
  return {
    nodes: builder.nodes,
    roads: builder.roads,
    roadsAt,
    isJunction: builder.isJunction,
    places: builder.places,
  };
};

let shared: RoadNetwork | undefined;

/** The one network, built when first asked for (a few milliseconds). */
export const roadNetwork = (): RoadNetwork => {
  shared ??= build();
  return shared;
};

/** The compass direction in which a vehicle parks at a place: its nose away from the road. */
export const parkedHeading = (network: RoadNetwork, place: Place): number =>
  headingBetween(network.nodes[place.node]!, place.spot);
