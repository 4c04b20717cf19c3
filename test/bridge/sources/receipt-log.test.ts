import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numbersOf, rangesOf, withReceiptTopic } from '../../../bridge/sources/receipt-log.ts';

test.each<[number[], string]>([
  [[], ''],
  [[7], '7'],
  [[1, 2], '1-2'],
  [[1, 2, 3, 5, 65_534, 65_535], '1-3 5 65534-65535'],
])('the packet identifiers %j are written %j', (numbers, ranges) => {
  expect(rangesOf(numbers)).toBe(ranges);
  expect(numbersOf(ranges)).toEqual(numbers);
});

test('any packet identifiers are read as they were written', () => {
  const packetIds = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { maxLength: 300 });
  fc.assert(
    fc.property(packetIds, given => {
      const sorted = given.toSorted((left, right) => left - right);
      expect(numbersOf(rangesOf(sorted))).toEqual(sorted);
    }),
  );
});

test('the topic is made compacted, unless the document makes it', () => {
  const own = { name: 's', partitions: 3, replicas: 1, config: {} };
  expect(withReceiptTopic([], 's')).toMatchObject([
    { name: 's', partitions: 1, config: { 'cleanup.policy': 'compact' } },
  ]);
  expect(withReceiptTopic([own], 's')).toEqual([own]);
  expect(withReceiptTopic([own], undefined)).toEqual([own]);
});
