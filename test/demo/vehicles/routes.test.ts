import fc from 'fast-check';
import { expect, test } from 'vitest';
import { headingBetween, locationOf, pointOf, turnBetween } from '../../../demo/vehicles/geography.ts';
import { parkedHeading, roadNetwork } from '../../../demo/vehicles/road-network.ts';
import { routeBetween, type Waypoint } from '../../../demo/vehicles/routes.ts';

const network = roadNetwork();
const trips = fc
  .uniqueArray(fc.integer({ min: 0, max: network.places.length - 1 }), { minLength: 2, maxLength: 2 })
  .map(([from, to]) => ({ from: network.places[from!]!, to: network.places[to!]! }));

const turns = (line: readonly Waypoint[]): number[] =>
  line.slice(2).map((point, i) => {
    const [a, b] = [line[i]!, line[i + 1]!];
    return Math.abs(turnBetween(headingBetween(a, b), headingBetween(b, point)));
  });

test('every place can be reached from every other, from spot to spot', () => {
  fc.assert(
    fc.property(trips, ({ from, to }) => {
      const { reverse, forward } = routeBetween(network, from, to);
      expect(reverse[0]).toMatchObject(from.spot);
      expect(forward[0]).toMatchObject({ x: reverse.at(-1)!.x, y: reverse.at(-1)!.y });
      expect(forward.at(-1)).toMatchObject(to.spot);
    }),
  );
});

test('a route has no corner sharper than a car can take', () => {
  fc.assert(
    fc.property(trips, ({ from, to }) => {
      const { reverse, forward } = routeBetween(network, from, to);
      expect(Math.max(...turns(reverse), ...turns(forward))).toBeLessThan(35);
    }),
  );
});

test('a vehicle parks with the nose that it backs out with', () => {
  fc.assert(
    fc.property(trips, ({ from, to }) => {
      const { reverse, forward } = routeBetween(network, from, to);
      const out = headingBetween(reverse[1]!, reverse[0]!);
      expect(Math.abs(turnBetween(out, parkedHeading(network, from)))).toBeLessThan(1);
      const into = headingBetween(forward.at(-2)!, forward.at(-1)!);
      expect(Math.abs(turnBetween(into, parkedHeading(network, to)))).toBeLessThan(1);
    }),
  );
});

test('the way to the other city leads over the motorway', () => {
  const [from, to] = [0, 1].map(city => network.places.find(place => place.city === city)!);
  const { forward } = routeBetween(network, from!, to!);
  expect(Math.max(...forward.map(point => point.limitMps)) * 3.6).toBeCloseTo(120);
});

test('a point of the map keeps its place on the globe and back', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -5e4, max: 5e4, noNaN: true }),
      fc.double({ min: -5e4, max: 5e4, noNaN: true }),
      (x, y) => {
        const back = pointOf(locationOf({ x, y }));
        expect(Math.hypot(back.x - x, back.y - y)).toBeLessThan(0.001);
      },
    ),
  );
});
