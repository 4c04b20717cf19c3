import { murmur2 as murmur2OfLibrary } from '@platformatic/kafka';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { murmur2, partitionOfKey } from '../../../bridge/kafka/partitioner.ts';

// The vectors of Kafka's own UtilsTest.testMurmur2.
test.each([
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
])('the hash of %s is the one that Java computes', (key, hash) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test('a key lands in the partition that an independent implementation gives', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 100 }), (bytes, partitions) => {
      const key = Buffer.from(bytes);
      const expected = (Number(murmur2OfLibrary(key)) & 0x7fffffff) % partitions;
      expect(partitionOfKey(key, 0, key.length, partitions)).toBe(expected);
    }),
  );
});

test('a key is hashed by its own bytes alone, wherever in a buffer it lies', () => {
  const buffer = Buffer.from('xxabcyy');
  expect(murmur2(buffer, 2, 5)).toBe(murmur2(Buffer.from('abc')));
});
