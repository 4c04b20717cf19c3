import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Connector } from '../../../demo/vehicles/connector.ts';
import { DueQueue } from '../../../demo/vehicles/due-queue.ts';
import { Random } from '../../../demo/vehicles/random.ts';
import { Rotation } from '../../../demo/vehicles/rotation.ts';

test('every vehicle has its turn once an interval, evenly spread', () => {
  const rotation = new Rotation(4, 1000, 5000);
  const turns = Array.from({ length: 6 }, () => {
    const turn = [rotation.next, rotation.nextMs, rotation.sinceStartMs];
    rotation.advance();
    return turn;
  });
  expect(turns).toEqual([
    [0, 5000, 0],
    [1, 5250, 250],
    [2, 5500, 500],
    [3, 5750, 750],
    [0, 6000, 1000],
    [1, 6250, 1250],
  ]);
});

test('a million turns later the schedule has not drifted', () => {
  const rotation = new Rotation(3, 100, 0);
  for (let i = 0; i < 1_000_000; i++) rotation.advance();
  expect(rotation.nextMs).toBeCloseTo(100_000_000 / 3, 6);
});

test('who wakes up ten seconds late leaves the missed rounds out and goes on with the same vehicle', () => {
  const rotation = new Rotation(4, 1000, 0);
  rotation.advance();
  expect(rotation.catchUp(10_400)).toBe(40);
  expect([rotation.next, rotation.nextMs]).toEqual([1, 10_250]);
});

test('a hiccup of a fifth of a second is caught up, however short the interval', () => {
  const rotation = new Rotation(4, 1, 0);
  expect(rotation.catchUp(200)).toBe(0);
  expect(rotation.catchUp(300)).toBe(1200);
});

test('the queue gives everything back, earliest first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), times => {
      const queue = new DueQueue<number>();
      for (const time of times) queue.push(time, time);
      expect(queue.size).toBe(times.length);
      const taken = times.map(() => queue.pop());
      expect(taken).toEqual(times.toSorted((a, b) => a - b));
      expect(queue.pop()).toBeUndefined();
    }),
  );
});

/** Who connects in each of so many milliseconds. */
const run = (connector: Connector<number>, fromMs: number, milliseconds: number): number[] => {
  const perMs: number[] = [];
  for (let ms = 0; ms < milliseconds; ms++) {
    let taken = 0;
    while (connector.take(fromMs + ms) !== undefined) taken++;
    perMs.push(taken);
  }
  return perMs;
};

test('a thousand vehicles connect at the pace that was asked for', () => {
  const connector = new Connector<number>(200, new Random(1, 'test'));
  for (let i = 0; i < 1000; i++) connector.add(i, 10_000);
  const perMs = run(connector, 10_000, 6000);
  const total = (from: number, to: number) => perMs.slice(from, to).reduce((sum, count) => sum + count, 0);
  expect(total(0, 1000)).toBe(200);
  expect(total(1000, 2000)).toBe(200);
  expect(total(0, 6000)).toBe(1000);
});

test('after a pause of a minute no more than a tenth of a second’s worth connects at once', () => {
  const connector = new Connector<number>(200, new Random(1, 'test'));
  for (let i = 0; i < 1000; i++) connector.add(i, 0);
  run(connector, 0, 1);
  expect(run(connector, 60_000, 1)[0]).toBeLessThanOrEqual(21);
});

test('who fails waits longer each time, up to some ten seconds, and not all equally long', () => {
  const waits = (attempts: number) =>
    Array.from({ length: 50 }, (_, index) => {
      const connector = new Connector<number>(200, new Random(index, 'test'));
      connector.retry(1, attempts, 1000);
      return connector.nextMs! - 1000;
    });
  expect(Math.min(...waits(0))).toBeGreaterThanOrEqual(750);
  expect(Math.max(...waits(0))).toBeLessThanOrEqual(1250);
  expect(Math.min(...waits(3))).toBeGreaterThan(5900);
  expect(Math.max(...waits(1000))).toBeLessThanOrEqual(12_500);
  expect(new Set(waits(0)).size).toBeGreaterThan(40);
});
