import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OffsetHistory } from '../../../exporter/kafka/offset-history.ts';

/** A history of these ends, one every ten seconds from 0. */
const historyOf = (ends: readonly number[]): OffsetHistory => {
  const history = new OffsetHistory();
  for (const [round, end] of ends.entries()) history.note(round * 10_000, end, 0);
  return history;
};

test('a record is as old as the moment at which the end passed it', () => {
  const history = historyOf([100, 100, 200, 200]);
  expect(history.ageMs(100, 30_000)).toBe(20_000);
});

test('between two rounds a steady rate is assumed', () => {
  const history = historyOf([100, 200]);
  expect(history.ageMs(150, 10_000)).toBe(5000);
});

test('a record that came after a long silence is not as old as the silence', () => {
  const silence = Array.from({ length: 1000 }, () => 100);
  const history = historyOf([...silence, 101]);
  expect(history.ageMs(100, 1000 * 10_000)).toBeLessThanOrEqual(10_000);
});

test('a record from before the first round is at least as old as that round', () => {
  const history = historyOf([100, 200]);
  expect(history.ageMs(5, 60_000)).toBe(60_000);
});

test('a topic that is made again begins again', () => {
  const history = historyOf([1000, 2000, 0, 10]);
  expect(history.ageMs(5, 30_000)).toBe(5000);
});

test('what is deleted is forgotten, and what is left keeps its age', () => {
  const history = new OffsetHistory();
  for (let round = 0; round < 20; round++) history.note(round * 10_000, round * 100, Math.max(0, round - 5) * 100);
  expect(history.ageMs(1550, 190_000)).toBe(35_000);
});

test('the age of a record is right to within a fifth of it and an interval, however the topic grows and however long', () => {
  const growth = fc.array(fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 1000 })), {
    minLength: 2,
    maxLength: 2000,
    size: 'max',
  });
  fc.assert(
    fc.property(growth, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (steps, where) => {
      let sum = 0;
      const ends = steps.map(step => {
        sum += step;
        return sum;
      });
      fc.pre(sum > ends[0]!);
      const offset = ends[0]! + Math.floor(where * (sum - ends[0]!));
      const now = (ends.length - 1) * 10_000;
      const age = now - ends.findIndex(end => end > offset) * 10_000;
      const error = Math.abs(historyOf(ends).ageMs(offset, now) - age);
      expect(error).toBeLessThanOrEqual(0.2 * age + 10_000);
    }),
    { numRuns: 200 },
  );
});
