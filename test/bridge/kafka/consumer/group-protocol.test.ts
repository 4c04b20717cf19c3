import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  assign,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../bridge/kafka/consumer/group-protocol.ts';
import { encodeFacts, factsOf } from '../../../../bridge/kafka/consumer/strangers.ts';

const topic = fc.constantFrom('a', 'b', 'c');

test('subscriptions and assignments are read as they were written', () => {
  fc.assert(
    fc.property(fc.uniqueArray(topic), topics => {
      expect(decodeSubscription(encodeSubscription(topics))).toEqual({ topics, made: [] });
    }),
  );
  const facts = { bridge: 'b', ordinal: 0, host: 'h', instance: 'i' };
  const subscription = encodeSubscription(['a', 'b'], encodeFacts(facts, ['b'], 2));
  expect(decodeSubscription(subscription)).toEqual({ topics: ['a', 'b'], made: ['b'] });
  expect(factsOf(subscription)).toEqual(facts);
  const partitions = [
    { topic: 'a', partition: 0 },
    { topic: 'a', partition: 7 },
    { topic: 'b', partition: 1 },
  ];
  for (const made of [[], ['a'], ['a', 'b']])
    expect(decodeAssignment(encodeAssignment({ partitions, made }))).toEqual({ partitions, made });
  expect(decodeAssignment(Buffer.alloc(0))).toEqual({ partitions: [], made: [] });
});

test.each([
  'no JSON',
  '{}',
  '{"made": 7}',
  '{"made": [7, null]}',
  'null',
  '',
])('a member that says %j beside topics or partitions says nothing', said => {
  const subscription = encodeSubscription(['a'], Buffer.from(said));
  for (let end = subscription.length; end >= subscription.length - said.length - 4; end--)
    expect(decodeSubscription(subscription.subarray(0, end))).toEqual({ topics: ['a'], made: [] });
  const bytes = encodeAssignment({ partitions: [], made: [] });
  const withUserData = Buffer.concat([bytes.subarray(0, -4), Buffer.of(0, 0, 0, said.length), Buffer.from(said)]);
  expect(decodeAssignment(withUserData)).toEqual({ partitions: [], made: [] });
});

test('every partition goes to exactly one member, one that wants it, and nobody has two more than another', () => {
  const members = fc
    .uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 })
    .map(ids => ids.map(memberId => ({ memberId, topics: ['a', 'b'] })));
  fc.assert(
    fc.property(members, fc.nat(20), (all, count) => {
      const dealt = assign(all, () => count);
      const names = [...dealt.values()].flat().map(each => `${each.topic}-${each.partition}`);
      expect(new Set(names).size).toBe(names.length);
      expect(names.length).toBe(2 * count);
      const sizes = [...dealt.values()].map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});

test('a member gets no partition of a topic that it does not read', () => {
  const dealt = assign(
    [
      { memberId: 'new', topics: ['a', 'b'] },
      { memberId: 'old', topics: ['a'] },
    ],
    () => 2,
  );
  expect(dealt.get('old')!.every(each => each.topic === 'a')).toBe(true);
  expect([...dealt.values()].flat()).toHaveLength(4);
});
