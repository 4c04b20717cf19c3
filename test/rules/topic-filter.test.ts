import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { filterCovers, filterMatches, filterProblem, filtersOverlap } from '../../rules/topic-filter.ts';
import { TopicIndex } from '../../rules/topic-index.ts';

describe('validity', () => {
  test.each(['a', '#', '+', '/', 'a/#', '+/+', '/+/a/', '$SYS/#', 'a b/ü'])('%s is valid', filter => {
    expect(filterProblem(filter)).toBeUndefined();
  });

  test.each(['', '#/a', 'a#', 'a/#b', 'a+', '+a/b', 'a/\0', `a/${'ü'.repeat(40_000)}`])('%j is not', filter => {
    expect(filterProblem(filter)).toBeTypeOf('string');
  });
});

describe('matching, by the examples of the MQTT standard', () => {
  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/score/wimbledon', true],
    ['sport/#', 'sport', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/x', false],
    ['+/monitor/Clients', '$SYS/monitor/Clients', false],
    ['$SYS/#', '$SYS/x', true],
    ['$SYS/monitor/+', '$SYS/monitor/Clients', true],
  ])('%s and %s: %s', (filter, topic, expected) => {
    expect(filterMatches(filter, topic)).toBe(expected);
  });
});

// Few levels and few names, so that filters meet.
const level = fc.constantFrom('a', 'b', '', '$x');
const topics = fc
  .array(level, { minLength: 1, maxLength: 3 })
  .map(levels => levels.join('/'))
  .filter(topic => topic !== '');
const filters = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 3 }), fc.boolean())
  .map(([levels, rest]) => [...levels, ...(rest || levels.length === 0 ? ['#'] : [])].join('/'))
  .filter(filter => filter !== '');

/**
 * Every topic of up to four levels over names that filters use and one that they do not. The empty text is among them: no topic may be
 * empty [MQTT-4.7.3-1], but `/#` matches it by the rules of levels.
 */
const universe = ((): string[] => {
  const names = ['a', 'b', '', '$x', 'z'];
  const all: string[] = [...names];
  for (let from = 0, depth = 1; depth < 4; depth++) {
    const longer = all.slice(from).flatMap(topic => names.map(name => `${topic}/${name}`));
    from = all.length;
    all.push(...longer);
  }
  return all;
})();

test('filterCovers says whether every topic of one filter is a topic of the other', () => {
  fc.assert(
    fc.property(filters, filters, (outer, inner) => {
      const covered = universe.every(topic => !filterMatches(inner, topic) || filterMatches(outer, topic));
      expect(filterCovers(outer, inner)).toBe(covered);
    }),
    { numRuns: 400 },
  );
});

test('filtersOverlap says whether some topic is a topic of both', () => {
  fc.assert(
    fc.property(filters, filters, (left, right) => {
      const shared = universe.some(topic => filterMatches(left, topic) && filterMatches(right, topic));
      expect(filtersOverlap(left, right)).toBe(shared);
    }),
    { numRuns: 400 },
  );
});

// The bridge ended at each start: the filter is valid, and so is a topic that it matches.
test('the index takes filters and topics of as many levels as MQTT has room for', () => {
  const index = new TopicIndex<string>();
  const deep = 'a/'.repeat(32_000);
  for (const filter of [`${deep}#`, '+/'.repeat(32_000).concat('+'), `${deep}b`]) index.add(filter, filter);
  expect(index.match(`${deep}b`)).toHaveLength(3);
});

test('the index finds exactly the filters that match, however they are added', () => {
  fc.assert(
    fc.property(fc.array(filters, { maxLength: 12 }), topics, (added, topic) => {
      const index = new TopicIndex<number>();
      for (const [number, filter] of added.entries()) index.add(filter, number);
      const naive = added.flatMap((filter, number) => (filterMatches(filter, topic) ? [number] : []));
      expect(index.match(topic).sort((a, b) => a - b)).toEqual(naive);
    }),
  );
});
