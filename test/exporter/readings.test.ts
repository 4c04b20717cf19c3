import { expect, test } from 'vitest';
import { Readings } from '../../exporter/readings.ts';

/** Readings of a target `t`, that keep values for 30 s, and the hand of their clock. */
function at(limit?: number) {
  const clock = { now: 0 };
  const readings = new Readings('t', { maxAgeMs: 30_000, now: () => clock.now, ...(limit && { limit }) });
  return { clock, readings, values: () => [...readings.samples('m')].map(([, value]) => value) };
}

test('a value has the name of its target', () => {
  const { readings } = at();
  readings.set('m', { node: 'a' }, 1);
  expect([...readings.samples('m')]).toEqual([['{target="t",node="a"}', 1]]);
});

test('what a broker or a user has named is shown as Prometheus reads it', () => {
  const { readings } = at();
  readings.set('m', { node: 'a "b"\\c\nd' }, 1);
  expect([...readings.samples('m')][0]![0]).toBe('{target="t",node="a \\"b\\"\\\\c\\nd"}');
});

test('a value is shown for as long as it may be old, and not longer', () => {
  const { clock, readings, values } = at();
  readings.set('m', {}, 1);
  clock.now = 30_000;
  expect(values()).toEqual([1]);
  clock.now = 30_001;
  expect(values()).toEqual([]);
});

test('a value that is read again is young again', () => {
  const { clock, readings, values } = at();
  readings.set('m', {}, 1);
  clock.now = 20_000;
  readings.set('m', {}, 2);
  clock.now = 50_000;
  expect(values()).toEqual([2]);
});

test('what is confirmed stays, and what is too old cannot be confirmed', () => {
  const { clock, readings, values } = at();
  readings.set('m', { node: 'old' }, 1);
  clock.now = 20_000;
  readings.set('m', { node: 'young' }, 2);
  clock.now = 40_000;
  readings.confirm('m');
  clock.now = 70_000;
  expect(values()).toEqual([2]);
});

test('values of other labels stand beside each other', () => {
  const { readings, values } = at();
  readings.set('m', { node: 'a' }, 1);
  readings.set('m', { node: 'b' }, 2);
  readings.set('m', { node: 'a' }, 3);
  expect(values()).toEqual([3, 2]);
});

test('a sum goes on from where it was', () => {
  const { readings, values } = at();
  readings.add('m', {}, 0);
  readings.add('m', {}, 2);
  readings.add('m', {}, 3);
  expect(values()).toEqual([5]);
});

test('more values than the limit are refused, told once a sweep, and taken again when old ones are gone', () => {
  const { clock, readings, values } = at(2);
  for (const node of ['a', 'b', 'c']) readings.set('m', { node }, 1);
  expect(values()).toHaveLength(2);
  expect(readings.sweep()?.code).toBe('series-limit');
  expect(readings.sweep()).toBeUndefined();
  clock.now = 40_000;
  readings.sweep();
  for (const node of ['d', 'e']) readings.set('m', { node }, 1);
  expect(values()).toHaveLength(2);
  expect(readings.sweep()).toBeUndefined();
});
