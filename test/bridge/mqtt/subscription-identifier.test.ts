import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findFilter, identifiersOf } from '../../../bridge/mqtt/subscription-identifier.ts';

const identifierOf = (filter: string) => identifiersOf([filter]).get(filter)!;

const level = fc.string({ unit: fc.constantFrom('a', 'b', 'ü', '1'), maxLength: 3 });
/** A topic, and a filter that matches it. */
const matched = fc
  .record({
    levels: fc.array(level, { minLength: 1, maxLength: 8 }).filter(levels => levels.join('') !== ''),
    plus: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    rest: fc.option(fc.nat(8)),
  })
  .map(({ levels, plus, rest }) => {
    const filter = levels.map((each, index) => (plus[index] ? '+' : each));
    return {
      topic: levels.join('/'),
      filter: rest === null ? filter.join('/') : [...filter.slice(0, rest), '#'].join('/'),
    };
  });

describe('the identifier of a filter', () => {
  test('is the same whatever other filters there are, so that it outlives process and document', () => {
    expect(identifierOf('x/#')).toBe(identifiersOf(['y', 'x/#', '$share/g/x/#']).get('x/#'));
    // What a session at a broker holds was made by earlier versions: this number must never change.
    expect(identifierOf('x/#')).toBe(74_887_676);
  });

  test('is from 1 to 268,435,455, and of each filter another, where the hash is the same too', () => {
    const filters = Array.from({ length: 60_000 }, (_, index) => `f/${index}`);
    const identifiers = [...identifiersOf(filters).values()];
    expect(new Set(identifiers).size).toBe(filters.length);
    expect(Math.min(...identifiers)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...identifiers)).toBeLessThanOrEqual(268_435_455);
    const hashes = new Set(filters.map(identifierOf));
    expect(hashes.size).toBeLessThan(filters.length);
  });
});

describe('the filter of an identifier', () => {
  test('is found from a topic that it matches', () => {
    fc.assert(
      fc.property(matched, ({ topic, filter }) => {
        expect(findFilter(identifierOf(filter), topic, [''])).toBe(filter);
      }),
    );
  });

  test.each([
    ['$share/g/x/+', 'x/1', '$share/g/x/+'],
    ['$share/other/x/+', 'x/1', undefined],
    ['$SYS/#', '$SYS/broker/uptime', '$SYS/#'],
    ['x/#', 'x', 'x/#'],
    ['y/#', 'x/1', undefined],
  ])('%s, whose messages have the topic %s, is found to be %s', (filter, topic, found) => {
    expect(findFilter(identifierOf(filter), topic, ['', '$share/g/'])).toBe(found);
  });

  test('is not looked for where that would take long', () => {
    const topic = Array.from({ length: 40 }, () => 'level').join('/');
    expect(findFilter(1, topic, [''])).toBeUndefined();
  });
});
