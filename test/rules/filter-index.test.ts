// With 10,000 filters a bridge started in 43 s, without /healthz: each filter was compared with each other. The index must say the same.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planSubscriptions } from '../../bridge/sources/mqtt-subscriptions.ts';
import { FilterIndex } from '../../rules/filter-index.ts';
import { filterCovers, filtersOverlap } from '../../rules/topic-filter.ts';

const level = fc.constantFrom('a', 'b', '', '+', '$x');
const filter = fc
  .tuple(fc.array(level, { maxLength: 4 }), fc.constantFrom('', '#', 'a'))
  .map(([levels, last]) => [...levels, ...(last === '' ? [] : [last])].join('/'))
  .filter(text => text !== '');

test('it finds those that overlap with a filter, and one that covers it, as comparing each does', () => {
  fc.assert(
    fc.property(fc.array(filter, { maxLength: 12 }), filter, (filters, wanted) => {
      const distinct = [...new Set(filters)];
      const index = new FilterIndex<string>();
      for (const each of filters) index.add(each, each);
      const overlapping = [...index.overlapping(wanted)].map(({ value }) => value);
      expect(overlapping.sort()).toEqual(distinct.filter(each => filtersOverlap(each, wanted)).sort());
      const covering = distinct.filter(each => each !== wanted && filterCovers(each, wanted));
      const found = index.covering(wanted);
      if (found === undefined) expect(covering).toEqual([]);
      else expect(covering).toContain(found);
    }),
    { numRuns: 3000 },
  );
});

test('what a question costs does not grow with the number of filters beside it', () => {
  const visits = [1000, 10_000].map(count => {
    const index = new FilterIndex<number>();
    for (let at = 0; at < count; at++) index.add(`site/${at}/+/state`, at);
    index.visited = 0;
    for (const question of ['site/7/door/state', 'site/7/#', 'other/#']) [...index.overlapping(question)];
    index.covering('site/7/door/state');
    return index.visited;
  });
  expect(visits[0]).toBe(visits[1]);
  expect(visits[0]).toBeLessThan(30);
});

test('a bridge subscribes to 10,000 filters, but to none that another covers', () => {
  const filters = Array.from({ length: 10_000 }, (_, at) => `site/${at}/#`);
  const { subscriptions } = planSubscriptions([...filters, 'site/7/door', 'site/+/door/x', ...filters], {
    share: 'g',
    qos: 1,
  });
  expect(subscriptions.map(({ filter }) => filter)).toEqual(
    [...filters, 'site/+/door/x'].map(each => `$share/g/${each}`),
  );
});

test('a filter of more levels than the call stack takes is a filter like others', () => {
  const deep = `a${'/a'.repeat(32_000)}`;
  const index = new FilterIndex<string>();
  index.add(deep, deep);
  index.add(`${deep}/#`, `${deep}/#`);
  expect([...index.overlapping(deep)]).toHaveLength(2);
  expect(index.covering(deep)).toBe(`${deep}/#`);
});
