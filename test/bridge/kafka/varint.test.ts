import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VarintReader, varintLength, writeVarint } from '../../../bridge/kafka/varint.ts';

// Zigzag doubles the value, which must stay exact.
const exact = fc.integer({ min: -(2 ** 51), max: 2 ** 51 });

test('every integer is read back as it was written, in as many bytes as announced', () => {
  fc.assert(
    fc.property(exact, value => {
      const buffer = Buffer.alloc(10);
      const end = writeVarint(buffer, value, 0);
      const reader = new VarintReader(buffer, 0);
      expect(end).toBe(varintLength(value));
      expect(reader.next()).toBe(value);
      expect(reader.offset).toBe(end);
    }),
  );
});

test.each([
  [0, [0]],
  [-1, [1]],
  [1, [2]],
  [63, [126]],
  [-64, [127]],
  [64, [128, 1]],
  [300, [216, 4]],
])('%i is encoded as Protocol Buffers encodes a sint', (value, bytes) => {
  const buffer = Buffer.alloc(10);
  expect([...buffer.subarray(0, writeVarint(buffer, value, 0))]).toEqual(bytes);
});

test('a length of -1 reads as no bytes at all, which is not the same as empty', () => {
  const buffer = Buffer.alloc(2);
  writeVarint(buffer, -1, 0);
  writeVarint(buffer, 0, 1);
  const reader = new VarintReader(buffer, 0);
  expect(reader.bytes()).toBeUndefined();
  expect(reader.bytes()).toEqual(Buffer.alloc(0));
});
