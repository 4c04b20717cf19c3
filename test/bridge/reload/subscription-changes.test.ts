// While a bridge goes from one set of filters to another, a message that matches two of them came twice, or not at all.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Reader, subscriptionChanges } from '../../../bridge/reload/subscription-changes.ts';
import { planSubscriptions } from '../../../bridge/sources/mqtt-subscriptions.ts';
import { filterMatches } from '../../../rules/topic-filter.ts';

const settings = { qos: 1 as const };
const reads = (rules: Readonly<Record<string, readonly string[]>>): Reader[] =>
  Object.entries(rules).map(([name, filters]) => ({ name, filters }));

function changes(
  before: Readonly<Record<string, readonly string[]>>,
  after: Readonly<Record<string, readonly string[]>>,
  { identifies = true, share = undefined as string | undefined } = {},
) {
  const plan = planSubscriptions(Object.values(before).flat(), { ...settings, share });
  const { added, removed, subscriptions, conflicts } = subscriptionChanges(
    plan,
    reads(before),
    reads(after),
    { ...settings, ...(share !== undefined && { share }) },
    identifies,
  );
  const texts = (list: readonly { readonly filter: string }[]) => list.map(({ filter }) => filter);
  return { added: texts(added), removed: texts(removed), all: texts(subscriptions), conflicts };
}

test('a filter that comes is subscribed to, and one that goes is given up', () => {
  expect(changes({ a: ['a/+'], b: ['b/+'] }, { a: ['a/+'], c: ['c/#'] })).toEqual({
    added: ['c/#'],
    removed: ['b/+'],
    all: ['a/+', 'c/#'],
    conflicts: [],
  });
});

test('a filter that a subscription covers needs none, and keeps that one', () => {
  expect(changes({ a: ['a/#'] }, { b: ['a/+'] })).toEqual({ added: [], removed: [], all: ['a/#'], conflicts: [] });
  expect(changes({ a: ['a/#'], b: ['a/b'] }, { b: ['a/b'] })).toMatchObject({ added: [], removed: [] });
});

test('replicas share the new ones too', () => {
  expect(changes({ a: ['a/+'] }, { a: ['a/+'], b: ['b/+'] }, { share: 'g' })).toMatchObject({
    added: ['$share/g/b/+'],
  });
});

test('overlaps are told apart by identifiers, and are refused without', () => {
  const [before, after] = [{ a: ['a/+'] }, { a: ['a/+'], b: ['a/#'] }];
  expect(changes(before, after)).toMatchObject({ added: ['a/#'], removed: [], conflicts: [] });
  expect(changes(before, after, { identifies: false }).conflicts).toEqual(['a/# and a/+']);
});

test.each([
  ['a rule whose filter becomes wider', { a: ['a/+'] }, { a: ['a/#'] }],
  ['a rule that takes the topics of one that goes', { a: ['a/+'] }, { b: ['a/#'] }],
  ['a rule that reads a topic by another filter first', { a: ['a/+'] }, { a: ['a/+'], b: ['+/x', 'a/+'] }],
])('%s needs a restart', (_what, before, after) => {
  expect(changes(before, after).conflicts).toHaveLength(1);
});

test('every rule gets each message once, by the subscription that it had, or by a new one', () => {
  const level = fc.constantFrom('a', 'b', '+');
  const filter = fc
    .tuple(fc.array(level, { minLength: 1, maxLength: 3 }), fc.boolean())
    .map(([levels, open]) => [...levels, ...(open ? ['#'] : [])].join('/'));
  const rules = fc
    .array(fc.tuple(fc.constantFrom('r', 's', 't'), fc.uniqueArray(filter, { minLength: 1, maxLength: 3 })), {
      minLength: 1,
      maxLength: 3,
    })
    .map(list => Object.fromEntries(list));
  const topics = ['a', 'b'].flatMap(one => [
    one,
    ...['a', 'b'].flatMap(two => [`${one}/${two}`, `${one}/${two}/a`, `${one}/${two}/b`]),
  ]);
  fc.assert(
    fc.property(rules, rules, (before, after) => {
      const plan = planSubscriptions(Object.values(before).flat(), settings);
      const next = subscriptionChanges(plan, reads(before), reads(after), settings, true);
      fc.pre(next.conflicts.length === 0);
      const byIdentifier = new Map(next.subscriptions.map(each => [each.identifier, each.filter]));
      expect(byIdentifier.size).toBe(next.subscriptions.length);
      for (const [name, filters] of Object.entries(after)) {
        for (const topic of topics) {
          const first = filters.find(each => filterMatches(each, topic));
          if (first === undefined) continue;
          const owner = byIdentifier.get(next.ownerOf(first));
          expect(owner, `${name} of ${topic}`).toBeDefined();
          expect(filterMatches(owner!, topic), `${owner} of ${topic}`).toBe(true);
          const old = before[name]?.find(each => filterMatches(each, topic));
          const added = next.added.some(({ filter: text }) => text === owner);
          // Whoever got it before gets it by the same copy, so none is taken twice and none by nobody.
          if (old !== undefined) expect(added).toBe(false);
        }
      }
    }),
    { numRuns: 1000 },
  );
});
