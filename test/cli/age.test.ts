import { expect, it } from 'vitest';
import { age } from '../../cli/age.ts';

const now = new Date('2026-03-01T12:00:00Z');
const ago = (seconds: number): string => age(new Date(now.getTime() - seconds * 1000).toISOString(), now);

it.each([
  [0, '0s'],
  [119, '119s'],
  [120, '2m'],
  [7199, '119m'],
  [7200, '2h'],
  [172_799, '47h'],
  [172_800, '2d'],
  [864_000, '10d'],
])('%d seconds ago is %s', (seconds, text) => {
  expect(ago(seconds)).toBe(text);
});

it('does not count below zero when the clock of the cluster goes ahead', () => {
  expect(ago(-30)).toBe('0s');
});

it('does not make a number of what is no time', () => {
  expect(age('yesterday', now)).toBe('?');
});
